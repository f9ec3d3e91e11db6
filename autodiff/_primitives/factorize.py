"""Factors of matrices: triangular and orthogonal ones. Batches everywhere; formulas in matrix products and solves.

Cholesky: Murray 2016 (arXiv:1602.07527); QR: Walter and Lehmann 2010; LU by differentiating A = P L U block by block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.kinds import general, linear, underived, unimplemented
from autodiff._core.registry import ops
from autodiff._kernels import decompositions, lapack

_HERE = slice(None)

# The lower triangle with its diagonal halved: of x + x^H what is one factor's share. Its own adjoint.
linear("lower_half", decompositions.lower_half, lambda g: ops.lower_half(g))
# The differences of all pairs, 1 on the diagonal, which divide what two eigenvectors share.
general(
    "gaps",
    decompositions.gaps,
    lambda g: ops.sum(g, dims=(g.ndim - 2,), keepdim=False) - ops.sum(g, dims=(g.ndim - 1,), keepdim=False),
    inputs=("input",),
)

# -- Cholesky -----------------------------------------------------------------------------------------------------


def _cholesky_back(g: Any, L: Any, upper: bool) -> Any:
    if upper:
        g, L = ops.adjoint(g), ops.adjoint(L)
    share = ops.lower_half(ops.bmm(ops.adjoint(L), g))
    inner = (share + ops.adjoint(share)) * 0.5
    inner = ops.solve_triangular(ops.adjoint(L), inner, upper=True, left=True, unitriangular=False)
    return ops.solve_triangular(L, inner, upper=False, left=False, unitriangular=False)


for name, title in (("cholesky", "CholeskyBackward0"), ("cholesky_ex", "LinalgCholeskyExBackward0")):
    general(name, lapack.cholesky_ex, _cholesky_back, inputs=("input",), outputs=("L", "info"), node=title)

# -- LU -----------------------------------------------------------------------------------------------------------


def _corner(x: Any, rows: int, columns: int) -> Any:
    return ops.region(x, index=(..., slice(0, rows), slice(0, columns)))


def _placed(x: Any, rows: int, columns: int, top: int = 0, left: int = 0) -> Any:
    """x among zeros."""
    m, n = x.shape[-2:]
    return ops.embed(x, shape=(*x.shape[:-2], rows, columns), index=(..., slice(top, top + m), slice(left, left + n)))


def _lu_back(gL: Any, gU: Any, L: Any, U: Any, pivots: Any) -> Any:
    """The gradient of P L U: the square part, and the rows or columns beyond it, which are solutions."""
    rows, columns = L.shape[-2], U.shape[-1]
    k = L.shape[-1]
    beyond: Any = None
    if rows > k:
        lower, g_lower = (ops.region(x, index=(..., slice(k, rows), _HERE)) for x in (L, gL))
        g_rest = ops.solve_triangular(ops.adjoint(U), g_lower, upper=False, left=False, unitriangular=False)
        gU = gU - ops.bmm(ops.adjoint(lower), g_rest)
        beyond = _placed(g_rest, rows, columns, top=k)
        L, gL = _corner(L, k, k), _corner(gL, k, k)
    elif columns > k:
        right, g_right = (ops.region(x, index=(..., _HERE, slice(k, columns))) for x in (U, gU))
        g_rest = ops.solve_triangular(ops.adjoint(L), g_right, upper=True, left=True, unitriangular=True)
        gL = gL - ops.bmm(g_rest, ops.adjoint(right))
        beyond = _placed(g_rest, rows, columns, left=k)
        U, gU = _corner(U, k, k), _corner(gU, k, k)
    below = ops.tril(ops.bmm(ops.adjoint(L), gL) - ops.bmm(gU, ops.adjoint(U)), diagonal=-1)
    inner = gU + ops.solve_triangular(ops.adjoint(U), below, upper=False, left=False, unitriangular=False)
    inner = ops.solve_triangular(ops.adjoint(L), inner, upper=True, left=True, unitriangular=True)
    if beyond is not None:
        inner = _placed(inner, rows, columns) + beyond
    return ops.rows_exchanged(inner, pivots, back=False)


# The rows of P x, or of its inverse's product.
general(
    "rows_exchanged",
    lapack.rows_exchanged,
    lambda g, pivots, back: ops.rows_exchanged(g, pivots, back=not back),
    inputs=("input", "pivots"),
)


def _lu_factor_back(g: Any, LU: Any, pivots: Any) -> Any:
    L, U = ops.lu_parts(LU)
    k = L.shape[-1]
    gL = ops.tril(ops.region(g, index=(..., _HERE, slice(0, k))), diagonal=-1)
    gU = ops.triu(ops.region(g, index=(..., slice(0, k), _HERE)), diagonal=0)
    return _lu_back(gL, gU, L, U, pivots)


general(
    "lu_factor_ex",
    lapack.lu,
    _lu_factor_back,
    inputs=("A",),
    outputs=("LU", "pivots", "info"),
    node="LinalgLuFactorExBackward0",
)


def _lu_parts_back(g: Any, input_shape: Any) -> Any:
    gL, gU = g
    return _placed(ops.tril(gL, diagonal=-1), *input_shape[-2:]) + _placed(ops.triu(gU, diagonal=0), *input_shape[-2:])


general("lu_parts", lapack.lu_parts, _lu_parts_back, inputs=("input",), outputs=("L", "U"), node="LuUnpackBackward0")
general(
    "lu",
    lapack.lu_apart,
    lambda g, L, U, pivots: _lu_back(g[0], ops.triu(g[1], diagonal=0), L, U, pivots),
    inputs=("A",),
    outputs=("L", "U", "pivots"),
    node="LinalgLuBackward0",
)

# -- QR -----------------------------------------------------------------------------------------------------------


def _qr_back(g: Any, Q: Any, R: Any, A_shape: Any, mode: str) -> Any:
    rows, columns = A_shape[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr."
        )
    if mode == "complete" and rows > columns:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
    gQ, gR = g[0], ops.triu(g[1], diagonal=0)
    k = min(rows, columns)
    if rows >= columns and not all(np.isfinite(getattr(x, "_array", x)).all() for x in (gQ, gR)):
        # As torch multiplies: the upper half says all, and infinities meet no others.
        upper = ops.triu(ops.bmm(gR, ops.adjoint(R)) - ops.bmm(ops.adjoint(Q), gQ), diagonal=0)
        symmetric = ops.lower_half(upper + ops.adjoint(upper)) + ops.triu(upper, diagonal=1)
        return ops.solve_triangular(
            ops.adjoint(R), gQ + ops.bmm(Q, symmetric), upper=False, left=False, unitriangular=False
        )
    # dQ turns Q by a skew matrix, of which C = Q^H dA R^-1 shows the lower half; dR is what is left of Q^H dA.
    shares = ops.bmm(ops.adjoint(Q), gQ)
    turning = shares - ops.bmm(gR, ops.adjoint(R))
    inner = ops.bmm(Q, ops.lower_half(turning - ops.adjoint(turning)))
    if rows > k:
        inner = inner + (gQ - ops.bmm(Q, shares))
    first = ops.solve_triangular(ops.adjoint(_corner(R, k, k)), inner, upper=False, left=False, unitriangular=False)
    return ops.bmm(Q, gR) + (_placed(first, rows, columns) if columns > k else first)


general("qr", decompositions.qr, _qr_back, inputs=("A",), outputs=("Q", "R"), node="LinalgQrBackward0")

# What reflections have made of C; it depends on them, by gradients of 0, also where there is none; so does its own.
general(
    "reflected",
    lambda C, vectors, tau: lapack.in_columns(C),
    lambda g, vectors, tau: ops.reflected(g, vectors, tau),
    lambda g, vectors, tau: None if 0 in tau.shape else ops.zeros_like(vectors),
    lambda g, vectors, tau: None if 0 in tau.shape else ops.zeros_like(tau),
    inputs=("C", "vectors", "tau"),
)

# -- what torch cannot differentiate ------------------------------------------------------------------------------
general(
    "geqrf",
    lapack.geqrf,
    underived("geqrf"),
    inputs=("input",),
    outputs=("a", "tau"),
)
unimplemented("ldl_factor_ex", lapack.ldl, operator="linalg_ldl_factor_ex", inputs="input", outputs="LD pivots info")
unimplemented("ldl_solve", lapack.ldl_solve, operator="linalg_ldl_solve", inputs="LD pivots B", without="pivots")
