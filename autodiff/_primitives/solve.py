"""Linear systems: solutions, inverses and least squares. Formulas after Giles 2008 and Golub and Pereyra 1973.

A solution's gradient is a solution with the adjoint matrix, by the same factors.
"""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import decompositions, lapack


def column(x: Any, vector: bool) -> Any:
    return ops.unsqueeze(x, dim=x.ndim) if vector else x


# -- square systems -----------------------------------------------------------------------------------------------

general(
    "inverse",
    decompositions.inverse_ex,
    lambda g, inverse: -ops.bmm(ops.adjoint(inverse), ops.bmm(g, ops.adjoint(inverse))),
    inputs=("A",),
    outputs=("inverse", "info"),
    node="LinalgInvExBackward0",
)


def _matrix_back(gB: Any, X: Any, adjoint: bool, left: bool) -> Any:
    """The gradient by the matrix, given the one by the right-hand side."""
    if left:
        return -(ops.bmm(X, ops.adjoint(gB)) if adjoint else ops.bmm(gB, ops.adjoint(X)))
    return -(ops.bmm(ops.adjoint(gB), X) if adjoint else ops.bmm(ops.adjoint(X), gB))


def _solve_back(g: Any, A: Any, LU: Any, pivots: Any, out: Any, adjoint: bool, left: bool, vector: bool) -> list[Any]:
    """Both gradients at once: the matrix' one is made of the other."""
    gB = ops.solve(A, g, LU, pivots, adjoint=not adjoint, left=left, vector=vector)
    return [_matrix_back(column(gB, vector), column(out, vector), adjoint, left), gB, None, None]


# The factors of A come with it, so that A's own derivative is what is recorded.
general(
    "solve",
    lambda A, B, LU, pivots, adjoint, left, vector: decompositions.solve(LU, pivots, B, adjoint, left, vector),
    _solve_back,
    inputs=("A", "B", "LU", "pivots"),
    variadic=True,
    hooked=(2, 1),
    node="LinalgSolveExBackward0",
)


def _lu_solve_back(g: Any, LU: Any, pivots: Any, out: Any, adjoint: bool, left: bool) -> Any:
    """A = P L U: what comes to A goes on to its factors, half solved where one of them would cancel again."""
    L, U = ops.lu_parts(LU)
    X = out
    if not left:  # X A = B is A* X* = B*
        X, g, adjoint = ops.adjoint(X), ops.adjoint(g), not adjoint
    if adjoint:
        inner = ops.solve_triangular(
            L, ops.rows_exchanged(g, pivots, back=True), upper=False, left=True, unitriangular=True
        )
        gB = ops.adjoint(ops.solve_triangular(U, inner, upper=True, left=True, unitriangular=False))
        X = ops.rows_exchanged(X, pivots, back=True)
        gU, gL = ops.bmm(ops.bmm(ops.adjoint(L), X), gB), ops.bmm(X, ops.adjoint(inner))
    else:
        inner = ops.solve_triangular(ops.adjoint(U), g, upper=False, left=True, unitriangular=False)
        gB = ops.solve_triangular(ops.adjoint(L), inner, upper=True, left=True, unitriangular=True)
        gU, gL = ops.bmm(inner, ops.adjoint(X)), ops.bmm(gB, ops.adjoint(ops.bmm(U, X)))
    return -(ops.triu(gU, diagonal=0) + ops.tril(gL, diagonal=-1))


general(
    "lu_solve",
    lambda LU, B, pivots, adjoint, left: lapack.lu_solve(LU, pivots, B, adjoint, left),
    _lu_solve_back,
    lambda g, LU, pivots, adjoint, left: ops.lu_solve(LU, g, pivots, adjoint=not adjoint, left=left),
    inputs=("LU", "B", "pivots"),
    node="LinalgLuSolveBackward0",
)

# -- triangular systems -------------------------------------------------------------------------------------------


def _triangle(x: Any, upper: bool, unitriangular: bool) -> Any:
    return ops.triu(x, diagonal=int(unitriangular)) if upper else ops.tril(x, diagonal=-int(unitriangular))


def _triangular_matrix(g: Any, A: Any, out: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    gB = ops.solve_triangular(ops.adjoint(A), g, upper=not upper, left=left, unitriangular=unitriangular)
    return _triangle(_matrix_back(gB, out, False, left), upper, unitriangular)


general(
    "solve_triangular",
    lapack.solve_triangular,
    _triangular_matrix,
    lambda g, A, upper, left, unitriangular: ops.solve_triangular(
        ops.adjoint(A), g, upper=not upper, left=left, unitriangular=unitriangular
    ),
    inputs=("A", "B"),
    node="LinalgSolveTriangularBackward0",
)


# torch's old form also gives a copy of the matrix, and passes its gradient on.
def _turned(A: Any, transpose: bool) -> Any:
    return ops.transposed(A) if transpose else A


# The right-hand side is named because torch keeps it, though no gradient is made of it; so below for `cholesky_solve`.
def _old_sides(g: Any, B: Any, A: Any, upper: bool, transpose: bool, unitriangular: bool) -> Any:
    if g[0] is None:
        return ops.zeros_like(B)
    solved = ops.triangular_solve(g[0], ops.conj(A), upper=upper, transpose=not transpose, unitriangular=unitriangular)
    return solved[0]


def _old_matrix(g: Any, B: Any, A: Any, solution: Any, upper: bool, transpose: bool, unitriangular: bool) -> Any:
    if g[0] is None:
        return ops.zeros_like(A) + g[1]
    found = _triangular_matrix(
        g[0], _turned(A, transpose), solution, upper != transpose, left=True, unitriangular=unitriangular
    )
    found = _turned(found, transpose)
    return found if g[1] is None else found + g[1]


general(
    "triangular_solve",
    lambda B, A, upper, transpose, unitriangular: (
        lapack.solve_triangular(A.swapaxes(-1, -2) if transpose else A, B, upper != transpose, True, unitriangular),
        lapack.in_columns(A),
    ),
    _old_sides,
    _old_matrix,
    inputs=("B", "A"),
    outputs=("solution", "cloned_coefficient"),
    materializes=False,
)

# -- by a Cholesky factor -----------------------------------------------------------------------------------------


def _factor_back(gB: Any, X: Any, factor: Any, upper: bool) -> Any:
    """The gradient by the factor: that by the matrix, which both of its sides share."""
    both = ops.bmm(gB, ops.adjoint(X))
    both = -(both + ops.adjoint(both))
    return ops.bmm(factor, both) if upper else ops.bmm(both, factor)


general(
    "cholesky_solve",
    lapack.solve_cholesky,
    lambda g, B, L, upper: ops.cholesky_solve(g, L, upper=upper),
    lambda g, B, L, out, upper: _factor_back(ops.cholesky_solve(g, L, upper=upper), out, L, upper),
    inputs=("B", "L"),
)
general(
    "cholesky_inverse",
    decompositions.cholesky_inverse,
    lambda g, L, out, upper: _factor_back(ops.bmm(out, g), out, L, upper),
    inputs=("L",),
)

# -- least squares ------------------------------------------------------------------------------------------------


def pinv_back(g: Any, A: Any, P: Any) -> Any:
    """The derivative of a pseudo-inverse at constant rank."""
    adjoint = ops.adjoint(P)
    # What g has beside the matrix' range, and beside its rows.
    rows = ops.adjoint(g) - ops.bmm(A, ops.bmm(P, ops.adjoint(g)))
    columns = ops.adjoint(g) - ops.bmm(ops.adjoint(g), ops.bmm(P, A))
    inside = ops.bmm(adjoint, ops.bmm(g, adjoint))
    return ops.bmm(rows, ops.bmm(P, adjoint)) + ops.bmm(ops.bmm(adjoint, P), columns) - inside


general("pinv", decompositions.pinv, lambda g, A, out: pinv_back(g, A, out), inputs=("A",), node="LinalgPinvBackward0")


def _lstsq_matrix(g: Any, A: Any, B: Any, solution: Any, vector: bool) -> Any:
    g_solution, g_residuals = g
    B, solution = column(B, vector), column(solution, vector)
    found = None
    if g_solution is not None:
        P = ops.pinv(A, atol=0.0, rtol=0.0, hermitian=False)
        found = pinv_back(ops.bmm(column(g_solution, vector), ops.adjoint(B)), A, P)
    if g_residuals is not None and g_residuals.shape != (0,):
        # The solution is where the residuals do not move with it.
        beside = -2 * ops.bmm(_residual(A, B, solution, g_residuals), ops.adjoint(solution))
        found = beside if found is None else found + beside
    return found


def _lstsq_sides(g: Any, A: Any, B: Any, solution: Any, vector: bool) -> Any:
    g_solution, g_residuals = g
    found = None
    if g_solution is not None:
        adjoint = ops.adjoint(ops.pinv(A, atol=0.0, rtol=0.0, hermitian=False))
        found = ops.bmm(adjoint, column(g_solution, vector))
    if g_residuals is not None and g_residuals.shape != (0,):
        beside = 2 * _residual(A, column(B, vector), column(solution, vector), g_residuals)
        found = beside if found is None else found + beside
    return found if found is None or not vector else ops.squeeze1(found, dims=(found.ndim - 1,))


def _residual(A: Any, B: Any, solution: Any, weights: Any) -> Any:
    return (B - ops.bmm(A, solution)) * ops.unsqueeze(weights, dim=weights.ndim - 1)


# The solution comes with the operands: it was found together with the rank.
general(
    "lstsq",
    decompositions.with_residuals,
    _lstsq_matrix,
    _lstsq_sides,
    inputs=("A", "B"),
    outputs=("solution", "residuals"),
    materializes=False,
    node="LinalgLstsqBackward0",
)
