"""Forward lines of linear systems."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth import matrices
from parity.truth.balls import balls
from parity.truth.matrices import adjoint, each, triangle
from parity.truth.table import forward, line


def _inverse(a: Array) -> Array:
    return each(matrices.inverse, a)  # type: ignore[no-any-return]


line("linalg.inv", lambda A: _inverse(A))
line("inverse", lambda input: _inverse(input))
line("linalg.inv_ex", lambda A, *, check_errors=False: (_inverse(A), np.zeros(A.shape[:-2], np.int64)))
line("linalg.tensorinv", lambda input, ind=2: _flat(input, ind, _inverse))


def _flat(a: Array, ind: int, function: Any) -> Array:
    shape = a.shape
    flat = a.reshape(math.prod(shape[:ind]), math.prod(shape[ind:]))
    return function(flat).reshape(*shape[ind:], *shape[:ind])  # type: ignore[no-any-return]


def solved(a: Array, b: Array, left: bool = True) -> Array:
    """X with a X = b or X a = b; vectors as torch takes them."""
    if b.ndim == 1 or (a.ndim - 1 == b.ndim and a.shape[:-1] == b.shape):
        return solved(a, b[..., None])[..., 0]
    if left:
        return each(matrices.solution, a, b)  # type: ignore[no-any-return]
    return solved(a.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)


line("linalg.solve", lambda A, B, *, left=True: solved(A, B, left))


@forward("linalg.solve_ex")
def _(A: Array, B: Array, *, left: bool = True, check_errors: bool = False) -> Any:
    return solved(A, B, left), np.zeros(A.shape[:-2], np.int64)


@forward("linalg.tensorsolve")
def _(input: Array, other: Array) -> Array:
    size = other.size
    return solved(input.reshape(size, size), other.reshape(-1)).reshape(input.shape[other.ndim :])


def _whole(factors: Array, exchanged: Array) -> Array:
    """The matrix of which these are the LU factors."""

    def one(f: Array, p: Array) -> Array:
        lower, upper = matrices.parts(f)
        return matrices.product(balls(matrices.permutation(p[0], len(f))), matrices.product(lower, upper))

    return each(one, factors, exchanged[..., None, :])  # type: ignore[no-any-return]


@forward("linalg.lu_solve")
def _(LU: Array, pivots: Array, B: Array, *, left: bool = True, adjoint: bool = False) -> Array:
    a = _whole(LU, pivots)
    return solved_matrix(matrices.adjoint(a) if adjoint else a, B, left)


def solved_matrix(a: Array, b: Array, left: bool = True) -> Array:
    """The same where b is never a vector."""
    if left:
        return each(matrices.solution, a, b)  # type: ignore[no-any-return]
    return solved_matrix(a.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)


line("lu_solve", lambda input, LU_data, LU_pivots: solved_matrix(_whole(LU_data, LU_pivots), input))


@forward("linalg.solve_triangular")
def _(input: Array, B: Array, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    return solved_matrix(each(lambda a: triangle(a, upper, unitriangular), input), B, left)


@forward("triangular_solve")
def _(input: Array, A: Array, upper: bool = True, transpose: bool = False, unitriangular: bool = False) -> Any:
    matrix = each(lambda a: triangle(a, upper, unitriangular), A)
    return solved_matrix(matrix.swapaxes(-1, -2) if transpose else matrix, input), A


def _square(factor: Array, upper: bool) -> Array:
    """The matrix of which this is the Cholesky factor."""
    first, second = (adjoint(factor), factor) if upper else (factor, adjoint(factor))
    return each(matrices.product, first, second)  # type: ignore[no-any-return]


line("cholesky_solve", lambda input, input2, upper=False: solved_matrix(_square(input2, upper), input))
line("cholesky_inverse", lambda input, upper=False: _inverse(_square(input, upper)))
line("linalg.pinv", lambda input, **_: each(matrices.pseudo_inverse, input))
line("pinverse", lambda input: each(matrices.pseudo_inverse, input))


@forward("linalg.lstsq")
def _(input: Array, b: Array, *, driver: str | None = None) -> Any:
    A, vector = input, b.ndim == 1 or (input.ndim - 1 == b.ndim and input.shape[:-1] == b.shape)
    B = b[..., None] if vector else b
    rows, columns = A.shape[-2:]
    X = each(lambda p, s: matrices.product(p, s), each(matrices.pseudo_inverse, A), B)
    nothing = balls(np.zeros(0))
    residuals = nothing
    if rows > columns and driver in ("gels", "gelsd", "gelss"):
        left = np.abs(B - each(matrices.product, A, X))
        residuals = (left * left).sum(-2)
    rank = np.full(A.shape[:-2], min(rows, columns)) if driver != "gels" else np.zeros(0, np.int64)
    values = each(matrices.singular_values, A) if driver in ("gelsd", "gelss") else nothing
    return X[..., 0] if vector else X, residuals, rank, values
