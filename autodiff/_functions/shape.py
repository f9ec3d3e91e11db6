"""Geometry in torch's signatures: reshaping, dimensions in another order, joining and parting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.function import function
from autodiff._core.geometry import preserve_format
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, alias, written
from autodiff._kernels import geometry, layout

METHOD = "Tensor"  # the namespace of what is a method only

# -- another shape of the same elements ----------------------------------------------------------------------


@function(METHOD, method=True)
def view(self: Tensor, *shape: Any, **by_name: Any) -> Tensor:
    """The same memory in another shape, or as another dtype.

    Raises RuntimeError where strides do not allow it.
    """
    if (shape and isinstance(shape[0], dtypes.dtype)) or "dtype" in by_name:
        return _view_dtype(self, arguments.numpy_dtype(by_name.get("dtype", *shape)))
    array = self._array
    size = arguments.filled_in(arguments.sizes(shape, by_name), array.size)
    try:
        return ops.view(self, shape=size)  # type: ignore[no-any-return]
    except ValueError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across "
            "two contiguous subspaces). Use .reshape(...) instead."
        ) from None


def _view_dtype(x: Tensor, target: Any) -> Tensor:
    array = x._array
    if array.dtype is not target and dtypes.bfloat16.numpy in (array.dtype, target):
        raise NotImplementedError("view(dtype): a bfloat16 tensor's bits are not at hand; to(dtype) casts its values")
    old, new = array.dtype.itemsize, target.itemsize
    if old != new and (not array.ndim or array.strides[-1] != old):
        raise RuntimeError(
            "self.dim() cannot be 0 to view Float as Double (different element sizes)" if not array.ndim
            else f"self.stride(-1) must be 1 to view {dtypes.title(array.dtype)} as {dtypes.title(target)} (different "
            f"element sizes), but got {array.strides[-1] // old}"
        )  # fmt: skip
    if new > old:
        _check_divisible(x, new // old, target)
    if new > old and array.shape[-1] * old % new:
        raise RuntimeError(
            f"self.size(-1) must be divisible by {new // old} to view {dtypes.title(array.dtype)} as "
            f"{dtypes.title(target)} (different element sizes), but got {array.shape[-1]}"
        )
    seen = alias(x)  # torch's has no derivative either
    seen._array = seen._array.view(target)
    return seen


def _check_divisible(x: Tensor, times: int, target: Any) -> None:
    """Raise where an element of the wider dtype would begin inside another one."""
    array, step = x._array, x._array.itemsize
    names = f"to view {dtypes.title(array.dtype)} as {dtypes.title(target)} (different element sizes), but got"
    offset = 0 if x._base is None else (address(x.memory()) - address(x._base.memory())) // step
    if offset % times:
        raise RuntimeError(f"self.storage_offset() must be divisible by {times} {names} {offset}")
    for d, n in enumerate(array.strides[:-1]):
        if n // step % times:
            raise RuntimeError(f"self.stride({d}) must be divisible by {times} {names} {n // step}")


@function()
def reshape(input: Tensor, *shape: Any, **by_name: Any) -> Tensor:
    """A view in another shape where strides allow it, else a copy."""
    return reshaped(input, arguments.filled_in(arguments.sizes(shape, by_name, "shape"), input._array.size))


def reshaped(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Like `reshape`, of a shape without -1."""
    array = input._array
    if not isinstance(array, np.ndarray) or array.flags.c_contiguous:
        return ops.view(input, shape=shape)  # type: ignore[no-any-return]
    try:
        return ops.reshape_alias(input, shape=shape)  # type: ignore[no-any-return]
    except ValueError:
        return ops.reshape_to(ops.contiguous(input), shape=shape)  # type: ignore[no-any-return]


@function(METHOD, method=True)
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The same memory in another tensor's shape."""
    return view(self, *other._array.shape) if other._array.ndim else view(self, ())  # type: ignore[no-any-return]


@function(METHOD, method=True)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """Reshaped to another tensor's shape."""
    return reshape(self, other._array.shape)  # type: ignore[no-any-return]


@function()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one."""
    shape = input._array.shape
    first, last = one_dim(start_dim, len(shape)), one_dim(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshaped(input, (1,))
    if first == last:
        return input
    return reshaped(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@function()
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; in contiguous memory, which makes it a copy where reshaping would be a view."""
    return reshaped(input if input._array.flags.c_contiguous else ops.contiguous(input), (input._array.size,))


@function()
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several; one of `sizes` may be -1."""
    shape = input._array.shape
    d = one_dim(dim, len(shape))
    try:
        inner = arguments.filled_in(arguments.sizes((sizes,)), shape[d])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} "
            f"({shape[d]}) in the "
            "input tensor"
        ) from None
    return ops.view(input, shape=(*shape[:d], *inner, *shape[d + 1 :]))  # type: ignore[no-any-return]


@function(inplace="view")
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of size 1: all, or those named that are."""
    ndim = input._array.ndim
    if dim is None:
        return ops.squeeze0(input, dims=range(ndim))  # type: ignore[no-any-return]
    if isinstance(dim, (tuple, list)):
        return ops.squeeze2(input, dims=arguments.dims(dim, ndim))  # type: ignore[no-any-return]
    return ops.squeeze1(input, dims=(one_dim(dim, ndim),))  # type: ignore[no-any-return]


@function(inplace="view")
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size 1 at `dim`."""
    return ops.unsqueeze(input, dim=one_dim(dim, input._array.ndim + 1))  # type: ignore[no-any-return]


@function(METHOD, method=True)
def expand(self: Tensor, *size: Any, implicit: bool = False, **by_name: Any) -> Tensor:
    """Broadcast to a shape without copying; -1 keeps a size."""
    return ops.expand(self, shape=_expanded(self._array.shape, arguments.sizes(size, by_name), "expand"))  # type: ignore[no-any-return]


def _expanded(old: tuple[int, ...], new: tuple[int, ...], name: str) -> tuple[int, ...]:
    lead = len(new) - len(old)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.FloatTensor{{{list(old)}}}, size={list(new)}): the number of sizes provided "
            f"({len(new)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(old)})"
        )
    shape = list(new)
    for i, n in enumerate(new):
        have = old[i - lead] if i >= lead else None
        if n == -1:
            if have is None:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
                )
            shape[i] = have
        elif n < 0:
            raise RuntimeError(f"The expanded size of the tensor ({n}) isn't allowed in dimension {i}")
        elif have is not None and have not in (1, n):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at "
                f"non-singleton "
                f"dimension {i}.  Target sizes: {list(new)}.  Tensor sizes: {list(old)}"
            )
    return tuple(shape)


@function()
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """Broadcast to a shape without copying."""
    return expand(input, size)  # type: ignore[no-any-return]


@function(METHOD, method=True)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Broadcast to another tensor's shape without copying."""
    return expand(self, other._array.shape)  # type: ignore[no-any-return]


@function(method=False)
def broadcast_tensors(*tensors: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """All the tensors, expanded to their common shape."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shape = common_shape([t._array.shape for t in tensors])
    return tuple([t if t._array.shape == shape else ops.expand(t, shape=shape) for t in tensors])


@function(method=False)
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape to which these shapes broadcast."""
    return common_shape([(s,) if isinstance(s, int) else tuple(s) for s in shapes])


def check_slice(src: Tensor, room: tuple[int, ...]) -> None:
    """Raise unless src has the shape of what it is written over."""
    if src._array.shape != room:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src._array.shape)}, slice size = {list(room)}"
        )


def common_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that these broadcast to. Raises RuntimeError if they do not."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape: " + ", ".join(str(list(s)) for s in shapes)
        ) from None


# -- another order of the dimensions -------------------------------------------------------------------------


@function()
def permute(input: Tensor, *dims: Any, **by_name: Any) -> Tensor:
    """The dimensions in another order."""
    order = arguments.sizes(dims, by_name, "dims")
    ndim = input._array.ndim
    if len(order) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of "
            "the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(order)}"
        )
    order = tuple([one_dim(d, ndim) for d in order])
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return ops.permute(input, dims=order)  # type: ignore[no-any-return]


@function(inplace="view", aliases=("swapdims",))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    ndim = input._array.ndim
    return ops.transpose(input, dim0=one_dim(dim0, ndim), dim1=one_dim(dim1, ndim))  # type: ignore[no-any-return]


@function(inplace="view")
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` under NumPy's name."""
    return transpose(input, axis0, axis1)  # type: ignore[no-any-return]


@function(inplace="view")
def t(input: Tensor) -> Tensor:
    """A matrix transposed; vectors and numbers as they are."""
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return ops.t(input)  # type: ignore[no-any-return]


@function()
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and conjugated."""
    turned = transpose(input, -2, -1)
    return ops.conj(turned) if input._array.dtype.kind == "c" else turned  # type: ignore[no-any-return]


@function(aliases=("moveaxis",))
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to new places; the others keep their order."""
    ndim = input._array.ndim
    both = [x if isinstance(x, (tuple, list)) else (x,) for x in (source, destination)]
    if len(both[0]) != len(both[1]):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(both[0])} dims) should contain "
            f"the same number "
            f"of dims as destination ({list(both[1])} dims)"
        )
    here, there = (tuple([one_dim(d, ndim) for d in x]) for x in both)
    for name, found in (("source", here), ("destination", there)):
        if len(set(found)) != len(found):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(found)})")
    if not ndim:
        return ops.alias(input)  # type: ignore[no-any-return]
    rest = iter([d for d in range(ndim) if d not in here])
    moved = dict(zip(there, here))
    return ops.permute(input, dims=tuple([moved[i] if i in moved else next(rest) for i in range(ndim)]))  # type: ignore[no-any-return]


# -- memory seen otherwise -----------------------------------------------------------------------------------


@function(METHOD, method=True)
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` along a dimension, `step` apart, as a last one; a view."""
    d = arguments.dim(dimension, self._array.ndim)
    n = (self._array.shape or (1,))[d]
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return ops.unfold(self, dim=d, size=size, step=step)  # type: ignore[no-any-return]


@function(inplace="view")
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the storage by size, stride and offset in elements; without an offset, from where input begins."""
    return ops.as_strided(input, **strided(input, size, stride, storage_offset))  # type: ignore[no-any-return]


def strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None) -> dict[str, Any]:
    """What a view by size, stride and offset is made by. Raises RuntimeError for one that the memory has no room for.

    The offset is told from where the input begins.
    """
    shape, strides = tuple(size), tuple(stride)
    if len(shape) != len(strides):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(n < 0 for n in strides):
        raise RuntimeError(
            f"as_strided: Negative strides are not supported at the moment, got strides: {list(strides)}"
        )
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(strides)}")
    array, step = input.memory(), input._array.itemsize
    whole = None if input._base is None else input._base.memory()
    if whole is None or (array.size and not np.may_share_memory(array, whole)):
        # What was detached knows no base, and of the two that do one may have been given other memory since.
        whole = geometry.owner(array)
    own = (address(array) - address(whole)) // step
    start = own if storage_offset is None else storage_offset
    if start < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {start}")
    last = start + sum((n - 1) * k for n, k in zip(shape, strides))
    length = whole.itemsize + sum((n - 1) * k for n, k in zip(whole.shape, whole.strides))
    room = length // step if whole.size else 0
    if 0 not in shape and last >= room:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {start}, and itemsize {step} "
            f"requiring a storage size of {(last + 1) * step} are out of bounds for storage of size {room * step}"
        )
    if 0 in shape:
        start = own
    places = geometry.places_of(array, shape, strides, own, start - own)
    return {"shape": shape, "strides": strides, "offset": start - own, **places}


def address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


@function(METHOD, method=True)
def resize_(self: Tensor, *size: Any, memory_format: Any = None, **by_name: Any) -> Tensor:
    """This tensor in another shape of its own memory, whose elements beyond the old ones hold anything."""
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = arguments.extent((arguments.sizes(size, by_name),))
    if memory_format is preserve_format:
        raise RuntimeError("Unsupported memory formatPreserve")
    form = arguments.format_of("resize_", memory_format, len(shape))
    old = self.memory().reshape(-1)
    count = math.prod(shape)
    if count > old.size:
        grown = np.empty(count, old.dtype)
        grown[: old.size] = old
        old = grown
    if shape != self._array.shape:
        written(self)
    self._array = layout.shown(old[:count], shape, form)
    return self


@function(METHOD, method=True)
def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Resized to another tensor's shape."""
    return resize_(self, the_template._array.shape)
