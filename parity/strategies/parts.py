"""How numbers are drawn that take tensors apart, and the tensors that stand side by side; knows no values."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.strategies import arrays, shapes
from parity.strategies.arguments import LEFT, Call, Drawer, Spread, beside, tensor
from parity.strategies.item import Item, Unfit


def integer(call: Call, argument: Argument) -> Any:
    """A whole number between two bounds; what the operator refuses is drawn again."""
    return call.source.integer(argument.limits["low"], argument.limits["high"])


def place(call: Call, argument: Argument) -> Any:
    """A place along the dimension drawn before, from either end (or the `front` only); with `end` one more."""
    length = _length(call)
    low, high = 0 if argument.limits.get("front") else -length, length - (not argument.limits.get("end"))
    if high < low:
        raise Unfit
    return call.source.integer(low, high)


def extent(call: Call, argument: Argument) -> Any:
    """How many places follow the place `start`, at most."""
    length, start = _length(call), call.values["start"]
    return call.source.integer(0, length - (start % length if start < 0 else start))


def _length(call: Call) -> int:
    first = call.leading()
    return first.shape[call.values["dim"]] if first.ndim else 1


def factors(call: Call, argument: Argument) -> Any:
    """Sizes whose product is the size of the dimension drawn before; -1 may stand for one of them."""
    length, source = _length(call), call.source
    options: list[shapes.Shape] = [(length,), (1, length), (length, 1), (-1, 1)]
    if length:
        options += [(-1,), *((n, length // n) for n in (2, 3) if length % n == 0)]
        options += [(2, -1, 1)] if length % 2 == 0 else []
    return source.choice(options)


def moved(call: Call, argument: Argument) -> Any:
    """A dimension or several, as many as the argument before has."""
    ndim, source = call.leading().ndim, call.source
    before = call.values.get("source")
    count = len(before) if isinstance(before, tuple) else 0
    if before is None:
        count = source.integer(1, ndim) if ndim > 1 and source.boolean(0.4) else 0
    if not count:
        return shapes.axis(source, ndim)
    return shapes.permutation(source, ndim)[:count]


def cuts(call: Call, argument: Argument) -> Any:
    """How many parts, or the places to cut at: in any order, beyond the ends too."""
    source = call.source
    if source.boolean():
        return source.integer(1, 4)
    return tuple(source.integer(-3, 5) for _ in range(source.integer(0, 3)))


def several(call: Call, argument: Argument) -> Any:
    """Tensors that have nothing to do with one another, each an argument of its own."""
    least = argument.limits.get("least", 1)
    first = tensor(call, argument)
    if first.shape == (0,) and argument.limits.get("sized_vectors"):
        raise Unfit
    return Spread([first, *(_other(call, first, argument) for _ in range(call.source.integer(least - 1, 2)))])


def _other(call: Call, first: Item, argument: Argument) -> Item:
    limits = argument.limits
    ndim = call.source.integer(limits.get("min_ndim", 0), limits.get("max_ndim", 3))
    shape = tuple(call.source.integer(1, 3) for _ in range(ndim))
    return call.same(shape)


def broadcasting(call: Call, argument: Argument) -> Any:
    """Tensors that broadcast, each an argument of its own."""
    return Spread([tensor(call, argument), *(beside(call, argument) for _ in range(call.source.integer(0, 2)))])


def alongside(call: Call, argument: Argument) -> Any:
    """Tensors of one shape, or with another size along one dimension, or with one dimension less."""
    draft, source = call.draft, call.source
    first = tensor(call, argument)
    found = [first]
    for _ in range(source.integer(0, 2)):
        shape = first.shape
        if shape and source.boolean(0.4):
            axis = source.integer(0, len(shape) - 1)
            other = () if source.boolean(0.3) else (source.integer(0, 3),)
            shape = (*shape[:axis], *other, *shape[axis + 1 :])
        found.append(draft.fresh(shape, first.kind, dtype=first.array.dtype.name) if shape else call.same(shape))
    return found


def times(call: Call, argument: Argument) -> Any:
    """How often each slice comes: a number, or a tensor with one for each or for all."""
    first, source = call.leading(), call.source
    if source.boolean(0.4):
        return source.integer(0, 3)
    axis = call.axis = shapes.axis(source, first.ndim) if first.ndim and source.boolean(0.7) else None
    count = first.array.size if axis is None else first.shape[axis]
    if source.boolean(0.2):
        count = 1
    found = arrays.integers(source, () if count == 1 and source.boolean() else (count,), 0, 2)
    return call.draft.leaf(found, layouts=0.0, usable=False)


def padding(call: Call, argument: Argument) -> Any:
    """Pairs of numbers of elements, for some of the last dimensions; negative ones take elements away."""
    source = call.source
    pairs = source.integer(0, min(call.leading().ndim, 2))
    return tuple(source.integer(-1, 2) for _ in range(2 * pairs))


def pair(call: Call, argument: Argument) -> Any:
    """Two different dimensions."""
    return shapes.permutation(call.source, call.leading().ndim)[:2]


def spectral(call: Call, argument: Argument) -> Any:
    """How many points are transformed along which dimensions; `dims`: "2" of them, or "n"."""
    first, source = call.leading(), call.source
    count = 2 if argument.limits["dims"] == "2" else source.integer(1, first.ndim)
    if source.boolean():
        turned = shapes.permutation(source, first.ndim)[:count]
        call.values["dim"] = tuple(d - first.ndim if source.boolean(0.3) else d for d in turned)
    if source.boolean():
        return LEFT
    return tuple(-1 if source.boolean(0.3) else source.integer(1, 4) for _ in range(count))


def taper(call: Call, argument: Argument) -> Any:
    """A window as long as a transform; its values keep away from 0, where there would be nothing to divide by."""
    return call.same((call.values["n_fft"],), {"above": 0.25})


def strided(call: Call, argument: Argument) -> Any:
    """A size, a stride and mostly an offset, which stay within the first tensor's memory.

    `apart`: no place twice; `constant`: of a tensor that requires no gradient.
    """
    first, source = call.leading(), call.source
    room = first.array.size
    size, stride = [], []
    last = 0
    for _ in range(source.integer(0, 3) if room else 0):
        n, k = source.integer(1, 3), source.integer(0, 3)
        if last + (n - 1) * k < room:
            last += (n - 1) * k
            size.append(n)
            stride.append(k)
    if not room:
        raise Unfit
    if argument.limits.get("constant") and first.requires_grad:
        raise Unfit
    if argument.limits.get("apart"):
        places = {sum(i * k for i, k in zip(at, stride)) for at in np.ndindex(*size)}
        if len(places) < shapes.size(size):
            raise Unfit
    offset = (source.integer(0, room - 1 - last),) if source.boolean(0.6) else ()
    return Spread([tuple(size), tuple(stride), *offset])


def overlaps(array: Any) -> bool:
    """Whether elements share memory."""
    places = {sum(i * s for i, s in zip(at, array.strides)) for at in np.ndindex(array.shape)}
    return len(places) < array.size  # type: ignore[no-any-return]


def sliced(call: Call, argument: Argument) -> Any:
    """A tensor in the shape of what the other arguments pick of the first one, by the operator that views it."""
    if overlaps(call.leading().array):
        raise Unfit  # torch's copy overlaps as well
    name = call.spec.name.removesuffix("_scatter")
    args = [call.leading()]
    for key, value in call.values.items():
        if key != "input":
            args += value if isinstance(value, Spread) else []
    named = {k: v for k, v in call.values.items() if k != "input" and not isinstance(v, Spread)}
    if name == "slice":
        length = call.leading().shape[named["dim"]]
        index = slice(named.get("start"), named.get("end"), named.get("step"))
        at = [slice(None)] * call.leading().ndim
        at[named["dim"]] = slice(*index.indices(length))
        return call.same(call.leading().array[tuple(at)].shape)
    try:
        found = call.draft.run(name, tuple(args), named, "function")
    except Exception:
        raise Unfit from None
    return call.same(tuple(found.shape))


DRAWERS: dict[str, Drawer] = {
    "alongside": alongside,
    "broadcasting": broadcasting,
    "cuts": cuts,
    "extent": extent,
    "factors": factors,
    "integer": integer,
    "moved": moved,
    "padding": padding,
    "pair": pair,
    "place": place,
    "several": several,
    "spectral": spectral,
    "sliced": sliced,
    "strided": strided,
    "taper": taper,
    "times": times,
}
