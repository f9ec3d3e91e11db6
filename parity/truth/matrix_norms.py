"""Forward lines of matrices' norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth import matrices
from parity.truth.balls import arb, elementwise
from parity.truth.choosing import larger, smaller
from parity.truth.matrices import each
from parity.truth.reduce import extreme
from parity.truth.table import forward

_size = elementwise(abs, 1)


def _norm(a: Array, ord: Any) -> Any:
    """Of one matrix."""
    if ord == "fro":
        # squared first: the modulus has a kink at 0, its square has none
        squares = _size(a) ** 2
        return squares.sum().sqrt() if a.size else arb(0)
    if ord in ("nuc", 2, -2):
        values = matrices.singular_values(a)
        return values.sum() if ord == "nuc" else values[0 if ord == 2 else -1]
    if not a.size:
        return arb(0)
    sums = _size(a).sum(0 if abs(ord) == 1 else 1)
    return np.asarray(extreme(larger if ord > 0 else smaller)(sums), object)[()]


def _norms(input: Array, ord: Any, keepdim: bool) -> Array:
    found = each(lambda a: np.asarray(_norm(a, ord), object), input)
    return found[..., None, None] if keepdim else found  # type: ignore[no-any-return]


@forward("linalg.matrix_norm")
def _(input: Array, ord: Any = "fro", *, keepdim: bool = False) -> Array:
    return _norms(input, ord, keepdim)


@forward("linalg.norm")
def _(input: Array, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Array:
    return _norms(input, "fro" if ord is None else ord, keepdim)


@forward("linalg.cond")
def _(input: Array, p: Any = None) -> Array:
    def one(a: Array) -> Any:
        if not a.size:
            return arb(0)
        inverse = matrices.inverse(a)
        if p == -2:
            return 1 / (_norm(a, 2) * _norm(inverse, 2))
        order = 2 if p is None else p
        return _norm(a, order) * _norm(inverse, order)

    return each(lambda a: np.asarray(one(a), object), input)  # type: ignore[no-any-return]
