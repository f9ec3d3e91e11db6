"""Forward lines of sums of products over any dimensions."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.matmul import product
from parity.truth.table import forward


@forward("einsum")
def _(equation: str, *operands: Any) -> Array:
    given = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else list(operands)
    if not all(is_discrete(o) for o in given):
        given = [balls(o) for o in given]
    return np.asarray(np.einsum(equation.replace(" ", ""), *given, optimize=False), dtype=given[0].dtype)


@forward("tensordot")
def _(a: Array, b: Array, dims: Any = 2) -> Array:
    if isinstance(dims, int):
        left, right = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        left, right = [d % a.ndim for d in dims[0]], [d % b.ndim for d in dims[1]]
    rest, others = [d for d in range(a.ndim) if d not in left], [d for d in range(b.ndim) if d not in right]
    inner = math.prod(a.shape[d] for d in left)
    shape, wide = [a.shape[d] for d in rest], [b.shape[d] for d in others]
    x = a.transpose(rest + left).reshape(math.prod(shape), inner)
    y = b.transpose(right + others).reshape(inner, math.prod(wide))
    return product(x, y).reshape(shape + wide)


@forward("kron")
def _(input: Array, other: Array) -> Array:
    n = max(input.ndim, other.ndim)
    a, b = ((1,) * (n - x.ndim) + x.shape for x in (input, other))
    left = input.reshape([k for m in a for k in (m, 1)])
    right = other.reshape([k for m in b for k in (1, m)])
    return np.asarray(left * right).reshape([k * m for k, m in zip(a, b)])


@forward("chain_matmul")
def _(*matrices: Array) -> Array:
    return reduce(product, matrices[1:], matrices[0].copy())
