"""The door to SciPy's BLAS and LAPACK, opened on first use, and their loops over batches of matrices.

A routine works on one matrix in column order. A matrix in row order is its transpose in column order, so that most
loops copy nothing: they solve the transposed problem in place.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

INT = np.int32


@functools.cache
def lapack(name: str, dtype: Any) -> Callable[..., Any]:
    """The LAPACK routine for matrices of this dtype."""
    return importlib.import_module("scipy.linalg").get_lapack_funcs(name, dtype=dtype)  # type: ignore[no-any-return]


@functools.cache
def blas(name: str, dtype: Any) -> Callable[..., Any]:
    """The BLAS routine for matrices of this dtype."""
    return importlib.import_module("scipy.linalg").get_blas_funcs(name, dtype=dtype)  # type: ignore[no-any-return]


def in_columns(a: Any) -> Any:
    """A copy whose matrices stand in column order."""
    return np.array(a.swapaxes(-1, -2), order="C", copy=True).swapaxes(-1, -2)


def each(a: Any) -> Any:
    """The matrices of a batch, one after the other; a view where strides allow."""
    return a.reshape(math.prod(a.shape[:-2]), *a.shape[-2:])


def _turned(a: Any) -> Any:
    """The transposed matrices of a batch, one after the other; a view where strides allow."""
    return each(a).swapaxes(1, 2)


def vectors(x: Any) -> Any:
    """The vectors of a batch, one after the other; a view where strides allow."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _spread(a: Any, batch: tuple[int, ...]) -> Any:
    return np.broadcast_to(a, (*batch, *a.shape[-2:])) if a.shape[:-2] != batch else a


def _in_rows_or_columns(a: Any) -> tuple[Any, bool]:
    """The matrices, and whether they stand in column order; copied if they stand in neither."""
    if a.swapaxes(-1, -2).flags.c_contiguous and not a.flags.c_contiguous:
        return a, True
    return np.ascontiguousarray(a), False


# -- triangular systems -------------------------------------------------------------------------------------------


def solve_triangular(a: Any, b: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    """X with a X = b, or X a = b; of `a` one triangle is read. A zero on the diagonal divides.

    Always from the right, which is twice as fast as from the left: the transposed problem is in rows.
    """
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, columns = _in_rows_or_columns(a)
    trsm = blas("trsm", a.dtype)
    matrices = a if columns else a.swapaxes(-1, -2)
    lower, turned = (not upper) == columns, left == columns
    if left:
        out = np.array(_spread(b, batch), order="C", copy=True)
        unknown = out
    else:
        out = in_columns(_spread(b, batch))
        unknown = out.swapaxes(-1, -2)
    if not out.size:
        return out
    scale = 1.0 if unitriangular else _scale(a)
    if scale != 1:
        matrices = matrices * a.dtype.type(scale)
    for m, x in zip(each(_spread(matrices, batch)), _turned(unknown)):
        trsm(scale, m, x, 1, int(lower), int(turned), int(unitriangular), 1)
    return in_columns(out) if left else out


def _scale(a: Any) -> float:
    """By what both sides are multiplied: BLAS divides by the inverses of the diagonal, which overflow below 1/max."""
    info = np.finfo(a.dtype)
    sizes = np.abs(np.diagonal(a, axis1=-2, axis2=-1))
    return 1.0 if sizes.min(initial=1.0, where=sizes > 0) >= info.smallest_normal else float(2.0 ** (info.nmant + 3))


# -- Cholesky factors ---------------------------------------------------------------------------------------------


def cholesky_ex(a: Any, upper: bool) -> tuple[Any, Any]:
    """The factor, and per matrix the order of the first minor that is not positive, or 0."""
    out, info = in_columns(a), np.zeros(a.shape[:-2], INT)
    if not out.size:
        return out, info
    potrf, told = lapack("potrf", a.dtype), info.reshape(-1)
    # SciPy's loop in Python takes a third of the time of NumPy's in C from 16 rows on: theirs is another OpenBLAS.
    for i, m in enumerate(_turned(out.swapaxes(-1, -2))):
        _, told[i] = potrf(m, int(not upper), 1, 1)
    unknown = np.isnan(np.diagonal(out, axis1=-2, axis2=-1))
    if unknown.any():
        info[...] = np.where((info == 0) & unknown.any(-1), unknown.argmax(-1) + 1, info)
    return out, info


def adjoint(a: Any) -> Any:
    a = a.swapaxes(-1, -2)
    return a.conj() if a.dtype.kind == "c" else a


def solve_cholesky(b: Any, factor: Any, upper: bool) -> Any:
    """X with A X = b, of A's Cholesky factor."""
    first, second = (adjoint(factor), factor) if upper else (factor, adjoint(factor))
    return solve_triangular(second, solve_triangular(first, b, False, True, False), True, True, False)


# -- LU factors ---------------------------------------------------------------------------------------------------


def lu(a: Any) -> tuple[Any, Any, Any]:
    """Both factors in one matrix, the rows exchanged (from 1), and where U's first zero stands (from 1) or 0."""
    *batch, rows, columns = a.shape
    out = in_columns(a)
    pivots = np.empty((*batch, min(rows, columns)), INT)
    info = np.zeros(batch, INT)
    if not out.size:
        return out, pivots, info
    getrf, told = lapack("getrf", a.dtype), info.reshape(-1)
    exchanged = vectors(pivots)
    for i, m in enumerate(_turned(out.swapaxes(-1, -2))):
        _, exchanged[i], told[i] = getrf(m, 1)
    pivots += 1
    return out, pivots, info


def lu_solve(lu: Any, pivots: Any, b: Any, adjoint: bool, left: bool) -> Any:
    """X with A X = b (or X A = b), of A's factors; with `adjoint` A's conjugate transpose instead."""
    if not left:
        transposed = b.swapaxes(-1, -2)
        if not adjoint:
            return _lu_solve(lu, pivots, transposed, 1).swapaxes(-1, -2)
        return _lu_solve(lu, pivots, transposed.conj(), 0).conj().swapaxes(-1, -2)
    return _lu_solve(lu, pivots, b, (2 if lu.dtype.kind == "c" else 1) if adjoint else 0)


def _lu_solve(lu: Any, pivots: Any, b: Any, way: int) -> Any:
    """LAPACK's way: 0 for A, 1 for its transpose, 2 for its adjoint."""
    batch = np.broadcast_shapes(lu.shape[:-2], b.shape[:-2])
    out = in_columns(_spread(b, batch))
    if not out.size:
        return out
    exchanged = vectors(np.broadcast_to(pivots, (*batch, pivots.shape[-1]))) - 1
    getrs = lapack("getrs", lu.dtype)
    for factors, p, x in zip(each(_spread(lu, batch)), exchanged, _turned(out.swapaxes(-1, -2))):
        getrs(factors, p, x, way, 1)
    return out


def lu_inverse(lu: Any, pivots: Any) -> Any:
    """The inverse of a matrix, from its factors."""
    out = in_columns(lu)
    if out.size:
        size = out.shape[-1]
        getri = lapack("getri", lu.dtype)
        for m, p in zip(_turned(out.swapaxes(-1, -2)), vectors(pivots - 1)):
            getri(m, p, size * size, 1)
    return out


def order_of(pivots: Any, rows: int) -> Any:
    """The order in which exchanges (from 1) put the rows."""
    found = np.broadcast_to(np.arange(rows), (*pivots.shape[:-1], rows)).copy()
    for order, p in zip(vectors(found), vectors(pivots)):
        for i, j in enumerate(p - 1):
            order[i], order[j] = order[j], order[i]
    return found


def permutation(pivots: Any, rows: int, dtype: Any) -> Any:
    """P with A = P L U."""
    order = order_of(pivots, rows)
    out = np.zeros((*order.shape, rows), dtype)
    np.put_along_axis(out.swapaxes(-1, -2), order[..., None], 1, -1)
    return out


def rows_exchanged(x: Any, pivots: Any, back: bool) -> Any:
    """P x, or P' x: the rows where the exchanges put them, or back where they were."""
    order = order_of(pivots, x.shape[-2])
    if not back:
        order = np.argsort(order, -1)
    batch = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    return np.take_along_axis(_spread(x, batch), np.broadcast_to(order[..., None], (*batch, order.shape[-1], 1)), -2)


def lu_apart(a: Any) -> tuple[Any, Any, Any]:
    """L and U apart, and the rows exchanged (from 1)."""
    factors, pivots, _ = lu(a)
    return (*lu_parts(factors), pivots)


def lu_parts(lu: Any) -> tuple[Any, Any]:
    """L, whose diagonal is 1, and U."""
    rank = min(lu.shape[-2:])
    lower = np.tril(lu[..., :rank], -1)
    diagonal = np.arange(rank)
    lower[..., diagonal, diagonal] = 1
    return lower, np.triu(lu[..., :rank, :])


# -- reflections --------------------------------------------------------------------------------------------------


def geqrf(a: Any) -> tuple[Any, Any]:
    """R in the upper triangle, the vectors of the reflections below it, and their factors."""
    *batch, rows, columns = a.shape
    out = in_columns(a)
    out += 0  # a reflection takes the sign of what it meets: torch's LAPACK has one zero
    tau = np.zeros((*batch, min(rows, columns)), a.dtype)
    if not out.size:
        return out, tau
    routine = lapack("geqrf", a.dtype)
    for m, t in zip(each(out.swapaxes(-1, -2)), vectors(tau)):
        m.T[...], t[...] = routine(m.T, overwrite_a=1)[:2]  # what is not aligned to 8 bytes is copied, not overwritten
    return out, tau


# -- indefinite symmetric matrices --------------------------------------------------------------------------------


def ldl(a: Any, hermitian: bool) -> tuple[Any, Any, Any]:
    """The factors of Bunch and Kaufman in the lower triangle, LAPACK's exchanges, and its word on zeros."""
    out = in_columns(np.tril(a))
    pivots = np.empty(a.shape[:-1], INT)
    info = np.zeros(a.shape[:-2], INT)
    if not out.size:
        return out, pivots, info
    name = "hetrf" if hermitian and a.dtype.kind == "c" else "sytrf"
    routine, told = lapack(name, a.dtype), info.reshape(-1)
    for i, (m, p) in enumerate(zip(each(out.swapaxes(-1, -2)), vectors(pivots))):
        _, p[...], told[i] = routine(m.T, 1, overwrite_a=1)
    return out, pivots, info


def ldl_solve(factors: Any, pivots: Any, b: Any, hermitian: bool) -> Any:
    """X with A X = b, of the factors of Bunch and Kaufman."""
    batch = np.broadcast_shapes(factors.shape[:-2], b.shape[:-2])
    out = in_columns(_spread(b, batch))
    if not out.size:
        return out
    name = "hetrs" if hermitian and factors.dtype.kind == "c" else "sytrs"
    routine = lapack(name, factors.dtype)
    exchanged = vectors(np.broadcast_to(pivots, (*batch, pivots.shape[-1])))
    for m, p, x in zip(each(_spread(factors, batch)), exchanged, each(out.swapaxes(-1, -2))):
        x[...] = routine(m, p, x.T, lower=1)[0].T
    return out
