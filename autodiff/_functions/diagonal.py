"""Diagonals and triangles of matrices, in torch's signatures."""

from __future__ import annotations

from autodiff._core import arguments
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


@function()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, as a last one; a view."""
    a, b = arguments.dim(dim1, input._array.ndim), arguments.dim(dim2, input._array.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal(input, offset=offset, dim1=a, dim2=b)  # type: ignore[no-any-return]


@function(out=True, inplace=True)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle; zeros elsewhere."""
    if input._array.ndim < 2:
        raise RuntimeError("triu: input tensor must have at least 2 dimensions")
    return ops.triu(input, diagonal=diagonal)  # type: ignore[no-any-return]


@function(out=True, inplace=True)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle; zeros elsewhere."""
    if input._array.ndim < 2:
        raise RuntimeError("tril: input tensor must have at least 2 dimensions")
    return ops.tril(input, diagonal=diagonal)  # type: ignore[no-any-return]
