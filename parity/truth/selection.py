"""Forward lines of reading at positions."""

from __future__ import annotations

import numpy as np

from parity.engines.protocol import Array
from parity.truth.table import forward, line


@forward("gather")
def _(input: Array, dim: int, index: Array, *, sparse_grad: bool = False) -> Array:
    if input.ndim == 0 or index.ndim == 0:
        return input.reshape(-1)[index.reshape(-1)].reshape(index.shape)
    dim %= input.ndim
    window = tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))
    return np.take_along_axis(input[window], index, dim)


line("take_along_dim", lambda input, indices, dim: np.take_along_axis(input, indices, dim))
line("take", lambda input, index: np.asarray(np.take(input, index), input.dtype))


@forward("index_select")
def _(input: Array, dim: int, index: Array) -> Array:
    if input.ndim == 0:
        return input.copy()
    return np.take(input, index.reshape(-1), axis=dim)
