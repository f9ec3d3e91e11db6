"""Forward lines of products of matrices and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.table import forward, line


def product(a: Array, b: Array) -> Array:
    """np.matmul; an empty inner dimension gives zeros."""
    if a.shape[-1] == 0:
        shape = (a[..., :1] if a.ndim > 1 else a.reshape(-1)[:0]).shape[:-1] + (b.shape[-1:] if b.ndim > 1 else ())
        zeros = np.zeros(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) + shape[-2:], np.int64)
        return zeros if is_discrete(a) else balls(zeros)
    return np.asarray(np.matmul(a, b), dtype=None if is_discrete(a) and is_discrete(b) else object)


line("matmul", product)
line("mm", lambda input, mat2: product(input, mat2))
line("bmm", lambda input, mat2: product(input, mat2))
line("mv", lambda input, vec: product(input, vec))
line("dot", lambda input, tensor: product(input, tensor))
line("outer", lambda input, vec2: input[:, None] * vec2[None, :])


def plus_product(input: Array, a: Array, b: Array, beta: Any, alpha: Any) -> Array:
    """beta * input + alpha * (a @ b); a beta of 0 leaves the input out."""
    found = product(a, b) * alpha
    return np.asarray(found if beta == 0 else input * beta + found, dtype=None if is_discrete(a) else object)


line("addmm", lambda input, mat1, mat2, *, beta=1, alpha=1: plus_product(input, mat1, mat2, beta, alpha))
line("baddbmm", lambda input, batch1, batch2, *, beta=1, alpha=1: plus_product(input, batch1, batch2, beta, alpha))


@forward("nn.functional.linear")
def _(input: Array, weight: Array, bias: Array | None = None) -> Array:
    result = product(input, weight.T)
    return result if bias is None else result + bias


@forward("bilinear", "nn.functional.bilinear")
def _(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    columns = [(product(input1, matrix) * input2).sum(axis=-1) for matrix in weight]
    result = np.stack([np.asarray(column, dtype=object) for column in columns], axis=-1)
    return result if bias is None else result + bias
