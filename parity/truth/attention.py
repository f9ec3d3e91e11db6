"""The forward line of attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise
from parity.truth.matmul import product
from parity.truth.table import forward

_exp = elementwise(lambda x: x.exp(), 1)


@forward("nn.functional.scaled_dot_product_attention")
def _(query: Array, key: Array, value: Array, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
      *, scale: Any = None, enable_gqa: bool = False) -> Array:  # fmt: skip
    if enable_gqa:
        key, value = (np.repeat(x, query.shape[-3] // x.shape[-3], axis=-3) for x in (key, value))
    by = arb(1) / arb(query.shape[-1]).sqrt() if scale is None else arb(scale)
    scores = product(query, key.swapaxes(-1, -2)) * by
    seen = np.ones(scores.shape, bool)
    if is_causal:
        seen = np.tril(seen)
    elif attn_mask is not None and attn_mask.dtype == bool:
        seen = seen & attn_mask
    elif attn_mask is not None:
        scores = scores + attn_mask
    ways = np.where(seen, _exp(scores), balls(np.zeros(scores.shape, np.int64)))
    totals = np.where(seen.any(-1), ways.sum(axis=-1), balls(np.ones(scores.shape[:-1], np.int64)))
    assert math.prod(totals.shape) == math.prod(scores.shape[:-1])
    return product(ways / totals[..., None], value)
