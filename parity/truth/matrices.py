"""Matrices of balls, one at a time: solutions, determinants, eigenvalues, factors; knows no operator.

Factors are computed step by step as LAPACK does: with its pivots and its signs, in exact decisions.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import flint
import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import acb, arb, balls, equal, less
from parity.truth.table import Undecided


def _conj(x: Any) -> Any:
    return x.conjugate() if isinstance(x, acb) else x


_conjugates = np.frompyfunc(_conj, 1, 1)


def adjoint(a: Array) -> Array:
    """The last two dimensions exchanged, conjugated."""
    return np.asarray(_conjugates(a.swapaxes(-1, -2)), dtype=object)


def each(function: Callable[..., Any], *arrays: Array) -> Any:
    """A function of matrices over batches, which broadcast; it returns an array, or a tuple of arrays."""
    batch = np.broadcast_shapes(*(a.shape[:-2] for a in arrays))
    spread = [np.broadcast_to(a, (*batch, *a.shape[-2:])) for a in arrays]
    found = [function(*(a[place] for a in spread)) for place in np.ndindex(*batch)]
    if not found:
        # The shapes that there would be, from a matrix of ones: there is nothing else to know.
        found = [function(*(balls(np.eye(*a.shape[-2:])) for a in arrays))]
        return _nothing(found[0], batch)
    if isinstance(found[0], tuple):
        return tuple(_stacked([f[i] for f in found], batch) for i in range(len(found[0])))
    return _stacked(found, batch)


def _stacked(found: list[Any], batch: tuple[int, ...]) -> Array:
    shape = np.shape(found[0])
    kind = object if np.asarray(found[0]).dtype == object else np.asarray(found[0]).dtype
    result = np.empty((len(found), *shape), kind)
    for i, f in enumerate(found):
        result[i] = f if shape else np.asarray(f)[()]
    return result.reshape((*batch, *shape))


def _nothing(found: Any, batch: tuple[int, ...]) -> Any:
    if isinstance(found, tuple):
        return tuple(_nothing(f, batch) for f in found)
    return np.empty((*batch, *np.shape(found)), np.asarray(found).dtype)


def product(a: Array, b: Array) -> Array:
    if not a.shape[-1]:
        return balls(np.zeros((a.shape[-2], b.shape[-1])))
    return np.asarray(np.matmul(a, b), dtype=object)


def _complex(a: Array) -> bool:
    return any(isinstance(x, acb) for x in a.flat)


def _flint(a: Array) -> Any:
    return (flint.acb_mat if _complex(a) else flint.arb_mat)(a.tolist())


def _array(matrix: Any, shape: tuple[int, ...]) -> Array:
    result = np.empty(shape, object)
    for place in np.ndindex(*shape):
        result[place] = matrix[place]
    return result


def identity(a: Array) -> Array:
    return balls(np.eye(a.shape[-1], dtype=np.int64))


def solution(a: Array, b: Array) -> Array:
    """X with a X = b."""
    if not a.size or not b.size:
        return balls(np.zeros(b.shape))
    if _complex(a) or _complex(b):
        a, b = (np.frompyfunc(acb, 1, 1)(x) for x in (a, b))
    try:
        return _array(_flint(a).solve(_flint(b)), b.shape)
    except ZeroDivisionError:
        raise Undecided("a matrix that may be singular") from None


def inverse(a: Array) -> Array:
    return solution(a, identity(a))


def determinant(a: Array) -> Any:
    return _flint(a).det() if a.size else arb(1)


def exponential(a: Array) -> Array:
    return _array(_flint(a).exp(), a.shape) if a.size else a


def spectrum(a: Array) -> Array:
    """The eigenvalues of a Hermitian matrix in ascending order."""
    if not a.size:
        return balls(np.zeros(a.shape[:1]))
    try:
        found = flint.acb_mat(_flint(a)).eig()
    except ValueError as error:
        raise Undecided(f"eigenvalues: {error}") from None
    ordered = sorted((x.real for x in found), key=lambda x: float(x.mid()))
    for x, y in pairwise(ordered):
        less(x, y)
    return _vector(ordered)


def singular_values(a: Array) -> Array:
    """In descending order."""
    wide = a.shape[0] < a.shape[1]
    squares = spectrum(product(a, adjoint(a)) if wide else product(adjoint(a), a))
    return _vector([x.sqrt() for x in squares[::-1]])


def _vector(values: list[Any]) -> Array:
    result = np.empty(len(values), object)
    for i, x in enumerate(values):
        result[i] = x
    return result


def pseudo_inverse(a: Array) -> Array:
    """Of a matrix of full rank."""
    wide = a.shape[0] < a.shape[1]
    if wide:
        return product(adjoint(a), inverse(product(a, adjoint(a))))
    return solution(product(adjoint(a), a), adjoint(a))


def hermitian(a: Array) -> Array:
    """The mean of a matrix and its adjoint: of a Hermitian one a triangle is read, and both share its gradient."""
    return (a + adjoint(a)) / 2 if a.size else a


def cholesky(a: Array) -> Array:
    """The lower factor of a positive matrix."""
    n = a.shape[0]
    result = balls(np.zeros((n, n)))
    for j in range(n):
        rest = a[j, j] - sum((result[j, k] * _conj(result[j, k]) for k in range(j)), arb(0))
        rest = rest.real if isinstance(rest, acb) else rest
        if not less(arb(0), rest):
            raise Undecided("a matrix that may not be positive")
        result[j, j] = rest.sqrt()
        for i in range(j + 1, n):
            beside = a[i, j] - sum((result[i, k] * _conj(result[j, k]) for k in range(j)), arb(0))
            result[i, j] = beside / result[j, j]
    return result


def lu(a: Array) -> tuple[Array, Array]:
    """Both factors in one matrix, and the exchanges of rows, counted from 1: the largest element leads."""
    result = a.copy()
    rows, columns = a.shape
    pivots = np.zeros(min(rows, columns), np.int64)
    for k in range(len(pivots)):
        leading = k
        for i in range(k + 1, rows):
            if less(_size(result[leading, k]), _size(result[i, k])):
                leading = i
        pivots[k] = leading + 1
        result[[k, leading]] = result[[leading, k]]
        for i in range(k + 1, rows):
            result[i, k] = result[i, k] / result[k, k]
            for j in range(k + 1, columns):
                result[i, j] = result[i, j] - result[i, k] * result[k, j]
    return result, pivots


def _size(x: Any) -> Any:
    """What LAPACK compares: of complex numbers the sum of both parts' sizes."""
    return abs(x.real) + abs(x.imag) if isinstance(x, acb) else abs(x)


def parts(factors: Array) -> tuple[Array, Array]:
    """L, whose diagonal is 1, and U."""
    rank = min(factors.shape)
    lower, upper = factors[:, :rank].copy(), factors[:rank].copy()
    for i, j in np.ndindex(*lower.shape):
        if i <= j:
            lower[i, j] = arb(int(i == j))
    for i, j in np.ndindex(*upper.shape):
        if i > j:
            upper[i, j] = arb(0)
    return lower, upper


def permutation(pivots: Array, rows: int) -> Array:
    """P of A = P L U."""
    order = list(range(rows))
    for i, j in enumerate(pivots):
        order[i], order[int(j) - 1] = order[int(j) - 1], order[i]
    result = np.zeros((rows, rows), np.int64)
    for i, j in enumerate(order):
        result[j, i] = 1
    return result


def triangle(a: Array, upper: bool, unit: bool = False) -> Array:
    """One triangle, with zeros in the other; ones on the diagonal if it is `unit`."""
    result = a.copy()
    for i, j in np.ndindex(*a.shape):
        if (i > j) if upper else (i < j):
            result[i, j] = arb(0)
        elif i == j and unit:
            result[i, j] = arb(1)
    return result


def reflections(a: Array) -> tuple[Array, Array]:
    """LAPACK's form of Q and R: R, the reflections' vectors below its diagonal, and their factors."""
    result = a.copy()
    rows, columns = a.shape
    count = min(rows, columns)
    factors = balls(np.zeros(count))
    for k in range(count):
        alpha = result[k, k]
        below = sum((abs(result[i, k]) ** 2 for i in range(k + 1, rows)), arb(0))
        imaginary = alpha.imag if isinstance(alpha, acb) else arb(0)
        if k == rows - 1 and equal(imaginary, arb(0)):
            continue
        real = alpha.real if isinstance(alpha, acb) else alpha
        size = (abs(alpha) ** 2 + below).sqrt()
        beta = size if less(real, arb(0)) else -size
        factors[k] = (beta - alpha) / beta
        for i in range(k + 1, rows):
            result[i, k] = result[i, k] / (alpha - beta)
        result[k, k] = acb(beta) if isinstance(alpha, acb) else beta
        v = _reflection(result, k)
        rest = result[k:, k + 1 :]
        if rest.size:
            # From the left R is made by the adjoints.
            along = product(adjoint(v[k:]), rest)
            result[k:, k + 1 :] = rest - v[k:] * (_conj(factors[k]) * along)
    return result, factors


def _reflection(vectors: Array, k: int) -> Array:
    v = balls(np.zeros((vectors.shape[0], 1)))
    v[k, 0] = arb(1)
    for i in range(k + 1, vectors.shape[0]):
        v[i, 0] = vectors[i, k]
    return v


def reflected(vectors: Array, factors: Array, c: Array, left: bool = True, turned: bool = False) -> Array:
    """Q c, c Q, or with Q's adjoint: Q is the product of the reflections."""
    count = range(len(factors))
    for k in count if left == turned else reversed(count):
        v = _reflection(vectors, k)
        factor = _conj(factors[k]) if turned else factors[k]
        c = c - (v * (factor * product(adjoint(v), c)) if left else product(c, v) * (factor * adjoint(v)))
    return c
