"""t[index] and t[index] = value, by torch's rules: what is basic becomes views, the rest one reading.

torch and NumPy differ: an int beside tensors is applied first, so it never counts as separating them; steps
are positive; a Python bool adds a dimension.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from autodiff._core.batched import Batched, batched, levels_of, spread
from autodiff._core.function import function
from autodiff._core.inplace import assign, check_overlap, check_writable, refuse_overlap
from autodiff._core.modes import duals, state
from autodiff._core.node import Many
from autodiff._core.promotion import guarded
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap, written
from autodiff._functions.conversion import checked_number, copy_, fill_
from autodiff._functions.piecemeal import PIECEMEAL, put_by_indices
from autodiff._functions.shape import expand
from autodiff._functions.values import copied
from autodiff._kernels import indexing
from autodiff._kernels.brain import BRAIN, held
from autodiff._kernels.layout import dense

ALL = slice(None)
WHAT = "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {})"
OF_NUMBER = (
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
    "convert a 0-dim "
    "tensor to a number"
)


def getitem(x: Tensor, index: Any) -> Tensor:
    """A view for basic indices, a copy where a tensor, a list or a bool takes part."""
    if type(index) is int:
        return _at(x, 0, index, 0)
    if (
        type(index) is tuple
        and 0 < len(index) <= x._array.ndim
        and all(type(p) is int or type(p) is slice for p in index)
    ):
        return _plain(x, index)
    view, indices = _applied(x, index)
    if indices is None:
        return ops.alias(x) if view is x else view
    try:
        return ops.index(_varied(view, indices), indices=indices)  # type: ignore[no-any-return]
    except IndexError as error:
        raise _explained(error, indices) from None


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """Write `value` where `index` says; gradients flow to the value, and none to what was overwritten."""
    if index is False:
        return  # torch does not even look at the value
    if index is True:
        _write(ops.unsqueeze(x, dim=0), value)
        return
    view, indices = _applied(x, index, value)
    if not isinstance(value, (Tensor, bool, int, float, complex, np.generic)):
        raise TypeError(f"can't assign a {type(value).__name__} to a {x.type()}")  # type: ignore[attr-defined]
    if indices is None:
        _write(view, value)
    else:
        _put(view, indices, value, _is_one_mask(index))


# -- the basic part ------------------------------------------------------------------------------------------


def _plain(x: Tensor, index: tuple[Any, ...]) -> Tensor:
    """An index of ints and slices only, which is what most are."""
    view, dim = x, 0
    for place, p in enumerate(index):
        if type(p) is int:
            view = _at(view, dim, p, place)
        else:
            view = _sliced(view, dim, p)
            dim += 1
    return ops.alias(x) if view is x else view


def _applied(x: Tensor, index: Any, written: Any = None) -> tuple[Tensor, Many | None]:
    """The view that ints, slices, None and Ellipsis pick, and what remains: indices per dimension.

    `written` is what shall be written there: torch looks for shared memory before it looks at a mask's shape.
    """
    if isinstance(index, slice):
        return _sliced(x, 0, index, whole=written is None), None
    parts = [_converted(p) for p in (index if type(index) is tuple else _unpacked(index))]
    ndim = x._array.ndim
    named = sum(_width(p) for p in parts)
    if named > ndim:
        raise IndexError(OF_NUMBER if not ndim else f"too many indices for tensor of dimension {ndim}")
    view, dim, selected = x, 0, 0
    left: dict[int, Tensor] = {}
    tensors: list[tuple[int, Tensor]] = []
    for p in parts:
        if p is None:
            view = ops.unsqueeze(view, dim=dim)
            dim += 1
        elif p is ...:
            dim += ndim - named
        elif isinstance(p, slice):
            view = _sliced(view, dim, p)
            dim += 1
        elif isinstance(p, int) and not isinstance(p, bool):
            view = _at(view, dim, p, dim + selected)
            selected += 1
        elif _is_bool(p):
            view = ops.unsqueeze(view, dim=dim)
            left[dim] = wrap(np.zeros(int(bool(p)), np.int64))
            dim += 1
        else:
            tensors.append((dim, p))
            dim += _width(p)
    if not left and not tensors:
        return view, None
    if written is x:
        size = x._array.size
        # Only filling by a mask of one element is let through, and what is empty without its leading ones, or a part.
        if not size:
            refused = view is x and x._array.shape[0] != 1
        elif not view._array.size:
            refused = False  # of memory that is there, nothing is written
        else:
            refused = not (size == 1 and _is_one_mask(index)) and (x._array.shape[:1] != (1,) or dense(x._array))
        if refused:
            refuse_overlap(x)
    if written is not None:
        check_writable(view, (written,), filling=True)
    for dim, p in tensors:
        left.update(enumerate(_places(p, view._array.shape, dim), dim))
    return view, Many([left.get(d, ALL) for d in range(max(left) + 1)])


def _unpacked(index: Any) -> tuple[Any, ...]:
    """A list stands for a tuple of indices if it holds more than numbers."""
    if isinstance(index, list) and any(
        p is None or p is ... or isinstance(p, (slice, list, tuple, Tensor, np.ndarray)) for p in index
    ):
        return tuple(index)
    return (index,)


def _converted(p: Any) -> Any:
    """One part of an index: an int, slice, None, Ellipsis, bool, or a tensor."""
    if p is None or p is ... or isinstance(p, (slice, bool, int)):
        return p
    if isinstance(p, (list, tuple, range, np.ndarray)):
        p = (
            wrap(np.asarray(copied(p, None)))
            if len(np.shape(p)) == 0 or len(p)
            else wrap(np.empty(np.shape(p), np.int64))
        )
    elif not isinstance(p, Tensor):
        if isinstance(p, (str, bytes)):
            raise TypeError(f"new(): invalid data type {type(p).__name__!r}")
        try:
            return operator.index(p)
        except TypeError:
            raise IndexError(WHAT.format(type(p).__name__)) from None
    _check_kind(p)
    if p._array.dtype.itemsize == 1:
        return p
    return int(p._array) if not p._array.ndim and not isinstance(p, Batched) else p


def _check_kind(p: Tensor) -> None:
    if p._array.dtype.name not in ("bool", "uint8", "int32", "int64"):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")


def _is_bool(p: Any) -> bool:
    return isinstance(p, bool) or (isinstance(p, Tensor) and not p._array.ndim and _is_mask(p))


def _is_mask(p: Any) -> bool:
    return isinstance(p, Tensor) and p._array.dtype.itemsize == 1


def _is_one_mask(index: Any) -> bool:
    """Whether a single mask is all that is not basic in the index: torch then fills where the mask holds."""
    parts = [p for p in (index if isinstance(index, tuple) else (index,)) if isinstance(p, Tensor) and p._array.ndim]
    return len(parts) == 1 and _is_mask(parts[0])


def _width(p: Any) -> int:
    """How many dimensions of the tensor a part of the index speaks of."""
    if p is None or p is ... or isinstance(p, bool):
        return 0
    return p._array.ndim if _is_mask(p) else 1


def _at(x: Tensor, dim: int, i: int, shown: int) -> Tensor:
    shape = x._array.shape
    if not shape:
        raise IndexError(OF_NUMBER)
    n = shape[dim]
    if not -n <= i < n:
        raise IndexError(f"index {i} is out of bounds for dimension {shown} with size {n}")
    return ops.select(x, dim=dim, index=i + n if i < 0 else i)  # type: ignore[no-any-return]


def _sliced(x: Tensor, dim: int, s: slice, whole: bool = False) -> Tensor:
    if dim >= x._array.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if s.step is not None and operator.index(s.step) < 0:
        raise ValueError("step must be greater than zero")
    n = x._array.shape[dim]
    start, stop, step = s.indices(n)
    if not whole and not start and stop == n and step == 1 and _from_the_front(s):
        return x
    return ops.slice(x, dim=dim, start=start, stop=max(start, stop), step=step)  # type: ignore[no-any-return]


def _from_the_front(s: slice) -> bool:
    """Whether a slice of everything says so by no number from the end, nor one past it: torch looks at it as given."""
    return (s.start is None or operator.index(s.start) == 0) and (s.stop is None or operator.index(s.stop) >= 0)


def _places(p: Tensor, shape: tuple[int, ...], dim: int) -> list[Tensor]:
    """One tensor of indices per dimension that an index speaks of: a mask names where it holds."""
    if not _is_mask(p):
        return [p]
    if isinstance(p, Batched):
        raise RuntimeError("vmap: indexing with a mask gives each sample a shape of its own, a dynamic shape")
    for i, n in enumerate(p._array.shape):
        if n != shape[dim + i]:
            raise IndexError(
                f"The shape of the mask {list(p._array.shape)} at index {i} does not match the shape of "
                f"the indexed "
                f"tensor {list(shape)} at index {dim + i}"
            )
    return [guarded(wrap(found), p) for found in p._array.nonzero()]


def _explained(error: IndexError, indices: Many) -> IndexError:
    text = str(error)
    if "broadcast" in text:
        shapes = ", ".join(str(list(i._array.shape)) for i in indices if isinstance(i, Tensor))
        return IndexError(f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}")
    if "cannot do a non-empty take" in text:
        return IndexError("index is out of bounds for dimension with size 0")
    return IndexError(text.replace("axis", "dimension"))


# -- writing -------------------------------------------------------------------------------------------------


def _write(view: Tensor, value: Any) -> None:
    if not isinstance(value, Tensor):
        # A tensor to torch: of the same dtype, and of no history.
        dtype = view._array.dtype
        value = wrap(np.asarray(checked_number(value, dtype)).astype(dtype))
    room = view._array.shape
    value = _without_leading_ones(value, len(room))
    if value._array.shape == room:
        copy_(view, value)
    elif value._array.ndim == 0:
        fill_(view, value)
    else:
        if value._array.size == view._array.size and byte_bounds(value._array) == byte_bounds(view._array):
            if view._array.size == 1:
                refuse_overlap(view, (value,))
            value = ops.clone(value)  # the very same memory under another shape: torch lets it pass
        copy_(view, expand(value, room))


def _without_leading_ones(value: Tensor, ndim: int | None = None) -> Tensor:
    """Without all of them, or, where all that is beyond `ndim` dimensions are such, without these."""
    shape = value._array.shape
    if shape[:1] != (1,):
        return value
    ones = next((d for d, n in enumerate(shape) if n != 1), len(shape))
    extra = ones if ndim is None else len(shape) - ndim
    return ops.view(value, shape=shape[extra:]) if 0 < extra <= ones else value  # type: ignore[no-any-return]


def _fits(shape: tuple[int, ...], room: tuple[int, ...]) -> bool:
    lead = len(room) - len(shape)
    return lead >= 0 and all(n in (1, room[i + lead]) for i, n in enumerate(shape))


def put_value(view: Tensor, indices: Many, value: Any, one_mask: bool, *, strict: bool = False) -> Any:
    """The value that is to be written at the indices, checked.

    Raises torch's errors for one that does not fit; `strict`: leading dimensions of size 1 do not.
    """
    array = view._array
    arrays = indexing.checked(array, _arrays(indices))
    try:
        shape = np.broadcast_to(np.False_, array.shape)[arrays].shape
    except IndexError as error:
        raise _explained(error, indices) from None
    if isinstance(value, Tensor):
        if value._array.dtype is not array.dtype and not (one_mask and value._array.size == 1):
            raise RuntimeError(
                "Index put requires the source and destination dtypes match, got "
                f"{value.type()[6:-6]} for the destination and {view.type()[6:-6]} for the source."  # type: ignore[attr-defined]
            )
        if not strict:
            value = _without_leading_ones(value)
        if not _fits(value._array.shape, shape):
            raise RuntimeError(
                f"shape mismatch: value tensor of shape {list(value._array.shape)} cannot be broadcast to "
                f"indexing "
                f"result of shape {list(shape)}"
            )
    else:
        value = checked_number(value, array.dtype)
    return value


def _arrays(indices: Many) -> tuple[Any, ...]:
    return tuple([i._array if isinstance(i, Tensor) else i for i in indices])


def _varied(x: Tensor, indices: Many) -> Tensor:
    """x as a tensor that varies over all vmaps that its indices vary over."""
    levels = levels_of([x, *indices])
    return x if not levels else batched(spread(x, levels), levels)


def _put(view: Tensor, indices: Many, value: Any, one_mask: bool) -> None:
    if state.maps and levels_of([view, value, *indices]):
        assign(view, lambda before: ops.index_put(_varied(before, indices), value, indices=indices, accumulate=False))
        return
    filling = one_mask and (not isinstance(value, Tensor) or value._array.size == 1)
    check_writable(view, (value,), filling=True)
    for writing in ("index_put", "masked_fill")[: 1 + filling]:
        PIECEMEAL[writing].warn(view)
    if not filling:
        check_overlap(view, (value,), same=False)
    value = put_value(view, indices, value, one_mask)
    if duals or (state.grad and (view._node is not None or (isinstance(value, Tensor) and value._node is not None))):
        assign(
            view,
            lambda before: ops.index_put(before, value, indices=indices, accumulate=False),
            filling=True,
            put=lambda memory: put_by_indices(memory, indices, value),
        )
        return
    values, memory = value._array if isinstance(value, Tensor) else value, view.memory()
    memory[indexing.checked(view._array, _arrays(indices))] = held(values) if memory.dtype is BRAIN else values
    written(view, (value, *indices))


@function(inplace="apart")
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy in which `input[indices]` holds the values, or has them added; an index is a tensor, never a number."""
    if isinstance(indices, Tensor) or not isinstance(indices, (tuple, list)):
        raise TypeError(
            f"index_put(): argument 'indices' (position 1) must be tuple of Tensors, not {type(indices).__name__}"
        )
    for i, p in enumerate(indices):
        if not isinstance(p, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(p).__name__}")
        _check_kind(p)
    if not isinstance(values, Tensor):
        raise TypeError(f"index_put(): argument 'values' (position 2) must be Tensor, not {type(values).__name__}")
    shape = input._array.shape
    given = sum(_width(p) or 1 for p in indices)
    if given > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)} (got {given})")
    masks = [p for p in indices if not p._array.ndim and _is_mask(p)]
    if masks and len(masks) == len(indices):  # which choose all, or nothing
        put_value(input, Many(()), values, False, strict=True)
        chosen = Many([wrap(np.arange(shape[0] if all(p._array for p in masks) else 0))])
        value = put_value(input, chosen, values, False, strict=True)
        return ops.index_put(input, value, indices=chosen, accumulate=bool(accumulate))  # type: ignore[no-any-return]
    indices = [p for p in indices if p._array.ndim or not _is_mask(p)]  # beside others they choose nothing
    places: list[Tensor] = []
    for p in indices:
        places += _places(p, shape, len(places))
    many = Many(places)
    if levels_of([input, values, *many]):
        input, value = _varied(input, many), values
    else:
        value = put_value(input, many, values, False, strict=True)
    return ops.index_put(input, value, indices=many, accumulate=bool(accumulate))  # type: ignore[no-any-return]
