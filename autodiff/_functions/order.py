"""Sorting and the places of extremes, in torch's signatures."""

from __future__ import annotations

from typing import Any

from autodiff._core import arguments
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor

Sorted = named("sort", "values", "indices")
Largest = named("topk", "values", "indices")


def _refuse_complex(x: Tensor, sentence: str) -> None:
    if x._array.dtype.kind == "c":
        raise RuntimeError(f" {sentence} does not support complex dtypes on CPU")


@function(out=True)
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Any:
    """The elements in order along `dim`, and where they were; always stable, nan after everything."""
    _refuse_complex(input, "Sort")
    d = arguments.dim(dim, input._array.ndim)
    primitive = ops.sort if stable is None else ops.stable_sort
    return Sorted(*primitive(input, dim=d, descending=bool(descending)))  # type: ignore[arg-type]


@function(out="discrete")
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The places of the elements in order along `dim`."""
    _refuse_complex(input, "Sort")
    return ops.argsort(input, dim=arguments.dim(dim, input._array.ndim), descending=bool(descending))  # type: ignore[no-any-return]


@function(out=True)
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0)[0]  # type: ignore[no-any-return]


@function(out=True)
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) along `dim` in order, and where they were."""
    _refuse_complex(input, "topk")
    if input._array.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    array = input._array
    d = arguments.dim(dim, array.ndim)
    k = arguments.whole(k, "k")
    if not 0 <= k <= (array.shape[d] if array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    return Largest(*ops.topk(input, k=k, dim=d, largest=bool(largest)))  # type: ignore[arg-type]


def _place(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    array = input._array
    if array.dtype.kind in "bc":
        raise RuntimeError(f"{name}(): does not support {'bool' if array.dtype.kind == 'b' else 'complex'} input")
    if dim is None:
        if not array.size:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        return getattr(ops, name)(input, dim=None, keepdim=keepdim)  # type: ignore[no-any-return]
    d = arguments.dim(dim, array.ndim)
    if array.ndim and not array.shape[d]:
        raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    return getattr(ops, name)(input, dim=d, keepdim=keepdim)  # type: ignore[no-any-return]


@function(out="discrete")
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the first largest element is: along `dim`, or in all, counted flat."""
    return _place("argmax", input, dim, keepdim)


@function(out="discrete")
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the first smallest element is: along `dim`, or in all, counted flat."""
    return _place("argmin", input, dim, keepdim)
