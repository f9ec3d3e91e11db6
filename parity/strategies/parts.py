"""How numbers are drawn that take tensors apart, and the tensors that stand side by side; knows no values."""

from __future__ import annotations

from typing import Any

from parity.catalogue.spec import Argument
from parity.strategies import shapes
from parity.strategies.arguments import Call, Drawer, Spread, beside, tensor
from parity.strategies.item import Item, Unfit


def integer(call: Call, argument: Argument) -> Any:
    """A whole number between two bounds; what the operator refuses is drawn again."""
    return call.source.integer(argument.limits["low"], argument.limits["high"])


def place(call: Call, argument: Argument) -> Any:
    """A place along the dimension drawn before, from either end; with `end` also the one behind the last."""
    length = _length(call)
    low, high = -length, length - (not argument.limits.get("end"))
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
    return Spread([first, *(_other(call, first, argument) for _ in range(call.source.integer(least - 1, 2)))])


def _other(call: Call, first: Item, argument: Argument) -> Item:
    limits = argument.limits
    ndim = call.source.integer(limits.get("min_ndim", 0), limits.get("max_ndim", 3))
    shape = tuple(call.source.integer(1, 3) for _ in range(ndim))
    return call.same(shape)


def listed(call: Call, argument: Argument) -> Any:
    """The same in a list."""
    return list(several(call, argument))


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


DRAWERS: dict[str, Drawer] = {
    "alongside": alongside,
    "broadcasting": broadcasting,
    "cuts": cuts,
    "extent": extent,
    "factors": factors,
    "integer": integer,
    "listed": listed,
    "moved": moved,
    "place": place,
    "several": several,
}
