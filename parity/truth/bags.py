"""Forward lines of rows reduced bag by bag."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, less
from parity.truth.table import forward


def _largest(rows: list[Array]) -> Array:
    best = rows[0]
    for row in rows[1:]:
        best = np.array([b if less(b, a) else a for a, b in zip(best, row)], object)
    return best


@forward("nn.functional.embedding_bag")
def _(
    input: Array,
    weight: Array,
    offsets: Any = None,
    mode: str = "mean",
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Array:
    table, flat = balls(weight), np.ravel(input)
    if input.ndim == 2:
        begins = [i * input.shape[1] for i in range(len(input))]
    else:
        begins = [int(i) for i in offsets][: -1 if include_last_offset else None]
    shares = np.ravel(balls(per_sample_weights)) if per_sample_weights is not None else [arb(1)] * len(flat)
    left = None if padding_idx is None else padding_idx % len(table)
    found = []
    for start, end in zip(begins, [*begins[1:], len(flat)]):
        rows = [table[flat[i]] * shares[i] for i in range(start, end) if flat[i] != left]
        if not rows:
            found.append(balls(np.zeros(table.shape[1], int)))
        elif mode == "max":
            found.append(_largest(rows))
        else:
            total = sum(rows[1:], rows[0])
            found.append(total / len(rows) if mode == "mean" else total)
    return np.array(found, object)
