"""The same elements in another order, repeated, or with others around them, always copied; in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes, errors
from autodiff._core.arguments import dim as one_dim
from autodiff._core.batched import blank
from autodiff._core.casting import brought
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import checked_number, refuse_complex
from autodiff._functions.inference import viewed
from autodiff._functions.shape import as_strided, check_slice, reshaped
from autodiff._kernels import geometry

METHOD = "Tensor"  # the namespace of what is a method only


@function()
def flip(input: Tensor, *dims: Any, **by_name: Any) -> Tensor:
    """The order reversed along the dimensions, always copied."""
    return ops.flip(input, dims=arguments.dims(arguments.sizes(dims, by_name, "dims"), input._array.ndim))  # type: ignore[no-any-return]


@function()
def fliplr(input: Tensor) -> Tensor:
    """The order of the columns reversed, always copied."""
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)  # type: ignore[no-any-return]


@function()
def flipud(input: Tensor) -> Tensor:
    """The order of the rows reversed, always copied."""
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)  # type: ignore[no-any-return]


def _joined(input: Tensor) -> tuple[Any, ...]:
    """As autocast leaves it: torch's cuts it in two and joins these, which autocast knows."""
    return brought("widest", input) if input._array.size else (input,)


@function()
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """Moved along the dimensions, what leaves at one end coming in at the other; flat if none is named."""
    by = arguments.sizes((shifts,))
    if not by:
        raise RuntimeError("`shifts` required")
    if dims is None or dims == ():
        if len(by) > 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:0")
        (input,) = _joined(input)
        return viewed(ops.roll(input, shifts=by[0:1], dims=None), (input,))
    along = tuple([one_dim(d, input._array.ndim) for d in arguments.sizes((dims,))])
    if len(along) != len(by):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    (input,) = _joined(input)
    return ops.roll(input, shifts=by, dims=along)  # type: ignore[no-any-return]


@function(METHOD, method=True)
def repeat(self: Tensor, *repeats: Any, **by_name: Any) -> Tensor:
    """Laid out several times along each dimension; leading numbers make new dimensions."""
    times = arguments.sizes(repeats, by_name, "repeats")
    if len(times) < self._array.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(n < 0 for n in times):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(times)}: {list(times)}")
    return viewed(ops.repeat(self, times=times), (self,))


@function()
def tile(input: Tensor, *dims: Any, **by_name: Any) -> Tensor:
    """Like `repeat`, with missing leading numbers taken as 1."""
    times = arguments.sizes(dims, by_name, "dims")
    return repeat(input, (1,) * (input._array.ndim - len(times)) + times)  # type: ignore[no-any-return]


@function()
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Turned k times by 90 degrees, from the first of two dimensions towards the second."""
    ndim, given = input._array.ndim, tuple(dims)
    if len(given) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(given)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    a, b = (one_dim(d, ndim) for d in given)
    if a == b:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {given[0]} and dim1 = {given[1]}")
    return ops.rot90(input, k=k % 4, dims=(a, b))  # type: ignore[no-any-return]


@function(METHOD, name="repeat_interleave", method=True)
def repeat_interleave_method(
    self: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each slice along `dim` several times in a row; flat without a dim."""
    return repeat_interleave(self, repeats, dim, output_size=output_size)  # type: ignore[no-any-return]


@function(method=False)
def repeat_interleave(
    input: Any = None, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each slice along `dim` several times in a row; flat without a dim; repeats alone gives the places of so many."""
    if input is None or repeats is None:
        times = repeats if input is None else input
        return wrap(_places(times, times._array.size).astype(times._array.dtype))
    if not isinstance(repeats, Tensor) and not isinstance(repeats, (int, np.integer)):
        raise TypeError(
            f"repeat_interleave() received an invalid combination of arguments - got ({type(repeats).__name__})"
        )
    if dim is None:
        input, dim = reshaped(input, (input._array.size,)), 0
    shape = input._array.shape
    if isinstance(repeats, Tensor):
        if repeats._array.ndim > 1:
            raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
        if not shape:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        d = one_dim(dim, len(shape))
        if repeats._array.size not in (1, shape[d]):
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got repeats.size(0) = "
                f"{repeats._array.size} and input.size({d}) = {shape[d]}"
            )
        places = _places(repeats, shape[d])
        if output_size is not None and output_size != places.size:
            raise RuntimeError("allocated size does not match required size")
        return ops.index_select(input, wrap(places), dim=d)  # type: ignore[no-any-return]
    d = one_dim(dim, len(shape) + (not shape))
    if not shape:
        one_dim(d + 1, 1)
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if output_size is not None and output_size != repeats * shape[d]:
        raise RuntimeError(
            f"repeat_interleave: Invalid output_size, expected {repeats * shape[d]} but got {output_size}"
        )
    wide = ops.expand(ops.unsqueeze(input, dim=d + 1), shape=(*shape[: d + 1], int(repeats), *shape[d + 1 :]))
    return ops.view(ops.contiguous(wide), shape=(*shape[:d], shape[d] * int(repeats), *shape[d + 1 :]))  # type: ignore[no-any-return]


def _places(repeats: Tensor, n: int) -> Any:
    """0 as often as the first of `repeats` says, 1 as often as the second, and so on."""
    times = repeats._array
    if times.dtype.kind not in "iu" or times.dtype.itemsize < 4:
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{dtypes.title(times.dtype)}'")
    if times.size and times.min() < 0:
        raise RuntimeError("repeats can not be negative")
    return np.repeat(np.arange(n), times)


@function(method=False)
def constant_pad_nd(input: Tensor, pad: Any, value: Any = 0) -> Tensor:
    """With `value` around it: pairs of numbers of elements before and after, the last dimension's first."""
    widths, ndim = tuple(pad), input._array.ndim
    if len(widths) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(widths)}")
    if len(widths) > 2 * ndim:
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(widths)}while the input has {ndim}dimensions."
        )
    missing = (0,) * (ndim - len(widths) // 2)
    before, after = (*missing, *widths[-2::-2]), (*missing, *widths[::-2])
    for n, a, b in zip(input._array.shape, before, after):
        if n + min(a, 0) + min(b, 0) < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
    filled = checked_number(value, input._array.dtype)
    return ops.constant_pad_nd(input, before=before, after=after, value=filled)  # type: ignore[no-any-return]


# -- a region written over -----------------------------------------------------------------------------------


@function(out="same")
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of input that holds src in the slice from `start` to `end` along `dim`."""
    d = one_dim(dim, input._array.ndim)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    where = geometry.at(d, slice(*slice(start, end, step).indices(input._array.shape[d])))
    check_slice(src, blank(input)[where].shape)
    refuse_complex("slice_scatter", input, src)
    return ops.slice_scatter(input, src, index=where)  # type: ignore[no-any-return]


@function()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of input that holds src at `index` along `dim`."""
    shape = input._array.shape
    d = one_dim(dim, len(shape))
    if not -shape[d] <= index < shape[d]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {d}")
    where = geometry.at(d, index)
    check_slice(src, blank(input)[where].shape)
    refuse_complex("select_scatter", input, src)
    return viewed(ops.select_scatter(input, src, index=where), (input, src))


@function()
def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A copy of input in whose memory src is written by size, stride and offset in elements."""
    whole = ops.contiguous(input.detach())
    region = as_strided(whole, size, stride, storage_offset)
    check_slice(src, region._array.shape)
    if any(n > 1 and not k for n, k in zip(size, stride)):  # torch looks for no other overlap
        raise RuntimeError(errors.OVERLAP)
    return ops.as_strided_scatter(  # type: ignore[no-any-return]
        input, src, shape=tuple(size), strides=tuple(stride), offset=storage_offset or 0
    )
