"""Forward lines of choosing by masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete, nonzero
from parity.truth.table import forward


@forward("masked_fill")
def _(input: Array, mask: Array, value: Any) -> Array:
    if is_discrete(input):
        return np.where(mask, np.asarray(value), input)
    return np.where(mask, balls(value), input)


@forward("masked_select")
def _(input: Array, mask: Array) -> Any:
    values, chosen = np.broadcast_arrays(input, mask)
    return values[chosen]


@forward("masked_scatter")
def _(input: Array, mask: Array, source: Array) -> Array:
    values, chosen = (a.copy() for a in np.broadcast_arrays(input, mask))
    values[chosen] = source.reshape(-1)[: np.count_nonzero(chosen)]
    return values


@forward("nonzero")
def _(input: Array, *, as_tuple: bool = False) -> Any:
    found = np.argwhere(nonzero(input))
    if as_tuple:
        return tuple(found.T) if input.ndim else (np.zeros(len(found), np.int64),)
    return found


@forward("argwhere")
def _(input: Array) -> Array:
    return np.argwhere(nonzero(input))
