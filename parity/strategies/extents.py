"""How dimensions, sizes and shapes are drawn as arguments: what is read off the first tensor; knows no values."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.program import Array, DType
from parity.strategies import arrays, shapes
from parity.strategies.arguments import LEFT, Call, Drawer, Spread, disordered, fitted
from parity.strategies.dtypes import KIND_OF_CHAR
from parity.strategies.item import Unfit
from parity.strategies.shapes import Shape


def stable(call: Call, argument: Argument) -> Any:
    must = disordered(call.leading().array, call.values.get("dim", -1))
    return True if must or call.source.boolean(0.3) else LEFT


def _ordered(call: Call, array: Array, axis: int) -> Any:
    """A dimension along which equal elements have a promised order; the last one is left out at times."""
    left = call.source.boolean()
    if disordered(array, -1 if left else axis):
        raise Unfit
    return LEFT if left else axis


def dim(call: Call, argument: Argument) -> Any:
    if call.axis is not None:
        return call.axis
    first = call.leading()
    if argument.limits.get("first"):
        return shapes.axis(call.source, first.ndim) if call.source.boolean() else 0
    axis = shapes.axis(call.source, first.ndim)
    if argument.limits.get("ordered"):
        return _ordered(call, first.array, axis)
    if argument.limits.get("tuples") and first.ndim > 1 and call.source.boolean(0.3):
        return (0, 1) if call.source.boolean() else (0, -1)
    return axis


def dims(call: Call, argument: Argument) -> Any:
    first, limits, source = call.leading(), argument.limits, call.source
    found: Any
    if limits.get("tieless") and len(set(first.look())) < first.array.size:
        return LEFT  # of the whole tensor no place is told
    if limits.get("single") or source.boolean(0.7):
        found = shapes.axis(source, first.ndim)
    else:
        found = shapes.axes(source, first.ndim) or LEFT
    return found


def check_even(call: Call) -> None:
    """Unfit unless as many elements tie for each extreme as a gradient can be divided by exactly."""
    array, axis = call.leading().array, call.values.get("dim")
    if not array.size or array.ndim == 0:
        return
    for name in ("max", "min") if call.even == "both" else (call.even,):
        if name == "median":
            shared = np.asarray(np.sort(array, axis=None)[(array.size - 1) // 2])
        else:
            shared = getattr(array, name)(axis=axis, keepdims=True)
        counts = (array == shared).sum(axis=axis)
        if (counts & (counts - 1)).any():
            raise Unfit


def keepdim(call: Call, argument: Argument) -> Any:
    return call.source.boolean() if call.values.get("dim") is not None else LEFT


def dtype(call: Call, argument: Argument) -> Any:
    if not argument.limits.get("needed") and not call.source.boolean(0.3):
        return LEFT
    if call.first is not None and call.first.kind == "c":
        return LEFT
    return DType(call.source.choice(argument.limits.get("names", ("float64", "float32"))))


def reshape(call: Call, argument: Argument) -> Any:
    return shapes.reshaped(call.source, call.leading().shape)


def gap(call: Call, argument: Argument) -> Any:
    ndim = call.leading().ndim
    return call.source.integer(-ndim - 1, ndim)


def permutation(call: Call, argument: Argument) -> Any:
    return shapes.permutation(call.source, call.leading().ndim)


def expansion(call: Call, argument: Argument) -> Any:
    return _not_too_large(call, shapes.expanded(call.source, call.leading().shape))


def _not_too_large(call: Call, size: Shape) -> Shape:
    if shapes.size([max(n, 1) for n in size]) * max(shapes.size(call.leading().shape), 1) > call.draft.largest:
        raise Unfit
    return size


def repeats(call: Call, argument: Argument) -> Any:
    first = call.leading()
    extra = 1 if first.ndim < 3 and call.source.boolean(0.3) else 0
    if argument.limits.get("fewer") and first.ndim and call.source.boolean(0.3):
        extra = -1
    return _not_too_large(call, tuple(call.source.integer(1, 2) for _ in range(first.ndim + extra)))


def some_dims(call: Call, argument: Argument) -> Any:
    return shapes.axes(call.source, call.leading().ndim)


def shifts(call: Call, argument: Argument) -> Any:
    ndim = call.leading().ndim
    if ndim and call.source.boolean(0.3):
        return tuple(call.source.integer(-3, 3) for _ in range(ndim))
    return call.source.integer(-3, 3)


def matching_dims(call: Call, argument: Argument) -> Any:
    ndim = call.leading().ndim
    if isinstance(call.values["shifts"], tuple):
        return shapes.permutation(call.source, ndim)
    if ndim == 0:
        raise Unfit
    return shapes.axis(call.source, ndim)


def size(call: Call, argument: Argument) -> Any:
    return fitted(call.draft, 0, 4)


def length(call: Call, argument: Argument) -> Any:
    return call.source.integer(1, 6)


def nested(call: Call, argument: Argument) -> Any:
    """A number, or a list of numbers, or lists of them: bools, ints or floats."""
    draft, source = call.draft, call.source
    kind = KIND_OF_CHAR[np.dtype(draft.dtypes[0]).char]
    shape = source.choice(((), (2,), (3,), (2, 2), (0,), (1, 3)))
    values = arrays.dyadic(source, shape, kind not in "bui")
    if kind in "ui" and values.size and source.boolean(0.3):
        # An end of a narrow dtype, or just beyond it.
        values.flat[source.integer(0, values.size - 1)] = source.choice((-128, 127, 255, -255, -129, 128))
    return (values.astype(bool) if kind == "b" else values.astype(np.int64) if kind in "ui" else values).tolist()


def arange(call: Call, argument: Argument) -> Any:
    source = call.source
    start, count = source.integer(-3, 3), source.integer(0, 5)
    step = source.choice((1, 2, -1, 0.5) if call.draft.dtypes[0].startswith("float") else (1, 2, -1))
    end = start + count * step
    if count and start % 2:  # now and then between the last number and the next
        end -= {2: 1, 0.5: 0.25}.get(step, 0)
    found = (start, end, step)
    return Spread(found) if step != 1 or source.boolean() else Spread(found[:2])


DRAWERS: dict[str, Drawer] = {
    "dim": dim,
    "dims": dims,
    "dtype": dtype,
    "expansion": expansion,
    "gap": gap,
    "keepdim": keepdim,
    "length": length,
    "matching_dims": matching_dims,
    "nested": nested,
    "permutation": permutation,
    "range": arange,
    "repeats": repeats,
    "reshape": reshape,
    "shifts": shifts,
    "size": size,
    "some_dims": some_dims,
    "stable": stable,
}
