"""Views whose elements are copied, by torch's names for programs that may not share memory: `view_copy` and its like.

What the view refuses is refused here too: each looks at the view first, outside of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff._core import dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.function import function
from autodiff._core.modes import no_grad, state
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions import complex as parts
from autodiff._functions import parting, shape
from autodiff._functions.conversion import refuse_complex


def seen(view: Callable[..., Any], *given: Any) -> Any:
    """The view itself, of which only its geometry is wanted."""
    with no_grad():
        return view(*given)


@function(method=False, out="same")
def alias_copy(input: Tensor) -> Tensor:
    """A copy of all elements, in their order."""
    return ops.alias_copy(input)  # type: ignore[no-any-return]


@function(method=False, out="same")
def as_strided_copy(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """`as_strided`, copied."""
    return ops.as_strided_copy(input, **shape.strided(input, size, stride, storage_offset))  # type: ignore[no-any-return]


@function(method=False, out="same")
def detach_copy(input: Tensor) -> Tensor:
    """A copy of all elements, which torch has no derivative of; `detach().clone()` leaves the graph."""
    return ops.detach_copy(input)  # type: ignore[no-any-return]


@function(method=False, out="same")
def expand_copy(input: Tensor, size: Any, *, implicit: bool = False) -> Tensor:
    """`expand`, copied: each repetition has memory of its own."""
    return ops.expand_copy(input, shape=seen(shape.expand, input, size)._array.shape)  # type: ignore[no-any-return]


@function(method=False, out="same")
def permute_copy(input: Tensor, dims: Any) -> Tensor:
    """`permute`, copied."""
    seen(shape.permute, input, dims)
    return ops.permute_copy(input, dims=tuple([one_dim(d, input._array.ndim) for d in dims]))  # type: ignore[no-any-return]


@function(method=False, out="same")
def select_copy(input: Tensor, dim: int, index: int) -> Tensor:
    """`select`, copied."""
    refuse_complex("select_copy", input)
    seen(parting.select, input, dim, index)
    d = one_dim(dim, input._array.ndim)
    return ops.select_copy(input, dim=d, index=index % input._array.shape[d])  # type: ignore[no-any-return]


@function(method=False, out="same")
def slice_copy(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    """The places from `start` to before `end` along `dim`, `step` apart, copied; what lies outside is cut off."""
    refuse_complex("slice_copy", input)
    if not input._array.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    d = one_dim(dim, input._array.ndim)
    first, last, _ = slice(start, end).indices(input._array.shape[d])
    return ops.slice_copy(input, dim=d, start=first, stop=max(first, last), step=step)  # type: ignore[no-any-return]


@function(method=False, out="same")
def split_copy(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split` by one size, copied."""
    sizes, d = _lengths(seen(parting.split, input, split_size, dim), dim)
    return ops.split_copy(input, sizes=sizes, dim=d)  # type: ignore[no-any-return]


@function(method=False, out="same")
def split_with_sizes_copy(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`, copied."""
    sizes, d = _lengths(seen(parting.split_with_sizes, input, split_sizes, dim), dim)
    return ops.split_with_sizes_copy(input, sizes=sizes, dim=d)  # type: ignore[no-any-return]


def _lengths(parts: Sequence[Tensor], dim: int) -> tuple[tuple[int, ...], int]:
    """How long the parts are along the dimension, counted from the front."""
    d = one_dim(dim, parts[0]._array.ndim)
    return tuple([p._array.shape[d] for p in parts]), d


@function(method=False, out="same")
def squeeze_copy(input: Tensor, dim: Any = None) -> Tensor:
    """`squeeze`, copied."""
    if isinstance(dim, bool):
        raise TypeError("squeeze_copy(): argument 'dim' must be int or tuple of ints, not bool")
    left = seen(shape.squeeze, input, dim)._array.ndim
    dims = range(input._array.ndim) if dim is None else [one_dim(d, input._array.ndim) for d in _listed(dim)]
    return ops.squeeze_copy(input, dims=tuple(dims) if left < input._array.ndim else ())  # type: ignore[no-any-return]


def _listed(dim: Any) -> Sequence[int]:
    return dim if isinstance(dim, (tuple, list)) else (dim,)


@function(method=False, out="same")
def t_copy(input: Tensor) -> Tensor:
    """`t`, copied."""
    seen(shape.t, input)
    return ops.t_copy(input)  # type: ignore[no-any-return]


@function(method=False, out="same")
def transpose_copy(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose`, copied."""
    ndim = input._array.ndim
    return ops.transpose_copy(input, dim0=one_dim(dim0, ndim), dim1=one_dim(dim1, ndim))  # type: ignore[no-any-return]


@function(method=False, out="same")
def unbind_copy(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """`unbind`, copied."""
    seen(parting.unbind, input, dim)
    return ops.unbind_copy(input, dim=one_dim(dim, input._array.ndim))  # type: ignore[no-any-return]


@function(method=False, out="same")
def unfold_copy(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """`Tensor.unfold`, copied: windows that share no memory."""
    seen(shape.unfold, input, dimension, size, step)
    return ops.unfold_copy(input, dim=one_dim(dimension, input._array.ndim), size=size, step=step)  # type: ignore[no-any-return]


@function(method=False, out="same")
def unsqueeze_copy(input: Tensor, dim: int) -> Tensor:
    """`unsqueeze`, copied."""
    return ops.unsqueeze_copy(input, dim=one_dim(dim, input._array.ndim + 1))  # type: ignore[no-any-return]


@function(method=False, out="same")
def view_copy(input: Tensor, size: Any = None, *, dtype: Any = None) -> Tensor:
    """`view`, copied, of any strides; a dtype instead of a size reads the same bits as that."""
    if dtype is not None or isinstance(size, dtypes.dtype):
        return ops.clone(shape.view(input, size if dtype is None else dtype))  # type: ignore[no-any-return]
    return ops.view_copy(input, shape=seen(shape.reshape, input, size)._array.shape)  # type: ignore[no-any-return]


@function(method=False, out="same")
def view_as_real_copy(input: Tensor) -> Tensor:
    """`view_as_real`, copied."""
    seen(parts.view_as_real, input)
    return ops.view_as_real_copy(input)  # type: ignore[no-any-return]


@function(method=False, out="same")
def view_as_complex_copy(input: Tensor) -> Tensor:
    """`view_as_complex`, copied. Raises RuntimeError where the input requires grad: torch has no derivative of it."""
    found = seen(parts.view_as_complex, input)
    if state.grad and input.requires_grad:
        raise RuntimeError(
            "view_as_complex_copy does not support automatic differentiation for outputs with complex dtype."
        )
    return ops.clone(found)  # type: ignore[no-any-return]
