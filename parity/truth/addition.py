"""Forward lines of sums of a tensor and a product, each times a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import is_discrete
from parity.truth.matmul import product
from parity.truth.table import line


def _plus(input: Array, found: Array, beta: Any, alpha: Any) -> Array:
    """A factor of 0 leaves its term out."""
    result = found * alpha
    if beta != 0:
        result = input * beta + result
    return np.asarray(result, dtype=None if is_discrete(found) else object)


def _batches(a: Array, b: Array) -> Array:
    """The sum of the products of two batches."""
    rows = a.transpose(1, 0, 2).reshape(a.shape[1], a.shape[0] * a.shape[2])
    return product(rows, b.reshape(b.shape[0] * b.shape[1], b.shape[2]))


def _outer(input: Array, a: Array, b: Array, beta: Any, alpha: Any) -> Array:
    found = a[:, None] * b[None, :]
    if found.dtype == bool:
        return (found & bool(alpha)) | (input & bool(beta))
    return _plus(input, found, beta, alpha)


line("addmm", lambda input, mat1, mat2, *, beta=1, alpha=1: _plus(input, product(mat1, mat2), beta, alpha))
line("addmv", lambda input, mat, vec, *, beta=1, alpha=1: _plus(input, product(mat, vec), beta, alpha))
line("baddbmm", lambda input, batch1, batch2, *, beta=1, alpha=1: _plus(input, product(batch1, batch2), beta, alpha))
line("addbmm", lambda input, batch1, batch2, *, beta=1, alpha=1: _plus(input, _batches(batch1, batch2), beta, alpha))
line("addr", lambda input, vec1, vec2, *, beta=1, alpha=1: _outer(input, vec1, vec2, beta, alpha))
