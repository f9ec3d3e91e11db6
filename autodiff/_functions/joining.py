"""Joining tensors, in torch's signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.inference import viewed
from autodiff._functions.shape import reshaped


def _list_of(name: str, tensors: Any) -> list[Tensor]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return list(tensors)


def _not_empty(name: str, tensors: Any) -> list[Tensor]:
    given = _list_of(name, tensors)
    if not given:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return given


def _of_one_dtype(tensors: list[Tensor]) -> list[Tensor]:
    first = tensors[0]._array.dtype
    if all(x._array.dtype is first for x in tensors):
        return tensors
    target = dtypes.result_type(x._array for x in tensors)
    return [x if x._array.dtype is target else ops.promoted(x, dtype=target) for x in tensors]


@function(method=False, out="joining", aliases=("concat", "concatenate"))
def cat(tensors: Any, dim: int = 0) -> Tensor:
    """Joined along an existing dimension."""
    given = _list_of("cat", tensors)
    if not given:
        raise ValueError("cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(given):
        if not x._array.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    given = _of_one_dtype(given)
    # torch has always let empty vectors join anything.
    kept = [x for x in given if x._array.shape != (0,)] or given[:1]
    shape = kept[0]._array.shape
    d = one_dim(dim, len(shape))
    for i, x in enumerate(kept[1:], 1):
        other = x._array.shape
        if len(other) != len(shape):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {len(other)}")
        if other[:d] != shape[:d] or other[d + 1 :] != shape[d + 1 :]:
            bad = next(j for j in range(len(shape)) if j != d and other[j] != shape[j])
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {d}. Expected size {shape[bad]} but got "
                f"size "
                f"{other[bad]} for tensor number {i} in the list."
            )
    return ops.cat(*given, dim=d)  # type: ignore[no-any-return]


@function(method=False, out="joining")
def stack(tensors: Any, dim: int = 0) -> Tensor:
    """Joined along a new dimension."""
    given = _list_of("stack", tensors)
    if not given:
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = given[0]._array.shape
    for i, x in enumerate(given):
        if x._array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(x._array.shape)} at entry {i}"
            )
    d = one_dim(dim, len(shape) + 1)
    stacked: Tensor = ops.stack(*_of_one_dtype(given), dim=d)
    return viewed(stacked, given) if d < len(shape) else stacked


def _at_least(input: Any, ndim: int) -> Any:
    if isinstance(input, (tuple, list)):
        return tuple([_at_least(x, ndim) for x in input])
    have = input._array.ndim
    if have >= ndim:
        return input
    if not have:
        return ops.view(input, shape=(1,) * ndim)
    if have == 1:
        input = ops.unsqueeze(input, dim=0)
    # Of three dimensions a vector's is the second, and a matrix keeps its first two.
    return ops.unsqueeze(input, dim=2) if ndim == 3 else input


@function(method=False)
def atleast_1d(*tensors: Tensor | Sequence[Tensor]) -> Any:
    """A 0-dim tensor as a vector of one; others as they are. Several tensors give a tuple."""
    return _at_least(tensors[0] if len(tensors) == 1 else tensors, 1)


@function(method=False)
def atleast_2d(*tensors: Tensor | Sequence[Tensor]) -> Any:
    """Leading dimensions of size 1 until there are two. Several tensors give a tuple."""
    return _at_least(tensors[0] if len(tensors) == 1 else tensors, 2)


@function(method=False)
def atleast_3d(*tensors: Tensor | Sequence[Tensor]) -> Any:
    """Dimensions of size 1 until there are three. Several tensors give a tuple."""
    return _at_least(tensors[0] if len(tensors) == 1 else tensors, 3)


@function(method=False, out="joining")
def hstack(tensors: Any) -> Tensor:
    """Joined along columns (vectors along their only dimension)."""
    given = list(_at_least(tuple(_not_empty("hstack", tensors)), 1))
    return cat(given, 0 if given[0]._array.ndim == 1 else 1)  # type: ignore[no-any-return]


@function(method=False, out="joining", aliases=("row_stack",))
def vstack(tensors: Any) -> Tensor:
    """Joined along rows."""
    return cat(list(_at_least(tuple(_not_empty("vstack", tensors)), 2)), 0)  # type: ignore[no-any-return]


@function(method=False, out="joining")
def dstack(tensors: Any) -> Tensor:
    """Joined along the third dimension, which is made where it is missing."""
    return cat(list(_at_least(tuple(_not_empty("dstack", tensors)), 3)), 2)  # type: ignore[no-any-return]


@function(method=False, out="joining")
def column_stack(tensors: Any) -> Tensor:
    """Joined along columns, of which a vector or a number is one."""
    given = _not_empty("column_stack", tensors)
    return cat([reshaped(x, (x._array.size, 1)) if x._array.ndim <= 1 else x for x in given], 1)  # type: ignore[no-any-return]


@function(method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of zeros; vectors and numbers are rows."""
    given = _list_of("block_diag", tensors)
    if not given:
        return wrap(np.zeros((1, 0), dtypes.Default.real))
    for i, x in enumerate(given):
        if x._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x._array.ndim} "
                "dimensions"
            )
    return ops.block_diag(*_of_one_dtype(given))  # type: ignore[no-any-return]


# -- every combination ---------------------------------------------------------------------------------------


@function(method=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Vectors expanded over a grid, whose first two dimensions "xy" exchanges; without `indexing` it is "ij"."""
    given = _not_empty("meshgrid", tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors)
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in given:
        if x._array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x}")
    if any(x._array.dtype is not given[0]._array.dtype for x in given):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    n = len(given)
    axes = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    shape = [1] * n
    for axis, x in zip(axes, given):
        shape[axis] = x._array.size
    return tuple(
        [
            ops.expand(
                ops.view(x, shape=tuple([x._array.size if d == axis else 1 for d in range(n)])), shape=tuple(shape)
            )
            for axis, x in zip(axes, given)
        ]
    )


def _vector(x: Tensor) -> None:
    if x._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(x._array.shape)}")


@function(method=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of an element of each vector, a row each."""
    for x in tensors:
        _vector(x)
    if len(tensors) == 1:
        return tensors[0]
    return stack([ops.reshape_to(g, shape=(g._array.size,)) for g in meshgrid(*tensors)], 1)  # type: ignore[no-any-return]


@function(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of r elements of a vector, in order, a row each."""
    _vector(input)
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return wrap(np.empty(0, input._array.dtype))
    places = np.indices((input._array.size,) * r)
    rising = np.less_equal if with_replacement else np.less
    kept = wrap(np.asarray(rising(places[:-1], places[1:]).all(axis=0)))
    return stack([ops.masked_select(g, kept) for g in meshgrid(*[input] * r)], 1)  # type: ignore[no-any-return]
