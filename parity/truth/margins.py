"""Forward lines of losses by margins."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, less
from parity.truth.loss import reduced
from parity.truth.table import forward


def _positive(x: Any) -> Any:
    return x if less(arb(0), x) else arb(0)


@forward("nn.functional.multi_margin_loss")
def _(input: Array, target: Array, p: int = 1, margin: float = 1.0, weight: Any = None, size_average: Any = None,
      reduce: Any = None, reduction: str = "mean") -> Array:  # fmt: skip
    losses = []
    for row, own in zip(input, target):
        costs = [_positive(arb(margin) - row[own] + x) ** p for i, x in enumerate(row) if i != own]
        losses.append(sum(costs, start=arb(0)) * (1 if weight is None else weight[own]) / len(row))
    return reduced(np.array(losses, dtype=object), reduction)


@forward("nn.functional.multilabel_margin_loss")
def _(input: Array, target: Array, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Array:
    losses = []
    for row, labels in zip(input, target.tolist()):
        own = labels[: labels.index(-1)] if -1 in labels else labels
        costs = [_positive(1 - row[k] + x) for k in own for i, x in enumerate(row) if i not in own]
        losses.append(sum(costs, start=arb(0)) / len(row))
    return reduced(np.array(losses, dtype=object), reduction)
