"""Products of matrices and vectors. float16 is accumulated in float32, integers in their own dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: From so many elements on filling a product with zeros costs more than what `matmul` asks first.
_LARGE = 1 << 15


def matmul(x: Any, y: Any) -> Any:
    kind = x.dtype.char
    if kind in "fd" and x.ndim == y.ndim == 2:
        if x.shape[1] == 1:
            return x * y  # where BLAS scales by one number, 0 times inf is 0
        # The same product of BLAS for half of what small ones cost; it fills its result with zeros first.
        return x.dot(y) if len(x) * y.shape[1] < _LARGE else np.matmul(x, y)
    if kind == "e":
        return np.matmul(x.astype(np.float32), y.astype(np.float32)).astype(np.float16)
    return np.matmul(x, y)


def matmul_with_adjoint(x: Any, y: Any) -> Any:
    """x times the adjoint of y."""
    return matmul(x, y.T if y.dtype.kind == "f" else transposed(y))


def matmul_of_adjoint(x: Any, y: Any) -> Any:
    """The adjoint of x times y."""
    return matmul(x.T if x.dtype.kind == "f" else transposed(x), y)


def products(x: Any, y: Any) -> Any:
    """The same of batches: rows that all meet one matrix, which is repeated without copies, meet it at once."""
    if x.ndim == y.ndim == 3 and len(x) > 1 and x.dtype.char in "fd" and x.dtype is y.dtype:
        if not y.strides[0] and len(y) > 1:
            n, rows, inner = x.shape
            return np.matmul(x.reshape(n * rows, inner), y[0]).reshape(n, rows, y.shape[2])
        if x.shape[2] == 1 and len(x) == len(y):
            return x * y
    return matmul(x, y)


#: torch multiplies batches of smaller matrices by a loop of its own: so many products of numbers each.
_OWN_LOOP = 400


def plus(input: Any, product: Any, beta: Any, alpha: Any, skips: bool = False) -> Any:
    """beta * input + alpha * product, in product's memory; beta 0 leaves its term out, nan or not, alpha 0 if told."""
    if alpha == 0 and skips:
        product[...] = 0
    elif alpha != 1:
        product *= np.asarray(alpha).astype(product.dtype)
    if beta != 0:
        product += input if beta == 1 else input * np.asarray(beta).astype(input.dtype)
    return product


def addmm(input: Any, x: Any, y: Any, beta: Any, alpha: Any) -> Any:
    """beta * input + alpha * (x @ y), for matrices, batches of them, or a matrix and a vector."""
    if x.dtype.char == "e":
        product = np.matmul(x.astype(np.float32), y.astype(np.float32))
        return plus(input.astype(np.float32), product, beta, alpha).astype(np.float16)
    # Only what torch leaves to BLAS has no product where alpha is 0; elsewhere 0 * nan is nan.
    blas = y.ndim == 2 or x.dtype.kind == "f" if x.ndim == 2 else math.prod(x.shape[1:]) * y.shape[2] >= _OWN_LOOP
    return plus(input, np.matmul(x, y), beta, alpha, blas)


def addbmm(input: Any, x: Any, y: Any, beta: Any, alpha: Any) -> Any:
    """beta * input + alpha * the sum of the products of two batches."""
    if x.dtype.char == "e":
        product = np.tensordot(x.astype(np.float32), y.astype(np.float32), ([0, 2], [0, 1]))
        return plus(input.astype(np.float32), product, beta, alpha).astype(np.float16)
    return plus(input, np.tensordot(x, y, ([0, 2], [0, 1])), beta, alpha, True)


def addr(input: Any, x: Any, y: Any, beta: Any, alpha: Any) -> Any:
    """beta * input + alpha * (x outer y); of bools the logic."""
    if x.dtype.kind == "b":
        product = np.multiply.outer(x, y) & bool(alpha)
        return product | (input & bool(beta))
    return plus(input, np.multiply.outer(x, y), beta, alpha)


def vdot(x: Any, y: Any) -> Any:
    return matmul(x.conj() if x.dtype.kind == "c" else x, y)


def trace(x: Any) -> Any:
    """The sum of the diagonal; of integers as int64."""
    diagonal = x.diagonal()
    if x.dtype.kind in "iu":
        return diagonal.sum(dtype=np.int64)
    wide = {"e": np.float32, "f": np.float64, "F": np.complex128}.get(x.dtype.char)
    return diagonal.sum(dtype=wide).astype(x.dtype)


def transposed(x: Any) -> Any:
    """The last two dimensions exchanged, conjugated."""
    x = x.T if x.ndim == 2 else x.swapaxes(-1, -2)
    return x.conj() if x.dtype.kind == "c" else x


def exchanged(x: Any) -> Any:
    return x.T if x.ndim == 2 else x.swapaxes(-1, -2)


def outer(x: Any, y: Any) -> Any:
    return np.multiply.outer(x, y)


def linear(x: Any, weight: Any) -> Any:
    return matmul(x, weight.T)


def linear_with_bias(bias: Any, x: Any, weight: Any) -> Any:
    if x.dtype.char == "e":
        wide = [a.astype(np.float32) for a in (bias, x, weight)]
        return linear_with_bias(*wide).astype(np.float16)
    out = np.matmul(x, weight.T)
    out += bias
    return out
