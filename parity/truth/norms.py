"""Forward lines of norms and distances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, nonzero
from parity.truth.choosing import larger, smaller
from parity.truth.reduce import Dims, along, extreme, total
from parity.truth.table import forward, line

_size = elementwise(abs, 1)
_root = elementwise(lambda x: x.sqrt(), 1)
_over = elementwise(lambda x, bound: bool(x > bound), 2)


def _norm(input: Array, p: Any, dim: Dims, keepdim: bool) -> Array:
    p = 2.0 if p is None or p == "fro" else float(p)
    size = _size(balls(input))
    if math.isinf(p):
        return along(size, dim, keepdim, extreme(larger if p > 0 else smaller))
    if p == 0:
        return along(balls(nonzero(size).astype(np.float64)), dim, keepdim, total)
    if p == 1:
        return along(size, dim, keepdim, total)
    if p == 2:
        # squared first: the modulus has a kink at 0, its square has none
        return _root(along(np.asarray(size * size, object), dim, keepdim, total))
    power = elementwise(lambda x: x ** arb(p) if x != 0 else x, 1)
    root = elementwise(lambda x: x ** (1 / arb(p)) if x != 0 else x, 1)
    return root(along(power(size), dim, keepdim, total))


@forward("linalg.vector_norm")
def _(input: Array, ord: float = 2, dim: Dims = None, keepdim: bool = False) -> Array:
    return _norm(input, ord, dim, keepdim)


@forward("norm")
def _(input: Array, p: Any = "fro", dim: Dims = None, keepdim: bool = False, dtype: Any = None) -> Array:
    return _norm(input, p, dim, keepdim)


line("dist", lambda input, other, p=2: _norm(balls(input) - balls(other), p, None, False))


@forward("renorm")
def _(input: Array, p: float, dim: int, maxnorm: float) -> Array:
    x = balls(input)
    norms = _norm(x, p, tuple(d for d in range(x.ndim) if d != dim % x.ndim), True)
    shrunk = elementwise(lambda n: arb(maxnorm) / (n + arb("1e-7")) if n > maxnorm else arb(1), 1)
    return x * shrunk(norms)
