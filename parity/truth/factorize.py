"""Forward lines of matrices' factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth import matrices
from parity.truth.balls import balls
from parity.truth.matrices import each
from parity.truth.table import NoTruth, forward, line


def _cholesky(input: Array, upper: bool = False) -> Array:
    factor = each(lambda a: matrices.cholesky(matrices.hermitian(a)), input)
    return matrices.adjoint(factor) if upper else factor


def _unsigned(a: Array) -> Array:
    return np.zeros(a.shape[:-2], np.int64)


line("linalg.cholesky cholesky", _cholesky)
line(
    "linalg.cholesky_ex", lambda input, *, upper=False, check_errors=False: (_cholesky(input, upper), _unsigned(input))
)


@forward("linalg.lu")
def _(A: Array, *, pivot: bool = True) -> Any:
    def one(a: Array) -> Any:
        factors, pivots = matrices.lu(a)
        return (matrices.permutation(pivots, a.shape[0]), *matrices.parts(factors))

    return each(one, A)


line("linalg.lu_factor lu", lambda A, pivot=True: each(matrices.lu, A))
line(
    "linalg.lu_factor_ex",
    lambda A, *, pivot=True, check_errors=False: (*each(matrices.lu, A), _unsigned(A)),
)


@forward("lu_unpack")
def _(LU_data: Array, LU_pivots: Array) -> Any:
    rows = LU_data.shape[-2]
    P = each(lambda p: matrices.permutation(p[0], rows), LU_pivots[..., None, :])
    return (P, *each(matrices.parts, LU_data))


def _qr(a: Array, mode: str) -> Any:
    vectors, factors = matrices.reflections(a)
    rows, columns = a.shape
    rank = rows if mode == "complete" else min(rows, columns)
    R = matrices.triangle(vectors[:rank], upper=True)
    if mode == "r":
        return R
    return matrices.reflected(vectors, factors, balls(np.eye(rows, rank))), R


@forward("linalg.qr")
def _(A: Array, mode: str = "reduced") -> Any:
    found = each(lambda a: _qr(a, mode), A)
    return (balls(np.zeros(0)), found) if mode == "r" else found


line("qr", lambda input, some=True: each(lambda a: _qr(a, "reduced" if some else "complete"), input))
line("geqrf", lambda input: each(matrices.reflections, input))


@forward("linalg.householder_product", "orgqr")
def _(input: Array, tau: Array) -> Array:
    return each(  # type: ignore[no-any-return]
        lambda a, t: matrices.reflected(a, t[0], balls(np.eye(*a.shape))), input, tau[..., None, :]
    )


@forward("ormqr")
def _(input: Array, input2: Array, input3: Array, left: bool = True, transpose: bool = False) -> Array:
    return each(  # type: ignore[no-any-return]
        lambda a, t, c: matrices.reflected(a, t[0], c, left, transpose), input, input2[..., None, :], input3
    )


@forward("linalg.ldl_factor", "linalg.ldl_factor_ex")
def _(input: Array, **_: Any) -> Any:
    raise NoTruth("how the factors of an indefinite matrix are pivoted is LAPACK's own affair")
