"""Writing and adding at positions that tensors of indices name, in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import checked_number
from autodiff._functions.index import put_value, reading
from autodiff._functions.selection import check_bounds, named, whole_index


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
    check_bounds(index._array, shape[d], d)


@function(inplace=True, out=True)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy that holds src (tensor or number) at `index` along `dim`; of several for one place the last."""
    src = value if src is None else src
    d = arguments.dim(dim, input._array.ndim)
    _check_scatter(input, d, index, src)
    if reduce == "add":
        full = src if isinstance(src, Tensor) else wrap(np.full(index._array.shape, src, input._array.dtype))
        return ops.scatter_add(input, index, full, dim=d)  # type: ignore[no-any-return]
    if reduce is not None:
        raise RuntimeError(f"reduce argument must be 'add' here, got {reduce!r}")
    if isinstance(src, Tensor):
        return ops.scatter(input, index, src, dim=d)  # type: ignore[no-any-return]
    return ops.scatter_value(input, index, value=checked_number(src, input._array.dtype), dim=d)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """input with src added at `index` along `dim`."""
    if not isinstance(src, Tensor):
        raise TypeError(f"scatter_add(): argument 'src' (position 3) must be Tensor, not {type(src).__name__}")
    d = arguments.dim(dim, input._array.ndim)
    _check_scatter(input, d, index, src)
    return ops.scatter_add(input, index, src, dim=d)  # type: ignore[no-any-return]


# -- one index for each slice --------------------------------------------------------------------------------


def _slices(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> int:
    d = arguments.dim(dim, input._array.ndim)
    shape, given = input._array.shape, source._array.shape
    count = given[d] if given else 1
    if index._array.size != count:
        raise RuntimeError(
            f"{name}_(): Number of indices ({index._array.size}) should be equal to source.size(dim): "
            f"({count}), for dim: {d}"
        )
    if bool(shape) != bool(given) or shape[:d] != given[:d] or shape[d + 1 :] != given[d + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            "self.shape = "
            f"{list(shape)} source.shape = {list(given)}"
        )
    return d


@function(inplace=True, out=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """input with alpha * source added to the slices along `dim` that `index` names."""
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"index_add_(): self ({named(input)}) and source ({named(source)}) must have the same scalar type"
        )
    d = _slices("index_add", input, dim, index, source)
    check_bounds(index._array, (input._array.shape or (1,))[d], d)
    return ops.index_add(input, index, source, dim=d, alpha=alpha)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy in which the slices along `dim` that `index` names hold source."""
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{named(input)} and (source) {named(source)}"
        )
    d = _slices("index_copy", input, dim, index, source)
    check_bounds(index._array, (input._array.shape or (1,))[d], d, IndexError, before="index_copy_(): ")
    return ops.index_copy(input, index, source, dim=d)  # type: ignore[no-any-return]


@function(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy in which the slices along `dim` that `index` names hold one value."""
    d = arguments.dim(dim, input._array.ndim)
    n = (input._array.shape or (1,))[d]
    check_bounds(index._array, n, d, IndexError, -n)
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        return ops.index_fill_tensor(input, index, ops.to(value, dtype=input._array.dtype), dim=d)  # type: ignore[no-any-return]
    return ops.index_fill(input, index, value=checked_number(value, input._array.dtype), dim=d)  # type: ignore[no-any-return]


# -- in every combination ------------------------------------------------------------------------------------


@function(inplace=True)
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy in which `input[indices]` holds the values, or has them added."""
    view, places = reading(input, tuple(indices))
    value = put_value(view, places, values, False)
    return ops.index_put(view, value, indices=places, accumulate=bool(accumulate))  # type: ignore[no-any-return]
