"""Diagonals and triangles of matrices, in torch's signatures."""

from __future__ import annotations

from typing import Any

from autodiff._core import arguments
from autodiff._core.batched import blank
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.shape import check_slice, reshaped


@function()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, as a last one; a view."""
    a, b = arguments.dim(dim1, input._array.ndim), arguments.dim(dim2, input._array.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal(input, offset=offset, dim1=a, dim2=b)  # type: ignore[no-any-return]


@function(method=False, out="same")
def diagonal_copy(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """`diagonal`, copied."""
    a, b = arguments.dim(dim1, input._array.ndim), arguments.dim(dim2, input._array.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal_copy(input, offset=offset, dim1=a, dim2=b)  # type: ignore[no-any-return]


@function("Tensor", method=True)
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """The elements whose indices are equal become a number; `wrap`: again below a tall matrix's last row but one.

    Raises RuntimeError for fewer than two dimensions, or for more that are not equal.
    """
    shape, array = self._array.shape, self._array
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    if len(shape) > 2:
        step = sum(s // array.itemsize for s in array.strides)
        self.as_strided((shape[0],), (step,)).fill_(fill_value)  # type: ignore[attr-defined]
        return self
    height, width = shape
    for top in range(0, height if wrap else 1, width + 1):
        ops.diagonal(self[top:], offset=0, dim1=0, dim2=1).fill_(fill_value)
    return self


@function(out="same", inplace=True)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle; zeros elsewhere."""
    if input._array.ndim < 2:
        raise RuntimeError("triu: input tensor must have at least 2 dimensions")
    return ops.triu(input, diagonal=diagonal)  # type: ignore[no-any-return]


@function(out="same", inplace=True)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle; zeros elsewhere."""
    if input._array.ndim < 2:
        raise RuntimeError("tril: input tensor must have at least 2 dimensions")
    return ops.tril(input, diagonal=diagonal)  # type: ignore[no-any-return]


@function()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Zeros with the last dimension of input along the diagonal of two new ones."""
    shape = input._array.shape
    if not shape:
        arguments.dim(dim1, 1)
    ndim = len(shape) + 1
    a, b = arguments.dim(dim1, ndim), arguments.dim(dim2, ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    room = list(shape[:-1])
    for d in sorted((a, b)):
        room.insert(d, shape[-1] + abs(offset))
    return ops.diag_embed(input, shape=tuple(room), offset=offset, dim1=a, dim2=b)  # type: ignore[no-any-return]


@function(out="same")
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix's diagonal, copied; or a matrix with a vector along its diagonal."""
    ndim = input._array.ndim
    if ndim == 1:
        return diag_embed(input, diagonal)  # type: ignore[no-any-return]
    if ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    return ops.diagonal_copy(input, offset=diagonal, dim1=0, dim2=1)  # type: ignore[no-any-return]


@function()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements along its diagonal."""
    return diag_embed(reshaped(input, (input._array.size,)), offset)  # type: ignore[no-any-return]


@function()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of input whose diagonal of two dimensions is src."""
    a, b = arguments.dim(dim1, input._array.ndim), arguments.dim(dim2, input._array.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    check_slice(src, blank(input).diagonal(offset, a, b).shape)
    return ops.diagonal_scatter(input, src, offset=offset, dim1=a, dim2=b)  # type: ignore[no-any-return]
