"""Norms of matrices and their condition, with torch's signatures: by norms of vectors and by singular values."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core import arguments
from autodiff._core.function import function
from autodiff._core.matrices import check_floating, check_matrix, check_square, renamed
from autodiff._core.promotion import cast
from autodiff._core.registry import FUNCTIONS, ops
from autodiff._core.tensor import Tensor, wrap

Order = float | str


def _vector_norm(input: Tensor, ord: float, dim: Any, keepdim: bool, dtype: Any = None) -> Tensor:
    return FUNCTIONS["linalg.vector_norm"].public(input, ord, dim, keepdim, dtype=dtype)  # type: ignore[no-any-return]


def _widened(name: str, input: Tensor, dtype: Any) -> Tensor:
    """The input in the dtype asked for, which may not be a narrower one."""
    if dtype is None:
        return input
    with renamed("linalg.vector_norm", name):
        FUNCTIONS["linalg.vector_norm"].public(input.detach(), 2, dtype=dtype)
    return cast(input, arguments.numpy_dtype(dtype))


@function("linalg", out=True)
def matrix_norm(
    input: Tensor, ord: Order = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """Frobenius' norm ("fro"), the nuclear one ("nuc"), or the one of order ±1, ±2, ±inf, over two dimensions."""
    name = "linalg.matrix_norm"
    check_matrix(name, input)
    if isinstance(dim, int):
        raise TypeError(
            "linalg_matrix_norm() received an invalid combination of arguments: dim must be a tuple of ints"
        )
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    rows, columns = (arguments.dim(d, input._array.ndim) for d in dim)
    if rows == columns:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if isinstance(ord, str) and ord not in ("fro", "nuc"):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    if not isinstance(ord, str) and abs(ord) not in (1, 2, math.inf):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    by_values = ord == "nuc" or ord in (2, -2)
    check_floating(name, input, half=not by_values)
    input = _widened(name, input, dtype)
    if ord == "fro":
        return _vector_norm(input, 2, (rows, columns), keepdim)
    if by_values:
        return _of_singular_values(input, ord, rows, columns, keepdim)
    over, along = (rows, columns) if abs(ord) == 1 else (columns, rows)  # type: ignore[arg-type]
    sums = _vector_norm(input, 1, over, keepdim)
    if not keepdim and over < along:
        along -= 1
    return _extreme(sums, ord, along, keepdim)  # type: ignore[arg-type]


def _extreme(x: Tensor, ord: float, dim: int, keepdim: bool) -> Tensor:
    """The largest for a positive order, else the smallest; of nothing the largest is 0."""
    if not x._array.shape[dim]:
        if ord < 0:
            raise IndexError(f"amin(): Expected reduction dim {dim} to have non-zero size.")
        return wrap(x._array.sum(dim, keepdims=keepdim))
    return (ops.amax if ord > 0 else ops.amin)(x, dims=(dim,), keepdim=keepdim)  # type: ignore[no-any-return]


def _of_singular_values(input: Tensor, ord: Order, rows: int, columns: int, keepdim: bool) -> Tensor:
    ndim = input._array.ndim
    order = (*[d for d in range(ndim) if d not in (rows, columns)], rows, columns)
    values = _singular_values(ops.permute(input, dims=order))
    last = values._array.ndim - 1
    if ord == "nuc":
        found = ops.sum(values, dims=(last,), keepdim=keepdim)
    else:
        if ord == -2 and not values._array.shape[-1]:
            raise IndexError("amin(): Expected reduction dim -1 to have non-zero size.")
        found = _extreme(values, ord, last, keepdim)  # type: ignore[arg-type]
    if not keepdim:
        return found  # type: ignore[no-any-return]
    found = ops.unsqueeze(found, dim=last + 1)
    return ops.permute(found, dims=tuple(order.index(d) for d in range(ndim)))  # type: ignore[no-any-return]


def _singular_values(input: Tensor) -> Tensor:
    return FUNCTIONS["linalg.svdvals"].public(input)  # type: ignore[no-any-return]


@function("linalg", out=True)
def norm(
    input: Tensor, ord: Order | None = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of vectors, or over two dimensions (and by default of a matrix) that of matrices."""
    ndim = input._array.ndim
    dims = None if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if ord is None:
        return _vector_norm(input, 2, dims, keepdim, dtype)
    if dims is not None and not isinstance(ord, str) and len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if dims is None and ndim not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D.")
    if isinstance(ord, str) or (ndim == 2 if dims is None else len(dims) == 2):
        return matrix_norm(input, ord, (-2, -1) if dims is None else dims, keepdim, dtype=dtype)  # type: ignore[no-any-return]
    return _vector_norm(input, ord, dims, keepdim, dtype)


@function("linalg", out=True)
def cond(input: Tensor, p: Order | None = None) -> Tensor:
    """The condition: a matrix' norm times that of its inverse, for order ±2 by singular values; inf if singular."""
    array = input._array
    if array.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p is None or p in (2, -2):
        if not array.size:
            return wrap(array.real.sum((-2, -1)))
        values = _singular_values(input)
        last = values._array.ndim - 1
        count = values._array.shape[-1]
        largest = ops.slice(values, dim=last, start=0, stop=1, step=1)
        smallest = ops.slice(values, dim=last, start=count - 1, stop=count, step=1)
        ratio = smallest / largest if p == -2 else largest / smallest
        return ops.squeeze1(ratio, dims=(last,))  # type: ignore[no-any-return]
    if (isinstance(p, str) and p not in ("fro", "nuc")) or (not isinstance(p, str) and abs(p) not in (1, math.inf)):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    check_square(f"linalg.cond(ord={p})", input)
    if not array.size:
        return wrap(array.real.sum((-2, -1)))
    if p == "nuc":
        # By the singular values on both sides: an inverse of infinities has none.
        values = _singular_values(input)
        over = (values._array.ndim - 1,)
        inverses = ops.sum(ops.reciprocal(values), dims=over, keepdim=False)
        return ops.sum(values, dims=over, keepdim=False) * inverses  # type: ignore[no-any-return]
    check_floating("linalg.inv", input)
    inverse, info = ops.inverse(input)
    if info._array.any():
        inverse = ops.where(wrap((info._array > 0)[..., None, None]), math.inf, inverse)
    found = matrix_norm(input, p) * matrix_norm(inverse, p)
    # 0 · inf is infinite here.
    return FUNCTIONS["nan_to_num"].public(found, math.inf, math.inf, -math.inf)  # type: ignore[no-any-return]


@function("", method=False, out="same")
def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """The square root of the sum of squares over one dimension or two."""
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) > 2:
        raise RuntimeError(f"Expected at most 2 dimensions, but got {len(dims)} dimensions instead.")
    return _vector_norm(input, 2.0, dims or None, keepdim)


@function("", method=False, out="same")
def nuclear_norm(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The sum of the singular values over two dimensions, the last two if none are named."""
    if isinstance(dim, bool):
        dim, keepdim = None, dim
    return matrix_norm(input, "nuc", (-2, -1) if dim is None else tuple(dim), keepdim)  # type: ignore[no-any-return]


@function("", method=False)
def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dimensions but one, which keep their places; over all of them for -1."""
    ndim = v._array.ndim
    if dim == -1:
        return _vector_norm(v, float(pow), None, False)
    kept = arguments.dim(dim, ndim)
    return _vector_norm(v, float(pow), tuple([d for d in range(ndim) if d != kept]), True)
