"""Parting tensors, in torch's signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff._core import arguments
from autodiff._core.arguments import dim as one_dim
from autodiff._core.function import function
from autodiff._core.modes import no_grad, state
from autodiff._core.registry import ops
from autodiff._core.stale import make_stale
from autodiff._core.tensor import Tensor, put_inference
from autodiff._core.views import apart


@function("Tensor", name="split", method=True)
def split_method(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views along `dim`: pieces of one size (the last may be smaller), or of the sizes listed."""
    return split(self, split_size, dim)  # type: ignore[no-any-return]


@function(method=False)
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views along `dim`: pieces of one size (the last may be smaller), or of the sizes listed."""
    shape = tensor._array.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    d = one_dim(dim, len(shape))
    n = shape[d]
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, d)  # type: ignore[no-any-return]
    size = arguments.whole(split_size_or_sections, "split_size")
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        if n:
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
        return ops.split(tensor, sizes=(0,), dim=d)  # type: ignore[no-any-return]
    return ops.split(tensor, sizes=_pieces(n, size), dim=d)  # type: ignore[no-any-return]


def _pieces(n: int, size: int) -> tuple[int, ...]:
    """The sizes of pieces of one size, of which the last may be smaller."""
    if not size:
        return (0,)
    whole, rest = divmod(n, size)
    return (size,) * whole + ((rest,) if rest or not n else ())


@function()
def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Like `split`, as tensors that do not know that they share memory."""
    if not input._array.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    d = one_dim(dim, input._array.ndim)
    n = input._array.shape[d]
    if split_size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={split_size}")
    if split_size == 0 and n:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
    if state.inference:
        return _uncounted(split(input, split_size, dim), input)
    return _of_the_same_mode(ops.unsafe_split(input, sizes=_pieces(n, split_size), dim=d), input)


@function()
def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Like `split_with_sizes`, as tensors that do not know that they share memory."""
    with no_grad():
        parts = split_with_sizes(input, split_sizes, dim)
    if state.inference:
        return _uncounted(parts, input)
    d = one_dim(dim, input._array.ndim)
    sizes = tuple([p._array.shape[d] for p in parts])
    return _of_the_same_mode(ops.unsafe_split_with_sizes(input, sizes=sizes, dim=d), input)


def _uncounted(parts: tuple[Tensor, ...], input: Tensor) -> tuple[Tensor, ...]:
    """In inference mode torch's own split is not kept from knowing; writes into either do not count for the other."""
    written = not input.is_inference() and input._version > 0
    for part in parts:
        apart(part)
        if written and part.requires_grad:
            # Its own count begins at 0, which is not what it was made at: torch takes its base for written since.
            make_stale(part)
    return parts


def _of_the_same_mode(parts: tuple[Tensor, ...], input: Tensor) -> tuple[Tensor, ...]:
    """Parts of a tensor of inference mode, which they share their memory with, are of inference mode, wherever made."""
    if input.is_inference():
        for part in parts:
            put_inference(part, True)
    return parts


@function()
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Like `chunk`, as tensors that do not know that they share memory."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    if not input._array.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    d = one_dim(dim, input._array.ndim)
    n = input._array.shape[d]
    if not n and state.inference:
        return _uncounted(split_with_sizes(input, (0,) * chunks, d), input)
    if not n:
        return _of_the_same_mode(ops.unsafe_split_with_sizes(input, sizes=(0,) * chunks, dim=d), input)
    return unsafe_split(input, -(-n // chunks), d)  # type: ignore[no-any-return]


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
    return split(input, -(-n // chunks), d) if n else split_with_sizes(input, [0] * chunks, d)  # type: ignore[no-any-return]


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


def _split_along(name: str, least: int, input: Tensor, dim: int, given: tuple[Any, Any, Any]) -> tuple[Tensor, ...]:
    """`tensor_split` along one dimension, into equal parts only. Raises RuntimeError for too few dimensions."""
    either, indices, sections = given
    found = [x for x in (either, indices, sections) if x is not None]
    if len(found) != 1:
        raise TypeError(f"{name}(): expected either indices or sections")
    ndim = input._array.ndim
    if ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {ndim} dimensions!"
        )
    if isinstance(found[0], int):
        n = input._array.shape[dim]
        if found[0] == 0 or n % found[0]:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {n} is not "
                f"divisible by the split_size {found[0]}!"
            )
    return tensor_split(input, found[0], dim)  # type: ignore[no-any-return]


@function()
def hsplit(input: Tensor, *indices_or_sections: Any, indices: Any = None, sections: Any = None) -> tuple[Tensor, ...]:
    """Parts along columns (of a vector along its only dimension): that many equal ones, or cut at indices."""
    dim = 0 if input._array.ndim == 1 else 1
    return _split_along("hsplit", 1, input, dim, (_either(indices_or_sections), indices, sections))


@function()
def vsplit(input: Tensor, *indices_or_sections: Any, indices: Any = None, sections: Any = None) -> tuple[Tensor, ...]:
    """Parts along rows: that many equal ones, or cut at indices."""
    return _split_along("vsplit", 2, input, 0, (_either(indices_or_sections), indices, sections))


@function()
def dsplit(input: Tensor, *indices_or_sections: Any, indices: Any = None, sections: Any = None) -> tuple[Tensor, ...]:
    """Parts along the third dimension: that many equal ones, or cut at indices."""
    return _split_along("dsplit", 3, input, 2, (_either(indices_or_sections), indices, sections))


def _either(written: tuple[Any, ...]) -> Any:
    """What stands in the first place: a number of parts, or indices as a list or one by one."""
    return None if not written else written[0] if len(written) == 1 else written


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


@function(out="same")
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """The `length` places from `start` on along `dim`, copied."""
    if not input._array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    d = one_dim(dim, input._array.ndim)
    n = input._array.shape[d]
    if not -n <= start <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    first = start + n if start < 0 else start
    if length < 0 or first + length > n:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({n}).")
    return ops.narrow_copy(input, dim=d, start=first, stop=first + length)  # type: ignore[no-any-return]


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
