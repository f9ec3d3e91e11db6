"""Inverses, determinants, orthogonal factors, eigenvalues and functions of matrices, batch by batch; no derivative."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from autodiff._kernels import lapack
from autodiff._kernels.lapack import adjoint, in_columns
from autodiff._kernels.layout import in_rows


@functools.cache
def _shares(size: int, dtype: Any) -> Any:
    return np.tril(np.ones((size, size), dtype)) - np.eye(size, dtype=dtype) / 2


def lower_half(x: Any) -> Any:
    """The lower triangle, its diagonal halved."""
    shares = _shares(x.shape[-1], x.real.dtype)
    out = x * shares
    flat = out.reshape(-1)
    # What is infinite above the diagonal leaves nothing there; to look for it so costs least.
    return out if np.isfinite(flat.dot(flat)) else np.tril(x) * shares


def gaps(x: Any) -> Any:
    """x[j] - x[i] for all pairs, 1 where they are the same place."""
    out = x[..., None, :] - x[..., :, None]
    place = np.arange(x.shape[-1])
    out[..., place, place] = 1
    return out


def of_diagonal(x: Any) -> Any:
    """A square matrix' diagonal, as a vector."""
    return np.diagonal(x, axis1=-2, axis2=-1).copy()


def on_diagonal(x: Any) -> Any:
    """A vector as the diagonal of a matrix of zeros."""
    out = np.zeros((*x.shape, x.shape[-1]), x.dtype)
    place = np.arange(x.shape[-1])
    out[..., place, place] = x
    return out


# -- inverses and determinants ------------------------------------------------------------------------------------


def inverse_ex(a: Any) -> tuple[Any, Any]:
    """The inverse, and where the first zero stands (from 1) that makes a matrix singular, or 0."""
    factors, pivots, info = lapack.lu(a)
    return lapack.lu_solve(factors, pivots, identity_like(a), False, True), info


def solve(factors: Any, pivots: Any, b: Any, adjoint: bool, left: bool, vector: bool) -> Any:
    """The solution by LU factors; of one right-hand side if it is a vector."""
    if not vector:
        return lapack.lu_solve(factors, pivots, b, adjoint, left)
    found = lapack.lu_solve(factors, pivots, b[..., None], adjoint, left)[..., 0]
    return in_columns(found) if found.ndim > 1 else found


def cholesky_inverse(factor: Any, upper: bool) -> Any:
    """The inverse of a matrix, from its Cholesky factor."""
    return lapack.solve_cholesky(np.broadcast_to(identity_like(factor), factor.shape), factor, upper)


def identity_like(a: Any) -> Any:
    """The identity of a square matrix's size and dtype."""
    return np.eye(a.shape[-1], dtype=a.dtype)


def det(factors: Any, pivots: Any) -> Any:
    """The determinant of a matrix, from its LU factors."""
    found = np.diagonal(factors, axis1=-2, axis2=-1).prod(-1)
    return (found * _parity(pivots, factors.dtype))[()]


def slogdet(factors: Any, pivots: Any) -> tuple[Any, Any]:
    """The determinant's sign and the logarithm of its size, from the matrix's LU factors."""
    diagonal = np.diagonal(factors, axis1=-2, axis2=-1)
    sizes = np.abs(diagonal)
    signs = np.sign(diagonal).prod(-1)
    signs = (signs * _parity(pivots, factors.dtype))[()]
    if diagonal.shape[-1] == 1:
        # Of a single number torch's product loses the sign of a zero: its logarithm of -1 - 0i has the angle π.
        signs = signs + 0
    logarithm = np.log(sizes).sum(-1)
    # 0 · inf: of a singular matrix torch says -inf, also beside nan.
    return signs, np.where((sizes == 0).any(-1), -np.inf, logarithm)


def _parity(pivots: Any, dtype: Any) -> Any:
    """-1 for an odd number of exchanges. Multiplied, not negated: torch's logarithm of -1 + 0i has the angle π."""
    odd = (pivots != np.arange(1, pivots.shape[-1] + 1)).sum(-1) % 2
    return (1 - 2 * odd).astype(dtype)


def adjugate(a: Any) -> Any:
    """The transposed cofactors: det(a) times the inverse, and what that tends to where a is singular."""
    u, s, vh = np.linalg.svd(a)
    scale = np.linalg.det(u) * np.linalg.det(vh)
    return scale[..., None, None] * (adjoint(vh) * _products_but(s)[..., None, :]) @ adjoint(u)


def adjugate_along(a: Any, direction: Any) -> Any:
    """The derivative of the adjugate along a direction, also where a is singular.

    In a's singular vectors every entry is a sum of products of all singular values but two.
    """
    u, s, vh = np.linalg.svd(a)
    scale = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    inner = adjoint(u) @ direction @ adjoint(vh)
    but_two = _products_but_two(s)
    diagonal = np.diagonal(inner, axis1=-2, axis2=-1)
    along = (but_two @ diagonal[..., None])[..., 0]
    found = -inner * but_two
    place = np.arange(s.shape[-1])
    found[..., place, place] = along
    return scale * adjoint(vh) @ found @ adjoint(u)


def _products_but(s: Any) -> Any:
    """Per element the product of all others."""
    n = s.shape[-1]
    return np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(-1)


def _products_but_two(s: Any) -> Any:
    """Per pair of elements the product of all others; zeros on the diagonal."""
    n = s.shape[-1]
    eye = np.eye(n, dtype=bool)
    left_out = eye[:, None, :] | eye[None, :, :]
    return np.where(eye, 0, np.where(left_out, 1, s[..., None, None, :]).prod(-1))


# -- orthogonal factors -------------------------------------------------------------------------------------------


def qr(a: Any, mode: str) -> tuple[Any, Any]:
    """Q and R; with mode "r" an empty Q."""
    a = a + 0  # a reflection takes the sign of what it meets: torch's LAPACK has one zero
    if mode == "r":
        return np.empty(0, a.dtype), in_columns(np.linalg.qr(a, mode="r"))
    q, r = np.linalg.qr(a, mode=mode)  # type: ignore[call-overload]
    return in_columns(q), in_columns(r)


# -- eigenvalues and singular values ------------------------------------------------------------------------------


def eigh(a: Any, UPLO: str) -> tuple[Any, Any]:
    """Eigenvalues in ascending order and eigenvectors; of `a` one triangle is read. nan where it does not converge."""
    bad = ~np.isfinite(a).all((-1, -2))
    values, vectors = np.linalg.eigh(np.where(bad[..., None, None], 0, a) if bad.any() else a, UPLO=UPLO)  # type: ignore[call-overload]
    values[bad], vectors[bad] = np.nan, np.nan
    return in_rows(values), in_columns(vectors)


def svd(a: Any, full_matrices: bool) -> tuple[Any, Any, Any]:
    """U, the singular values in descending order, and V's conjugate transpose."""
    u, s, vh = np.linalg.svd(a, full_matrices=full_matrices)
    return in_columns(u), in_rows(s), in_columns(vh)


def eig(a: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of length 1, complex; nothing is promised of their order."""
    kind = np.result_type(a.dtype, np.complex64)
    values, vectors = np.linalg.eig(a)
    return values.astype(kind, copy=False), in_columns(vectors.astype(kind, copy=False))


# -- functions of matrices ----------------------------------------------------------------------------------------


#: Coefficients of Padé's approximant of degree 13, and the norm up to which it is exact in doubles (Higham 2005).
_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
_NORM = 5.371920351148152


def expm(a: Any) -> Any:
    """The matrix exponential, by scaling and squaring with a Padé approximant; in doubles, whatever the dtype.

    SciPy's loses half its digits on matrices as plain as one of ones.
    """
    if not a.size:
        return a.copy()
    finite = np.isfinite(a).all((-1, -2))
    if not finite.all():
        out = np.full_like(a, np.nan)
        if finite.any():
            out[finite] = expm(a[finite])
        return out
    wide = a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)
    norms = np.abs(wide).sum(-2).max(-1)
    squarings = np.maximum(np.ceil(np.log2(np.maximum(norms, _NORM) / _NORM)), 0).astype(int)
    out = _pade(wide / np.exp2(squarings)[..., None, None])
    for done in range(int(squarings.max(initial=0))):
        out = np.where((squarings > done)[..., None, None], out @ out, out)
    return out.astype(a.dtype, copy=False)


def _pade(a: Any) -> Any:
    one, b = np.eye(a.shape[-1]), _PADE
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a2 @ a4
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    return np.linalg.solve(even - odd, even + odd)


def pinv(a: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    """The pseudo-inverse; singular values up to max(atol, rtol · the largest) count as zeros."""
    if not a.size:
        return np.zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
    if hermitian:
        values, vectors = np.linalg.eigh(a)
        left, right = vectors, adjoint(vectors)
    else:
        u, values, vh = np.linalg.svd(a, full_matrices=False)
        left, right = adjoint(vh), adjoint(u)
    kept = above(np.abs(values), atol, rtol)
    inverses = np.where(kept, 1 / np.where(kept, values, 1), 0)
    return in_rows(np.matmul(left * inverses[..., None, :], right))


def above(values: Any, atol: Any, rtol: Any) -> Any:
    """Which singular values are larger than max(atol, rtol · the largest)."""
    largest = values.max(-1) if values.shape[-1] else np.zeros(values.shape[:-1], values.dtype)
    return values > np.maximum(atol, rtol * largest)[..., None]


def rank(a: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    """How many singular values are larger than max(atol, rtol · the largest)."""
    values = np.abs(np.linalg.eigvalsh(a)) if hermitian else np.linalg.svd(a, compute_uv=False)
    return above(values, atol, rtol).sum(-1)


def lstsq(a: Any, b: Any, rcond: float, driver: str) -> tuple[Any, Any, Any]:
    """The least of the solutions that leave least, the rank, and by some of LAPACK's drivers the singular values."""
    *_, rows, columns = a.shape
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    # LAPACK puts a solution where the right-hand sides stood, which may be longer.
    room = np.zeros((*batch, b.shape[-1], max(rows, columns)), a.dtype)
    found = room[..., :columns].swapaxes(-1, -2)
    rank, values = np.zeros(batch, np.int64), np.zeros((*batch, min(rows, columns)), a.real.dtype)
    if not (a.size and found.size):
        return found, rank, values
    solver = importlib.import_module("scipy.linalg").lstsq
    for place in np.ndindex(*batch):
        one, sides = (np.broadcast_to(x, (*batch, *x.shape[-2:]))[place] for x in (a, b))
        found[place], _, rank[place], spectrum = solver(
            one, sides, cond=rcond, lapack_driver="gelsy" if driver == "gels" else driver, check_finite=False
        )
        if spectrum is not None:
            values[place] = spectrum
    return found, rank, values


def with_residuals(a: Any, b: Any, solution: Any, vector: bool, with_residuals: bool) -> tuple[Any, Any]:
    """The solution, and per right-hand side what it leaves, squared and summed."""
    residuals = np.empty(0, solution.real.dtype)
    if with_residuals:
        left = np.abs((b[..., None] if vector else b) - np.matmul(a, solution))
        residuals = np.square(left).sum(-2)
    return solution[..., 0] if vector else solution, residuals


# -- products of vectors ------------------------------------------------------------------------------------------


def cross(a: Any, b: Any, dim: int) -> Any:
    """The vector product along a dimension of size 3."""
    return np.ascontiguousarray(np.cross(a, b, axis=dim))
