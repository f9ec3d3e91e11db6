"""Forward lines of products of matrices and vectors."""

from __future__ import annotations

import math

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, elementwise, is_complex, is_discrete
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


def _conjugated(x: Array) -> Array:
    return x if is_discrete(x) or not is_complex(x) else elementwise(lambda a: a.conjugate(), 1)(x)


line("vdot", lambda input, other: product(_conjugated(input), other))


@forward("inner")
def _(input: Array, other: Array) -> Array:
    if not input.ndim or not other.ndim:
        return input * other
    rows, columns = (x.reshape(math.prod(x.shape[:-1]), x.shape[-1]) for x in (input, other))
    return product(rows, columns.T).reshape(input.shape[:-1] + other.shape[:-1])


@forward("trace")
def _(input: Array) -> Array:
    diagonal = input.diagonal()
    if not diagonal.size:
        return np.zeros((), np.int64) if is_discrete(input) else balls(0)
    return np.asarray(diagonal.sum(), dtype=None if is_discrete(input) else object)


@forward("nn.functional.linear")
def _(input: Array, weight: Array, bias: Array | None = None) -> Array:
    result = product(input, weight.T)
    return result if bias is None else result + bias


@forward("bilinear", "nn.functional.bilinear")
def _(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    columns = [(product(input1, matrix) * input2).sum(axis=-1) for matrix in weight]
    result = np.stack([np.asarray(column, dtype=object) for column in columns], axis=-1)
    return result if bias is None else result + bias
