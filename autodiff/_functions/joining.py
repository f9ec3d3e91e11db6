"""Joining tensors and parting them, in torch's signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff._core import arguments, dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
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
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {len(other)}")
        if other[:d] != shape[:d] or other[d + 1 :] != shape[d + 1 :]:
            bad = next(j for j in range(len(shape)) if j != d and other[j] != shape[j])
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {d}. Expected size {shape[bad]} but got "
                f"size "
                f"{other[bad]} for tensor number {i} in the list."
            )
    return ops.cat(*given, dim=d)  # type: ignore[no-any-return]


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
    """A 0-dim tensor as a vector of one; others as they are. Several tensors give a tuple."""
    return _at_least(tensors if len(tensors) > 1 else tensors[0], 1)


@function(method=False)
def atleast_2d(*tensors: Any) -> Any:
    """Leading dimensions of size 1 until there are two. Several tensors give a tuple."""
    return _at_least(tensors if len(tensors) > 1 else tensors[0], 2)


@function(method=False)
def atleast_3d(*tensors: Any) -> Any:
    """Dimensions of size 1 until there are three. Several tensors give a tuple."""
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
    """Joined along the third dimension, which is made where it is missing."""
    return cat(list(_at_least(tuple(_list_of("dstack", tensors)), 3)), 2)


@function("Tensor", name="split", method=True)
def split_method(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views along `dim`: pieces of one size (the last may be smaller), or of the sizes listed."""
    return split(self, split_size, dim)


@function(method=False)
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
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
        return ops.split(tensor, sizes=(0,), dim=d)  # type: ignore[no-any-return]
    whole, rest = divmod(n, size)
    sizes = (size,) * whole + ((rest,) if rest or not n else ())
    return ops.split(tensor, sizes=sizes, dim=d)  # type: ignore[no-any-return]


@function()
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views along `dim` of the sizes listed."""
    d = one_dim(dim, input._array.ndim)
    sizes, n = tuple(split_sizes), input._array.shape[d]
    if any(k < 0 for k in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
        )
    if sum(sizes) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension "
            f"{d}), but "
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
def tensor_split(
    input: Tensor, indices: Any = None, dim: int = 0, *, sections: Any = None, tensor_indices_or_sections: Any = None
) -> tuple[Tensor, ...]:
    """That many pieces, the first ones larger by one; or cut at the indices given. The first place takes either."""
    given = [x for x in (indices, sections, tensor_indices_or_sections) if x is not None]
    if len(given) != 1:
        raise TypeError("tensor_split(): expected either indices or sections")
    (indices_or_sections,) = given
    if not input._array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
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
