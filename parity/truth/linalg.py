"""Forward lines of determinants, powers, exponentials and products of matrices and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth import matrices
from parity.truth.balls import acb, arb, balls, is_complex, is_discrete, less
from parity.truth.matmul import product
from parity.truth.matrices import each
from parity.truth.table import forward, line


def _det(a: Array) -> Array:
    return each(lambda m: np.asarray(matrices.determinant(m), object), a)  # type: ignore[no-any-return]


line("linalg.det", lambda A: _det(A))
line("det", lambda input: _det(input))


def _sign_and_log(a: Array) -> Any:
    found = matrices.determinant(a)
    if found == 0:  # for certain: of a ball around 0 that is not said
        return np.asarray(found, object), np.asarray(arb("-inf"), object)
    if isinstance(found, acb):
        return np.asarray(found / abs(found), object), np.asarray(abs(found).log(), object)
    sign = arb(1) if less(arb(0), found) else arb(-1)
    return np.asarray(sign, object), np.asarray(abs(found).log(), object)


line("linalg.slogdet", lambda A: each(_sign_and_log, A))
line("slogdet", lambda input: each(_sign_and_log, input))


def _logarithm(a: Array) -> Array:
    found = matrices.determinant(a)
    if not isinstance(found, acb) and less(found, arb(0)):
        return np.asarray(arb.nan(), object)
    return np.asarray(found.log(), object)


line("logdet", lambda input: each(_logarithm, input))


@forward("linalg.matrix_power", "matrix_power")
def _(input: Array, n: int) -> Array:
    def one(a: Array) -> Array:
        base = matrices.inverse(a) if n < 0 else a
        found = matrices.identity(a)
        for _ in range(abs(n)):
            found = matrices.product(found, base)
        return found

    return each(one, input)  # type: ignore[no-any-return]


line("linalg.matrix_exp matrix_exp", lambda input: each(matrices.exponential, input))


@forward("linalg.matrix_rank")
def _(input: Array, *, rtol: float | None = None, atol: float = 0.0) -> Array:
    # Without either what rounding leaves of a zero counts as one.
    share = rtol if rtol is not None else 0.0 if atol else 1e-6

    def one(a: Array) -> Array:
        values = matrices.singular_values(a)
        least = max((max(values, key=float, default=arb(0)) * arb(share), arb(atol)), key=float)
        return np.asarray(sum(less(least, x) for x in values), np.int64)

    return each(one, input)  # type: ignore[no-any-return]


@forward("linalg.vander")
def _(x: Array, *, N: int | None = None) -> Array:
    count = x.shape[-1] if N is None else N
    ones = np.ones(x.shape, np.int64) if is_discrete(x) else balls(np.ones(x.shape))
    powers = [ones]
    for _ in range(count - 1):
        powers.append(powers[-1] * x)
    return np.stack(powers, -1)


@forward("linalg.vecdot")
def _(x: Array, y: Array, *, dim: int = -1) -> Array:
    conjugate = np.frompyfunc(lambda a: a.conjugate(), 1, 1)(x) if is_complex(x) else x
    found = (conjugate * y).sum(dim)
    return balls(np.zeros(np.shape(found))) if not x.size else np.asarray(found, object)


@forward("linalg.multi_dot")
def _(tensors: Sequence[Array]) -> Array:
    found = tensors[0]
    for x in tensors[1:]:
        found = product(found, x)
    return found


def _cross(a: Array, b: Array, dim: int) -> Array:
    (a0, a1, a2), (b0, b1, b2) = (np.moveaxis(x, dim, 0) for x in (a, b))
    return np.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], dim)


line("linalg.cross", lambda input, other, *, dim=-1: _cross(input, other, dim))
line(
    "cross",
    lambda input, other, dim=None: _cross(input, other, input.shape.index(3) if dim is None else dim),
)
line(
    "linalg.diagonal",
    lambda A, *, offset=0, dim1=-2, dim2=-1: np.diagonal(A, offset, dim1, dim2).copy(),
)
