"""Choosing by masks, in torch's signatures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.promotion import cast, plain
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import checked_number

METHOD = "Tensor"
NUMBER = (bool, int, float, complex)


def _named(x: Tensor) -> str:
    return dtypes.title(x._array.dtype)


@function(method=False, out=True)
def where(condition: Tensor, input: Any = ..., other: Any = ...) -> Any:
    """input where the condition holds, else other; with the condition alone, the indices where it holds."""
    if input is ... and other is ...:
        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor) and isinstance(input, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    if any(x is None or x is ... for x in (input, other)):
        raise TypeError("where() received an invalid combination of arguments: input and other belong together")
    mask = condition._array
    if mask.dtype.kind != "b":
        if mask.dtype.name != "uint8":
            raise RuntimeError(
                f"where expected condition to be a boolean tensor, but got a tensor with dtype {_named(condition)}"
            )
        condition = ops.to(condition, dtype=np.dtype("bool"))
    pair = [_number_or_tensor(x) for x in (input, other)]
    arrays = [x._array if isinstance(x, Tensor) else x for x in pair]
    target = dtypes.result_type(arrays)
    pair = [
        (x if x._array.dtype is target else ops.promoted(x, dtype=target))
        if isinstance(x, Tensor)
        else np.asarray(x).astype(target)[()]
        for x in pair
    ]
    try:
        return ops.where(condition, *pair)
    except ValueError:
        shapes = [np.shape(a) for a in (mask, *arrays)]
        raise _unequal(shapes) from None


def _unequal(shapes: list[tuple[int, ...]]) -> RuntimeError:
    """torch's sentence for the first pair of these shapes that do not broadcast."""
    a: tuple[int, ...] = ()
    for b in shapes:
        try:
            a = np.broadcast_shapes(a, b)
        except ValueError:
            width = max(len(a), len(b))
            long_a, long_b = (1,) * (width - len(a)) + a, (1,) * (width - len(b)) + b
            i = next(i for i in reversed(range(width)) if long_a[i] != long_b[i] and 1 not in (long_a[i], long_b[i]))
            return RuntimeError(
                f"The size of tensor a ({long_a[i]}) must match the size of tensor b ({long_b[i]}) at "
                f"non-singleton dimension {i}"
            )
    return RuntimeError(f"shapes {shapes} cannot be broadcast together")


def _number_or_tensor(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x
    x = plain(x)
    if not isinstance(x, NUMBER):
        raise TypeError(f"where(): argument must be Tensor or Number, not {type(x).__name__}")
    return x


@function(METHOD, name="where", method=True)
def where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where the condition holds, else other."""
    return where(condition, self, other)  # type: ignore[no-any-return]


def _check_mask(mask: Tensor, sentence: str) -> None:
    if mask._array.dtype.kind != "b":
        raise RuntimeError(sentence)


@function(inplace="first apart")
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy that holds `value` (a number or a 0-dim tensor) wherever the mask holds."""
    if mask._array.dtype.kind != "b":
        kind = {"float32": "float", "float64": "double", "int64": "long int", "uint8": "unsigned char"}
        given = kind.get(mask._array.dtype.name, mask._array.dtype.name)
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {given}")
    try:
        if isinstance(value, Tensor):
            if value._array.ndim:
                raise RuntimeError(
                    f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                    f"{value._array.ndim} dimension(s)."
                )
            if not dtypes.can_cast(value._array.dtype, input._array.dtype):
                raise RuntimeError(
                    f"result type {_named(value)} can't be cast to the desired output type {_named(input)}"
                )
            return ops.masked_fill_tensor(input, cast(value, input._array.dtype), mask)  # type: ignore[no-any-return]
        return ops.masked_fill(input, mask, value=checked_number(value, input._array.dtype))  # type: ignore[no-any-return]
    except ValueError:
        raise _unequal([mask._array.shape, input._array.shape]) from None


@function(out="same")
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in order."""
    _check_mask(mask, "masked_select: expected BoolTensor for mask")
    try:
        return ops.masked_select(input, mask)  # type: ignore[no-any-return]
    except ValueError:
        raise _unequal([input._array.shape, mask._array.shape]) from None


@function(inplace="overlapping")
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy that holds the first elements of source, in order, wherever the mask holds."""
    _check_mask(mask, f"masked_scatter_ only supports boolean masks, but got mask with dtype {_named(mask)}")
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{_named(input)} and {_named(source)}"
        )
    shape = _broadcast_pair(input, mask)
    if np.count_nonzero(np.broadcast_to(mask._array, shape)) > source._array.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return ops.masked_scatter(input, source, mask)  # type: ignore[no-any-return]


def _broadcast_pair(a: Tensor, b: Tensor) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a._array.shape, b._array.shape)
    except ValueError:
        raise _unequal([b._array.shape, a._array.shape]) from None


@function(out=True)
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not 0: a row for each, or a tensor for each dimension."""
    array = np.asarray(input._array)
    # One dimension's indices after another, as in torch.
    rows = wrap(np.array(np.argwhere(np.atleast_1d(array) if as_tuple else array), order="F"))
    return ops.unbind(rows, dim=1) if as_tuple else rows


@function(out="same")
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first `size` rows of `nonzero`, a number that data do not decide; rows of `fill_value` where there are fewer.

    Raises RuntimeError for a negative size.
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    rows = np.argwhere(input._array)[:size]
    found = np.full((size, input._array.ndim), fill_value, np.int64)
    found[: len(rows)] = rows
    return wrap(found)


@function(method=False)
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Where the elements that `indices` count stand in a tensor of a shape, a tensor for each dimension.

    Raises TypeError for indices that are no integers, ValueError for a negative size.
    """
    if indices._array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    steps = [math.prod(sizes[d + 1 :]) for d in range(len(sizes))]
    places = ops.to(indices, dtype=np.dtype(np.int64))
    return tuple([places // step % n for step, n in zip(steps, sizes)])


@function()
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not 0, a row for each."""
    return nonzero(input)  # type: ignore[no-any-return]
