"""How indices are drawn: for reading and writing, for gather and its kin, and what is written there."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.strategies import arrays, shapes
from parity.strategies.arguments import Call, Drawer, plain_number
from parity.strategies.item import Item, Unfit


def index(call: Call, argument: Argument) -> Any:
    """Ints, slices, None, Ellipsis, bools, integer and boolean tensors, in one tuple or alone.

    Positions that are written to are all different: which of several values wins is not promised.
    """
    source, first = call.source, call.leading()
    writing = argument.limits.get("writing", False)
    if source.boolean(0.06):
        return source.choice((..., None, True, False, ()))
    if first.ndim and source.boolean(0.12):
        return _leaf(call, arrays.integers(source, first.shape, 0, 1).astype(np.bool_))
    parts: list[Any] = []
    axis, tensors, common = 0, 0, source.integer(1, 3)
    skipped = False
    while axis < first.ndim:
        # A second tensor goes with the first one, beside it or apart.
        kind = 7 if tensors == 1 and source.boolean(0.3) else source.integer(0, 9)
        length = first.shape[axis]
        if kind <= 2:
            parts.append(_slice(call, length))
        elif kind <= 4 and length:
            parts.append(source.integer(-length, length - 1))
        elif kind == 5 and not skipped:
            # what is left out stands for whole dimensions
            kept = source.integer(0, first.ndim - axis - 1)
            axis = first.ndim - kept - 1
            skipped = True
            parts.append(...)
        elif kind == 6 and len(parts) < 5:
            parts.append(None)
            continue
        elif kind == 7 and length and tensors < 2:
            tensors += 1
            if writing and common > length:
                raise Unfit
            parts.append(_integers(call, common, length, writing and tensors == 1, 1 if writing else 2))
        elif kind == 8 and tensors == 0:
            tensors = 2  # a second tensor would have to match the number of its true elements
            parts.append(_leaf(call, arrays.integers(source, (length,), 0, 1).astype(np.bool_)))
        elif kind == 9 and source.boolean():
            break
        else:
            parts.append(slice(None))
        axis += 1
    if len(parts) == 1 and source.boolean():
        return parts[0]
    return tuple(parts)


def _slice(call: Call, length: int) -> slice:
    source = call.source
    start = source.integer(-length - 1, length) if source.boolean() else None
    stop = source.integer(-length - 1, length + 1) if source.boolean() else None
    return slice(start, stop, source.integer(1, 3) if source.boolean(0.3) else None)


def _integers(call: Call, count: int, length: int, different: bool, ndim: int = 1) -> Any:
    """Positions as a tensor, of up to so many dimensions, or as a list as people write it."""
    source = call.source
    if different:
        start = source.integer(0, length - 1)
        found = [(start + n) % length for n in range(count)]
    else:
        found = [source.integer(-length, length - 1) for _ in range(count)]
    if source.boolean(0.3):
        return found
    array = np.array(found, np.int64)
    return _leaf(call, np.stack([array, array[::-1]]) if ndim > 1 and source.boolean(0.3) else array)


def _leaf(call: Call, array: Any) -> Item:
    return call.draft.leaf(array, layouts=0.0, usable=False)


def positions(call: Call, argument: Argument) -> Any:
    """An index tensor for gather and scatter: as many dimensions as the input, in no other dimension longer.

    `different`: no position twice along the dimension; `broadcast`: other dimensions may have size 1; `repeats`: of a
    number several, too.
    """
    first, source = call.leading(), call.source
    if first.ndim == 0:
        shape = source.choice(((), (1,), (3,))) if argument.limits.get("repeats") else ()
        return _leaf(call, np.zeros(shape, np.int64))
    axis = call.values["dim"] % first.ndim
    length = first.shape[axis]
    if not length:
        raise Unfit
    different, broadcast = argument.limits.get("different"), argument.limits.get("broadcast")
    shape = tuple(
        source.integer(1, min(4, length) if different else 4)
        if n == axis
        else size
        if size == 0 or source.boolean(0.7)
        else 1
        if broadcast
        else source.integer(1, size)
        for n, size in enumerate(first.shape)
    )
    if not different:
        return _leaf(call, arrays.integers(source, shape, 0, length - 1))
    lines = (*shape[:axis], 1, *shape[axis + 1 :])
    start = arrays.integers(source, lines, 0, length - 1)
    steps = np.arange(shape[axis]).reshape([-1 if n == axis else 1 for n in range(len(shape))])
    return _leaf(call, (start + steps) % length)


def flat_positions(call: Call, argument: Argument) -> Any:
    """Places counted through the whole tensor, from either end."""
    first, source = call.leading(), call.source
    count = first.array.size
    shape = source.choice(((), (1,), (3,), (2, 2), (0,)))
    if not count:
        shape = (0,)
    if argument.limits.get("different") and count < 4:
        shape = ()
    if argument.limits.get("different") and count:
        start = source.integer(-count, -1)
        return _leaf(call, (start + np.arange(int(np.prod(shape)))).reshape(shape))
    return _leaf(call, arrays.integers(source, shape, -count, count - 1) if count else np.zeros(shape, np.int64))


def position_list(call: Call, argument: Argument) -> Any:
    """Places along the dimension drawn before; `different`: none twice."""
    first, source = call.leading(), call.source
    length = first.shape[call.values["dim"]] if first.ndim else 1
    if not length:
        raise Unfit
    if not first.ndim:  # torch's backward reads one place of a number, no more and no fewer
        return _leaf(call, np.zeros(source.choice(((), (1,))), np.int64))
    if argument.limits.get("different"):
        start = source.integer(0, length - 1)
        return _leaf(call, (start + np.arange(source.integer(0, min(length, 4)))) % length)
    return _leaf(call, arrays.integers(source, (source.integer(0, 4),), 0, length - 1))


def index_tuple(call: Call, argument: Argument) -> Any:
    """One tensor of positions per leading dimension, or some; or a mask. Only adding takes a position twice."""
    first, source = call.leading(), call.source
    if source.boolean(0.15):
        return (_leaf(call, arrays.integers(source, first.shape, 0, 1).astype(np.bool_)),)
    used = source.integer(1, first.ndim)
    lengths = first.shape[:used]
    if 0 in lengths:
        raise Unfit
    count = source.integer(1, min(3, *lengths))
    columns = []
    for length in lengths:
        start = source.integer(0, length - 1)
        places = (start + np.arange(count)) % length
        columns.append(_leaf(call, places - length if source.boolean(0.2) else places))
    return tuple(columns)


def put_values(call: Call, argument: Argument) -> Any:
    """A tensor that broadcasts to what the indices select."""
    first, draft = call.leading(), call.draft
    try:
        selected = draft.run("getitem", (first, call.values["indices"]), {}, "operator")
    except Exception:
        raise Unfit from None
    shape = shapes.broadcastable(call.source, tuple(selected.shape))
    shape = shape if len(shape) <= len(selected.shape) else tuple(selected.shape)
    if call.values["indices"][0].kind == "b":  # torch fills by a mask, and lets a value be what is filled
        return draft.fresh(shape, first.kind, dtype=first.array.dtype.name)
    return call.same(shape)


def scattered(call: Call, argument: Argument) -> Any:
    """What goes to the positions: a tensor that is nowhere smaller than they are, or a number."""
    index, source = call.values["index"], call.source
    if argument.limits.get("number") and source.boolean(0.3):
        return _number_like(call, call.leading())
    if argument.limits.get("exactly"):
        return call.same(index.shape)
    if index.ndim and source.boolean(0.15):
        # torch's backward needs a source of the index's shape
        values = call.draft.values(tuple(n + 1 for n in index.shape), call.leading().array.dtype.name)
        return call.draft.leaf(values, differentiable=False, usable=False)
    return call.same(index.shape)


def slices(call: Call, argument: Argument) -> Any:
    """What goes to the positions along the dimension drawn before: a slice for each."""
    first, index = call.leading(), call.values["index"]
    if not first.ndim:
        return call.same(())
    axis = call.values["dim"] % first.ndim
    return call.same((*first.shape[:axis], *index.shape, *first.shape[axis + 1 :]))


def supplied(call: Call, argument: Argument) -> Any:
    """As many elements as there are positions."""
    index = call.values["index"]
    return call.same(index.shape if call.source.boolean(0.7) else (index.array.size,))


def supply(call: Call, argument: Argument) -> Any:
    """At least as many elements as a mask of the tensor's shape holds; never what is written, which is read late."""
    first = call.leading()
    shape = call.shape if call.shape is not None else first.shape
    if call.source.boolean(0.3):
        shape = (shapes.size(shape) + call.source.integer(0, 2),)
    return call.draft.fresh(shape, first.kind, dtype=first.array.dtype.name)


def fill(call: Call, argument: Argument) -> Any:
    first = call.leading()
    if call.source.boolean(0.7):
        return _number_like(call, first)
    return call.same(())


def assigned(call: Call, argument: Argument) -> Any:
    """A number, or a tensor that broadcasts to what the index selects."""
    first, draft = call.leading(), call.draft
    if call.source.boolean(0.4):
        return _number_like(call, first)
    try:
        selected = draft.run("getitem", (first, call.values["index"]), {}, "operator")
    except Exception:
        raise Unfit from None
    shape = shapes.broadcastable(call.source, tuple(selected.shape))
    while shape and len(shape) > len(selected.shape):
        shape = shape[1:]
    return call.same(shape)


def _number_like(call: Call, first: Item) -> Any:
    if first.kind == "b":
        return call.source.boolean()
    value = plain_number(call, {})
    return abs(int(value)) if first.kind == "u" else int(value) if first.kind == "i" else value


DRAWERS: dict[str, Drawer] = {
    "assigned": assigned,
    "fill": fill,
    "flat_positions": flat_positions,
    "index": index,
    "index_tuple": index_tuple,
    "position_list": position_list,
    "positions": positions,
    "put_values": put_values,
    "scattered": scattered,
    "slices": slices,
    "supplied": supplied,
    "supply": supply,
}
