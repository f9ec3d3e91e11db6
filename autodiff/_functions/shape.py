"""Geometry in torch's signatures: reshaping, dimensions in another order, joining and parting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, alias

METHOD = "Tensor"  # the namespace of what is a method only

# -- another shape of the same elements -------------------------------------------------------------------------------


@function(METHOD, method=True)
def view(self: Tensor, *shape: Any, **dtype: Any) -> Tensor:
    """The same memory in another shape, or as another dtype. Raises RuntimeError where strides do not allow it."""
    if dtype or isinstance(shape[0], dtypes.dtype):
        return _view_dtype(self, arguments.numpy_dtype(dtype.get("dtype", *shape)))
    array = self._array
    size = arguments.filled_in(arguments.sizes(shape), array.size)
    try:
        return ops.view(self, shape=size)  # type: ignore[no-any-return]
    except ValueError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
            "two contiguous subspaces). Use .reshape(...) instead."
        ) from None


def _view_dtype(x: Tensor, target: Any) -> Tensor:
    array = x._array
    old, new = array.dtype.itemsize, target.itemsize
    if old != new and (not array.ndim or array.strides[-1] != old):
        raise RuntimeError(
            "self.dim() cannot be 0 to view Float as Double (different element sizes)" if not array.ndim
            else "self.stride(-1) must be 1 to view one dtype as another with a different element size"
        )  # fmt: skip
    if new > old and array.shape[-1] * old % new:
        raise RuntimeError(
            f"self.size(-1) must be divisible by {new // old} to view {dtypes.title(array.dtype)} as "
            f"{dtypes.title(target)} (different element sizes), but got {array.shape[-1]}"
        )
    seen = alias(x)  # torch's has no derivative either
    seen._array = seen._array.view(target)
    return seen


@function()
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """A view in another shape where strides allow it, else a copy."""
    return reshaped(input, arguments.filled_in(arguments.sizes(shape), input._array.size))


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
    return view(self, *other._array.shape) if other._array.ndim else view(self, ())


@function(METHOD, method=True)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    return reshape(self, other._array.shape)


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
    return reshaped(input, (input._array.size,))


@function()
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several; one of `sizes` may be -1."""
    shape = input._array.shape
    d = one_dim(dim, len(shape))
    try:
        inner = arguments.filled_in(arguments.sizes((sizes,)), shape[d])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} ({shape[d]}) in the "
            "input tensor"
        ) from None
    return reshaped(input, (*shape[:d], *inner, *shape[d + 1 :]))


@function()
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of size 1: all, or those named that are."""
    ndim = input._array.ndim
    if dim is None:
        return ops.squeeze0(input, dims=range(ndim))  # type: ignore[no-any-return]
    if isinstance(dim, (tuple, list)):
        return ops.squeeze2(input, dims=arguments.dims(dim, ndim))  # type: ignore[no-any-return]
    return ops.squeeze1(input, dims=(one_dim(dim, ndim),))  # type: ignore[no-any-return]


@function()
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size 1 at `dim`."""
    return ops.unsqueeze(input, dim=one_dim(dim, input._array.ndim + 1))  # type: ignore[no-any-return]


@function(METHOD, method=True)
def expand(self: Tensor, *size: Any, implicit: bool = False) -> Tensor:
    """Broadcast to a shape without copying; -1 keeps a size."""
    return ops.expand(self, shape=_expanded(self._array.shape, arguments.sizes(size), "expand"))  # type: ignore[no-any-return]


def _expanded(old: tuple[int, ...], new: tuple[int, ...], name: str) -> tuple[int, ...]:
    lead = len(new) - len(old)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.FloatTensor{{{list(old)}}}, size={list(new)}): the number of sizes provided ({len(new)}) must be "
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
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at non-singleton "
                f"dimension {i}.  Target sizes: {list(new)}.  Tensor sizes: {list(old)}"
            )
    return tuple(shape)


@function()
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    return expand(input, size)


@function(METHOD, method=True)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    return expand(self, other._array.shape)


@function(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All the tensors, expanded to their common shape."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shape = common_shape([t._array.shape for t in tensors])
    return tuple([ops.expand(t, shape=shape) for t in tensors])


@function(method=False)
def broadcast_shapes(*shapes: Any) -> Any:
    return common_shape([(s,) if isinstance(s, int) else tuple(s) for s in shapes])


def common_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that these broadcast to. Raises RuntimeError if they do not."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape: "
            + ", ".join(str(list(s)) for s in shapes)
        ) from None


# -- another order of the dimensions ----------------------------------------------------------------------------------


@function()
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order."""
    order = arguments.sizes(dims)
    ndim = input._array.ndim
    if len(order) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(order)}"
        )
    order = tuple([one_dim(d, ndim) for d in order])
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return ops.permute(input, dims=order)  # type: ignore[no-any-return]


@function(aliases=("swapaxes", "swapdims"))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    ndim = input._array.ndim
    return ops.transpose(input, dim0=one_dim(dim0, ndim), dim1=one_dim(dim1, ndim))  # type: ignore[no-any-return]


@function()
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
            f"movedim: Invalid source or destination dims: source ({list(both[0])} dims) should contain the same number "
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


# -- joining and parting ----------------------------------------------------------------------------------------------


def _list_of(name: str, tensors: Any) -> list[Tensor]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return list(tensors)


def _of_one_dtype(tensors: list[Tensor]) -> list[Tensor]:
    first = tensors[0]._array.dtype
    if all(x._array.dtype is first for x in tensors):
        return tensors
    target = dtypes.result_type(x._array for x in tensors)
    return [x if x._array.dtype is target else ops.to(x, dtype=target) for x in tensors]


@function(method=False, out=True, aliases=("concat", "concatenate"))
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
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(shape)} and {len(other)}"
            )
        if other[:d] != shape[:d] or other[d + 1 :] != shape[d + 1 :]:
            bad = next(j for j in range(len(shape)) if j != d and other[j] != shape[j])
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {d}. Expected size {shape[bad]} but got size "
                f"{other[bad]} for tensor number {i} in the list."
            )
    return ops.cat(*kept, dim=d)  # type: ignore[no-any-return]


@function(method=False, out=True)
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
    return ops.stack(*_of_one_dtype(given), dim=one_dim(dim, len(shape) + 1))  # type: ignore[no-any-return]


def _at_least(input: Any, ndim: int) -> Any:
    if isinstance(input, (tuple, list)):
        return tuple([_at_least(x, ndim) for x in input])
    missing = ndim - input._array.ndim
    if missing <= 0:
        return input
    shape = input._array.shape
    # Three dimensions: a vector lies along the second, a matrix keeps its first two.
    wanted = {0: (1,) * ndim, 1: (1, *shape, 1) if ndim == 3 else (1, *shape), 2: (*shape, 1)}
    return reshaped(input, wanted[len(shape)])


@function(method=False)
def atleast_1d(*tensors: Any) -> Any:
    return _at_least(tensors if len(tensors) > 1 else tensors[0], 1)


@function(method=False)
def atleast_2d(*tensors: Any) -> Any:
    return _at_least(tensors if len(tensors) > 1 else tensors[0], 2)


@function(method=False)
def atleast_3d(*tensors: Any) -> Any:
    return _at_least(tensors if len(tensors) > 1 else tensors[0], 3)


@function(method=False, out=True)
def hstack(tensors: Any) -> Tensor:
    """Joined along columns (vectors along their only dimension)."""
    given = list(_at_least(tuple(_list_of("hstack", tensors)), 1))
    return cat(given, 0 if given[0]._array.ndim == 1 else 1)


@function(method=False, out=True, aliases=("row_stack",))
def vstack(tensors: Any) -> Tensor:
    """Joined along rows."""
    return cat(list(_at_least(tuple(_list_of("vstack", tensors)), 2)), 0)


@function(method=False, out=True)
def dstack(tensors: Any) -> Tensor:
    return cat(list(_at_least(tuple(_list_of("dstack", tensors)), 3)), 2)


@function()
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views along `dim`: pieces of one size (the last may be smaller), or of the sizes listed."""
    shape = tensor._array.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    d = one_dim(dim, len(shape))
    n = shape[d]
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, d)
    size = arguments.whole(split_size_or_sections, "split_size")
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        if n:
            raise RuntimeError(
                f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
            )
        return ops.split(tensor, sizes=(0,), dim=d)  # type: ignore[no-any-return]
    whole, rest = divmod(n, size)
    sizes = (size,) * whole + ((rest,) if rest or not n else ())
    return ops.split(tensor, sizes=sizes, dim=d)  # type: ignore[no-any-return]


@function()
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    d = one_dim(dim, input._array.ndim)
    sizes, n = tuple(split_sizes), input._array.shape[d]
    if any(k < 0 for k in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
        )
    if sum(sizes) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {d}), but "
            f"got split_sizes={list(sizes)}"
        )
    return ops.split_with_sizes(input, sizes=sizes, dim=d)  # type: ignore[no-any-return]


@function()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of one size; the last may be smaller."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    if not input._array.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    d = one_dim(dim, input._array.ndim)
    n = input._array.shape[d]
    return split(input, -(-n // chunks), d) if n else split_with_sizes(input, [0] * chunks, d)


@function()
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """That many pieces, the first ones larger by one; or cut at the indices given."""
    if not input._array.ndim:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    d = one_dim(dim, input._array.ndim)
    n = input._array.shape[d]
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        if indices_or_sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {indices_or_sections}")
        size, larger = divmod(n, indices_or_sections)
        cuts = [i * size + min(i, larger) for i in range(1, indices_or_sections)]
    else:
        cuts = list(indices_or_sections)
    bounds = [slice(a, b).indices(n)[:2] for a, b in zip([0, *cuts], [*cuts, n])]
    return tuple([ops.slice(input, dim=d, start=a, stop=max(a, b), step=1) for a, b in bounds])


@function()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without it."""
    if not input._array.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return ops.unbind(input, dim=one_dim(dim, input._array.ndim))  # type: ignore[no-any-return]


@function()
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """The `length` places from `start` on along `dim`."""
    if not input._array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    d = one_dim(dim, input._array.ndim)
    n, first = input._array.shape[d], arguments.whole(start, "start")
    if not -n <= first <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {first})")
    first += n if first < 0 else 0
    if first + length > n:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({n}).")
    return ops.slice(input, dim=d, start=first, stop=first + length, step=1)  # type: ignore[no-any-return]


@function()
def select(input: Tensor, dim: int, index: Any) -> Tensor:
    """The slice at `index` along `dim`, without it."""
    if not input._array.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d, i = one_dim(dim, input._array.ndim), arguments.whole(index, "index")
    n = input._array.shape[d]
    if not -n <= i < n:
        raise IndexError(
            f"select(): index {i} out of range for tensor of size {list(input._array.shape)} at dimension {d}"
        )
    return ops.select(input, dim=d, index=i + n if i < 0 else i)  # type: ignore[no-any-return]


# -- copies -----------------------------------------------------------------------------------------------------------


@function()
def flip(input: Tensor, *dims: Any) -> Tensor:
    """The order reversed along the dimensions, always copied."""
    return ops.flip(input, dims=arguments.dims(arguments.sizes(dims), input._array.ndim))  # type: ignore[no-any-return]


@function()
def fliplr(input: Tensor) -> Tensor:
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@function()
def flipud(input: Tensor) -> Tensor:
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@function()
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Moved along the dimensions, what leaves at one end coming in at the other; flattened if none is named."""
    by = arguments.sizes((shifts,))
    if not by:
        raise RuntimeError("`shifts` required")
    if dims is None or dims == ():
        if len(by) > 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:0")
        return ops.roll(input, shifts=by[0:1], dims=None)  # type: ignore[no-any-return]
    along = tuple([one_dim(d, input._array.ndim) for d in arguments.sizes((dims,))])
    if len(along) != len(by):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    return ops.roll(input, shifts=by, dims=along)  # type: ignore[no-any-return]


@function(METHOD, method=True)
def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """Laid out several times along each dimension; leading numbers make new dimensions."""
    times = arguments.sizes(repeats)
    if len(times) < self._array.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    if any(n < 0 for n in times):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(times)}: {list(times)}")
    return ops.repeat(self, times=times)  # type: ignore[no-any-return]


@function()
def tile(input: Tensor, *dims: Any) -> Tensor:
    """Like `repeat`, with missing leading numbers taken as 1."""
    times = arguments.sizes(dims)
    return repeat(input, (1,) * (input._array.ndim - len(times)) + times)
