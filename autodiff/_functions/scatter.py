"""Writing and adding at positions that tensors of indices name, in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments
from autodiff._core.batched import whole
from autodiff._core.function import function
from autodiff._core.modes import no_grad
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import cast, checked_number, refuse_complex
from autodiff._functions.selection import check_bounds, check_flat, named, whole_index
from autodiff._functions.shape import reshaped


def _check_scatter(input: Tensor, d: int, index: Tensor, src: Any) -> None:
    whole_index("scatter", index)
    shape, wanted = input._array.shape or (1,), index._array.shape or (1,)
    if isinstance(src, Tensor) and src._array.dtype is not input._array.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index._array.size:
        return
    if len(shape) != len(wanted):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    given = (src._array.shape or (1,)) if isinstance(src, Tensor) else wanted
    if len(given) != len(wanted):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if any((i != d and m > n) or m > k for i, (n, m, k) in enumerate(zip(shape, wanted, given))):
        raise RuntimeError(
            f"Expected index {list(wanted)} to be no larger than self {list(shape)} apart from dimension {d}"
            + (f" and to be no larger size than src {list(given)}" if isinstance(src, Tensor) else "")
        )
    check_bounds(whole(index), shape[d], d)


_NO_DERIVATIVE = "derivative for aten::scatter is not implemented"


@function(inplace="apart", out="same")
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy that holds src (tensor or number) at `index` along `dim`; of several for one place the last.

    `reduce` ("add" or "multiply") brings them together with what is there, without a derivative.
    """
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter() received an invalid combination of arguments: neither src nor value")
    d = arguments.dim(dim, input._array.ndim)
    _check_scatter(input, d, index, src)
    if not isinstance(src, Tensor):
        src = checked_number(src, input._array.dtype)
        if reduce is None:
            return ops.scatter_value(input, index, value=src, dim=d)  # type: ignore[no-any-return]
        src = wrap(np.full(index._array.shape, src, input._array.dtype))
    if reduce is None:
        return ops.scatter(input, index, src, dim=d)  # type: ignore[no-any-return]
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    how = "sum" if reduce == "add" else "prod"
    with no_grad():
        found = ops.scatter_reduce(input, index, src, dim=d, reduce=how, include_self=True)
    return ops.refused(found, input, src, why=_NO_DERIVATIVE)  # type: ignore[no-any-return]


@function(inplace="apart", out="same")
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """input with src added at `index` along `dim`."""
    if not isinstance(src, Tensor):
        raise TypeError(f"scatter_add(): argument 'src' (position 3) must be Tensor, not {type(src).__name__}")
    d = arguments.dim(dim, input._array.ndim)
    _check_scatter(input, d, index, src)
    return ops.scatter_add(input, index, src, dim=d)  # type: ignore[no-any-return]


_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def _check_reduced(name: str, kernel: str, reduce: str, x: Tensor, src: Tensor) -> None:
    """Raise for dtypes that torch cannot reduce so, or not with a derivative."""
    kind = x._array.dtype.kind
    refuse_complex(name, x, src)
    if (kind == "b" and reduce == "mean") or (kind == "c" and reduce in ("amax", "amin")):
        raise NotImplementedError(f"\"{kernel}_{reduce}\" not implemented for '{named(x)}'")


@function(inplace="apart", out="same")
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """input at `index` along `dim` reduced with src: "sum", "prod", "mean", "amax" or "amin"."""
    d = arguments.dim(dim, input._array.ndim)
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    _check_scatter(input, d, index, src)
    _check_reduced("scatter_reduce", "scatter_gather_tensor_cpu_reduce", reduce, input, src)
    return ops.scatter_reduce(input, index, src, dim=d, reduce=reduce, include_self=bool(include_self))  # type: ignore[no-any-return]


# -- one index for each slice --------------------------------------------------------------------------------


def _check_index(name: str, index: Tensor) -> None:
    if index._array.dtype.name not in ("int32", "int64"):
        raise RuntimeError(f"{name}_(): Expected dtype int32/int64 for index but got: {named(index)}")


def _slices(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor, *, alike: bool = True) -> int:
    """The dimension, once shapes fit. `alike`: a vector of one is no slice of a 0-dim tensor, nor the reverse."""
    d = arguments.dim(dim, input._array.ndim)
    shape, given = input._array.shape, source._array.shape
    if index._array.ndim > 1:
        raise IndexError(
            f"{name}_(): Index is supposed to be a vector or a number, but got dim: {index._array.ndim} with type: "
            f"{named(index)} and size: {list(index._array.shape)}"
        )
    # index_copy counts what it is given before it compares shapes, and calls both a matter of indices.
    counted: type[Exception] = RuntimeError if alike else IndexError
    if not alike and shape and given and len(shape) != len(given):
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({len(given)}), destination dimensionality ({len(shape)})"
        )
    if given and d >= len(given):
        raise RuntimeError(f"{name}_(): Indexing dim {d} is out of bounds of the source tensor with dim {len(given)}")
    count = given[d] if given else 1
    if index._array.size != count:
        raise counted(
            f"{name}_(): Number of indices ({index._array.size}) should be equal to source.size(dim): "
            f"({count}), for dim: {d}"
        )
    if not alike:
        shape, given = shape or (1,), given or (1,)
    if len(shape) != len(given) or shape[:d] != given[:d] or shape[d + 1 :] != given[d + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(shape)} source.shape = {list(given)}"
        )
    return d


@function(inplace="apart", out="same")
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """input with alpha * source added to the slices along `dim` that `index` names."""
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"index_add_(): self ({named(input)}) and source ({named(source)}) must have the same scalar type"
        )
    _check_index("index_add", index)
    d = _slices("index_add", input, dim, index, source)
    if input._array.size:
        error = RuntimeError if input._array.ndim > 1 else IndexError
        check_bounds(whole(index), (input._array.shape or (1,))[d], d, error)
    elif input._array.ndim == 1:
        check_bounds(whole(index), 0, d, IndexError)
    return ops.index_add(input, index, source, dim=d, alpha=alpha)  # type: ignore[no-any-return]


@function(inplace="apart", out="same")
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy in which the slices along `dim` that `index` names hold source."""
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{named(input)} and (source) {named(source)}"
        )
    if index._array.dtype.name != "int64":
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {named(index)}")
    d = _slices("index_copy", input, dim, index, source, alike=False)
    n = (input._array.shape or (1,))[d]
    if input._array.size or not n:  # else there is nothing to copy, wherever that would be
        check_bounds(whole(index), n, d, IndexError if n else RuntimeError, before="index_copy_(): ")
    return ops.index_copy(input, index, source, dim=d)  # type: ignore[no-any-return]


@function(inplace="overlapping")
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy in which the slices along `dim` that `index` names hold one value."""
    d = arguments.dim(dim, input._array.ndim)
    n = (input._array.shape or (1,))[d]
    if index._array.dtype.name not in ("int32", "int64"):
        raise IndexError(f"index_fill_(): Expected dtype int64 for index, but got {named(index)}")
    if input._array.size:  # else there is nothing to fill, wherever that would be
        check_bounds(whole(index), n, d, IndexError, -n)
    if index._array.ndim > 1:
        raise RuntimeError(f"Index has to be a vector/scalar, but has the shape {list(index._array.shape)}")
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        return ops.index_fill_tensor(input, index, cast(value, input._array.dtype), dim=d)  # type: ignore[no-any-return]
    return ops.index_fill(input, index, value=checked_number(value, input._array.dtype), dim=d)  # type: ignore[no-any-return]


@function(inplace="apart", out="same")
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """The slices along `dim` that `index` names reduced with source: "prod", "mean", "amax" or "amin"."""
    if reduce not in _REDUCTIONS[1:]:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"index_reduce_(): self ({named(input)}) and source ({named(source)}) must have the same scalar type"
        )
    _check_index("index_reduce", index)
    d = _slices("index_reduce", input, dim, index, source)
    if input._array.ndim <= 1 and input._array.dtype.kind in "bc":
        raise NotImplementedError(f"\"index_func_\" not implemented for '{named(input)}'")
    check_bounds(whole(index), (input._array.shape or (1,))[d], d, IndexError)
    if not include_self and input._array.dtype.kind in "bc":
        raise NotImplementedError(f"\"index_reduce_func_exclude_input_init\" not implemented for '{named(input)}'")
    if index._array.size:
        _check_reduced("index_reduce", "index_func", reduce, input, source)
    shape = source._array.shape
    places = index
    if shape:
        places = ops.expand(reshaped(index, (shape[d], *(1,) * (len(shape) - d - 1))), shape=shape)
    return ops.index_reduce(input, places, source, dim=d, reduce=reduce, include_self=bool(include_self))  # type: ignore[no-any-return]


# -- one place for each element, counted flat ----------------------------------------------------------------


@function(inplace="apart")
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy that holds source, or has it added, at places counted flat, from either end."""
    if index._array.dtype.name != "int64":
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {named(index)}")
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{named(input)} and source.dtype = {named(source)}"
        )
    if index._array.size != source._array.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._array.size}, index.numel() = {index._array.size}"
        )
    if index._array.size and not input._array.size:
        raise IndexError("put_(): Tried to put elements into an empty tensor")
    check_flat(whole(index), input._array.size)
    return ops.put(input, index, source, accumulate=bool(accumulate))  # type: ignore[no-any-return]
