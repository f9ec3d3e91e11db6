"""How each kind of argument in the catalogue is drawn; knows kinds, no operator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.catalogue.spec import Argument, OpSpec
from parity.program import Array
from parity.strategies import arrays, shapes
from parity.strategies.draft import Draft
from parity.strategies.dtypes import FLOATING, KIND_OF_CHAR
from parity.strategies.item import MARGIN, Item, Unfit
from parity.strategies.shapes import Shape


class Left:
    """What a drawer returns to leave an optional argument out."""


LEFT = Left()


class Call:
    """One step while its arguments are drawn."""

    __slots__ = ("axis", "draft", "even", "first", "mends", "shape", "source", "spec", "values")

    def __init__(self, draft: Draft, spec: OpSpec, mends: Callable[[Draft, Mapping[str, Any]], Item | None]) -> None:
        self.draft = draft
        self.source = draft.source
        self.spec = spec
        self.mends = mends
        self.values: dict[str, Any] = {}
        #: The first tensor: shapes, dimensions and dtypes of the rest follow it.
        self.first: Item | None = None
        #: What the tensors so far broadcast to.
        self.shape: Shape | None = None
        #: A dimension that an earlier argument settled.
        self.axis: int | None = None
        #: "max", "min", "both" or "median" if ties for it share a gradient, so that their number matters.
        self.even = ""

    def leading(self) -> Item:
        if self.first is None:
            raise Unfit
        return self.first

    def note(self, item: Item) -> Item:
        if self.first is None:
            self.first = item
        self.shape = item.shape if self.shape is None else shapes.broadcast(self.shape, item.shape)
        return item

    def same(self, shape: Shape, limits: Mapping[str, Any] = {}, *, kinds: str = "") -> Item:
        """A tensor of exactly this shape, in the first tensor's dtype."""
        draft = self.draft
        char = self.first.array.dtype.char if self.first is not None else np.dtype(draft.dtypes[0]).char
        kind = KIND_OF_CHAR[char]
        return draft.pick(
            kind,
            limits,
            lambda item: item.shape == shape and item.array.dtype.char == char,
            lambda: draft.fresh(shape, kind, limits, np.dtype(char).name),
        )


Drawer = Callable[[Call, Argument], Any]
#: Special values that tie with no other.
_ALONE = (math.nan, math.inf, -math.inf)


def tensor(call: Call, argument: Argument) -> Any:
    draft, limits = call.draft, argument.limits
    kinds = limits.get("kinds") or call.spec.dtypes
    least, most = limits.get("min_ndim", 0), limits.get("max_ndim", 4)
    ndim = limits.get("ndim")
    if ndim is not None:
        least = most = ndim
    contiguous, tieless = limits.get("contiguous", False), limits.get("tieless", False)
    settled, constant = limits.get("settled", False), limits.get("constant", False)
    pairs, sized = limits.get("pairs", False), limits.get("sized", False)
    ordered = limits.get("ordered")
    matching = call.first.array.dtype.char if call.first is not None else ""

    def suits(item: Item) -> bool:
        if not least <= item.ndim <= most or (matching and item.array.dtype.char != matching):
            return False
        if contiguous and not item.array.flags.c_contiguous:
            return False
        if (settled and item.loose) or (constant and item.requires_grad):
            return False
        if (pairs and not _of_pairs(item.array)) or (sized and not item.array.size):
            return False
        if ordered is not None and disordered(item.array, ordered):
            return False
        return not tieless or len(set(item.look())) == item.array.size

    def make() -> Item:
        if limits and not draft.exact and draft.filler is None and not contiguous:
            mended = call.mends(draft, limits)
            if mended is not None and mended.kind in kinds and suits(mended):
                return mended
        shape = fitted(draft, least, most)
        dtype = np.dtype(matching).name if matching else draft.dtype(kinds)
        # Small numbers in a long row tie.
        if tieless or (ordered is not None and shape and _row(shape, ordered) > _INSERTED):
            end = float(max(8, shapes.size(shape))) if draft.exact else 8.0
            values = arrays.distinct(draft.source, shape, -end, end).round(0 if draft.exact else 4)
            if KIND_OF_CHAR[np.dtype(dtype).char] == "u":
                values = np.abs(values)
            values = values.astype(dtype)
            if draft.filler is not None and values.size and KIND_OF_CHAR[values.dtype.char] in FLOATING:
                values.flat[draft.source.integer(0, values.size - 1)] = draft.source.choice(_ALONE)
            made = draft.leaf(values)
            if not suits(made):
                raise Unfit
            return made
        if pairs:
            shape = (*shape[:3], 2)
        if sized and not shapes.size(shape):
            raise Unfit
        layouts = 0.0 if contiguous or pairs else draft.leaning.layouts
        values = draft.values(shape, dtype, limits)
        if ordered is not None and disordered(values, ordered):
            raise Unfit
        return draft.leaf(values, differentiable=not constant, layouts=layouts)

    item = draft.pick(kinds, limits, suits if limits or matching else None, make)
    if draft.exact:
        call.even = limits.get("even", "")
    return call.note(item)


def _of_pairs(array: Array) -> bool:
    """Whether the elements along the last dimension are two, side by side, on even places."""
    step = array.itemsize
    return (
        array.shape[-1:] == (2,)
        and array.strides[-1] == step
        and array.flags.c_contiguous
        and all(stride % (2 * step) == 0 for stride in array.strides[:-1])
    )


#: torch sorts so many elements by insertion, which keeps equal ones in order.
_INSERTED = 16


def _row(shape: Shape, axis: int | str) -> int:
    return shapes.size(shape) if isinstance(axis, str) else shape[axis]


def disordered(array: Array, axis: int | str) -> bool:
    """Whether elements along a dimension, or of "all", are equal, and so many that torch promises them no order."""
    if array.ndim == 0 or _row(array.shape, axis) <= _INSERTED:
        return False
    rows = np.sort(array, None) if isinstance(axis, str) else np.moveaxis(np.sort(array, axis), axis, 0)
    equal = (rows[1:] == rows[:-1]) | ((rows[1:] != rows[1:]) & (rows[:-1] != rows[:-1]))
    return bool(equal.any())


def fitted(draft: Draft, least: int, most: int) -> Shape:
    """The draft's shape or one that broadcasts with it, with dimensions in these bounds."""
    shape = draft.variant(draft.shape)
    if len(shape) < least:
        shape = (*draft.shape[-least:], *shape)[:least] if draft.shape else ()
        shape = (*[2, 3, 2, 2][: least - len(shape)], *shape)
    return shape[len(shape) - most :] if len(shape) > most else shape


def beside(call: Call, argument: Argument) -> Any:
    draft, limits = call.draft, argument.limits
    shape = call.shape if call.shape is not None else draft.shape
    apart = limits.get("apart", False) and not draft.exact and draft.filler is None
    # x / x is constant: its gradient is nothing but rounding
    another = limits.get("another", False) and not draft.exact
    first = call.first

    def suits(item: Item) -> bool:
        together = shapes.broadcast(shape, item.shape)
        if together is None or (together != shape and 4 * shapes.size(together) > draft.largest):
            return False
        if (another and item is first) or not _matches(first, item, limits):
            return False
        return not apart or first is None or _apart(first, item)

    def make() -> Item:
        kinds, dtype = limits.get("kinds") or call.spec.dtypes, ""
        if first is not None and limits.get("alike"):
            kinds = "c" if first.kind == "c" else kinds.replace("c", "")
        if first is not None and limits.get("matching"):
            dtype = first.array.dtype.name
        for _ in range(3):
            made = draft.fresh(draft.variant(shape, draft.leaning.broadcasting), kinds, limits, dtype)
            if not apart or first is None or _apart(first, made):
                return made
        raise Unfit

    if len(draft.leaves) < 6 and call.source.boolean(draft.leaning.fresh if draft.filler is None else 0.8):
        return call.note(make())
    return call.note(draft.pick(call.spec.dtypes, limits, suits, make))


def _matches(first: Item | None, item: Item, limits: Mapping[str, Any]) -> bool:
    """Whether the dtype goes with the first tensor's, where an operator wants the same one, or both complex or not."""
    if first is None:
        return True
    if limits.get("matching"):
        return bool(item.array.dtype.char == first.array.dtype.char)
    return not limits.get("alike") or (item.kind == "c") == (first.kind == "c")


def _apart(a: Item, b: Item) -> bool:
    if a.kind in "bc" or b.kind in "bc":
        return a.array is not b.array
    if not a.array.size or not b.array.size:
        return True
    return float(np.abs(np.subtract(a.array, b.array, dtype=np.float64)).min()) > MARGIN


def operand(call: Call, argument: Argument) -> Any:
    limits, draft = argument.limits, call.draft
    dyadic = limits.get("dyadic")
    if draft.exact and dyadic is not None:
        return call.source.choice(dyadic)
    usual = limits.get("usual")
    if usual is not None and call.source.boolean(0.3):
        return call.source.choice(usual)
    if call.source.boolean(0.3):
        value = plain_number(call, limits)
        if call.first is not None and call.first.kind == "c" and not limits.get("real") and call.source.boolean(0.3):
            return complex(value, call.source.choice((1.0, -1.0, 2.0, 0.5)))
        if not (limits.get("apart") and not draft.exact) or _far(call.first, value):
            return value
    return beside(call, argument)


def _far(item: Item | None, value: float) -> bool:
    return item is None or item.kind == "c" or all(abs(x - value) > MARGIN for x in item.look())


def degree(call: Call, argument: Argument) -> Any:
    """A whole number from -1 on, or a tensor of them beside the first one, as integers or as floats, which may lie
    between two or be none."""
    draft, source = call.draft, call.source
    if source.boolean():
        most = argument.limits.get("most", 12)
        return most if source.boolean(0.1) else source.integer(-1, 12)
    values = arrays.integers(source, draft.variant(call.leading().shape), -1, 12)
    kind = call.leading().array.dtype if source.boolean() and call.leading().kind == "f" else np.dtype(np.int64)
    degrees = values.astype(kind)
    if kind.kind == "f" and source.boolean(0.4):
        degrees += source.choice((0.25, 0.5, 0.75, -0.5))
        if degrees.size and source.boolean(0.3):
            degrees.flat[source.integer(0, degrees.size - 1)] = math.nan
    return call.note(draft.leaf(degrees, differentiable=False, usable=False))


#: Numbers that formulas treat apart.
_APART = (0.5, -0.5, 2.0, -1.0, 1.0, 0.0, -2.0, 1.5, 0.0)


def plain_number(call: Call, limits: Mapping[str, Any]) -> float:
    """A Python number: an int or a float, and a float may be whole."""
    source, draft = call.source, call.draft
    low, high = limits.get("low", -3.0), limits.get("high", 3.0)
    if "choices" in limits:
        more = () if draft.exact else limits.get("inexact", ())
        return source.choice((*limits["choices"], *more))  # type: ignore[no-any-return]
    if draft.exact:
        exact = [x for x in (2, 1, 0, -1, 0.5, 2.0, -2.0, 1.5, 3) if low <= x <= high]
        if limits.get("whole"):
            exact = [x for x in exact if isinstance(x, int)]
        value = source.choice(exact)
    elif limits.get("integer") or limits.get("whole") or source.boolean(0.3):
        value = source.integer(int(low), int(high))
    elif source.boolean(0.2 if draft.filler is None else 0.6):
        value = source.choice([x for x in _APART if low <= x <= high] or [low])
    else:
        value = low + (high - low) * source.integer(0, 48) / 48
        value = round(value * 16) / 16
    above = limits.get("above")
    if above is not None and not value > above:
        value = above + abs(value) + 1
    return 2 if value == 0 and limits.get("nonzero") else value


def number(call: Call, argument: Argument) -> Any:
    value = plain_number(call, argument.limits)
    if call.first is not None and call.first.kind in "bui":
        return int(value)
    if argument.limits.get("complex") and call.first is not None and call.first.kind == "c" and not call.draft.exact:
        return complex(value, call.source.choice((1.0, -1.0, 2.0))) if call.source.boolean(0.3) else value
    return value


def bound(call: Call, argument: Argument) -> Any:
    """A number or a tensor of its own; of two bounds both are one or the other.

    The tensor itself as its own bound would be drawn often, and hides what the bound's gradient is.
    """
    earlier, limits = call.values.get("min"), argument.limits
    if isinstance(earlier, Item):
        # In shapes that only the three together broadcast to, torch's backward raises.
        shape = call.shape or ()
    elif earlier is None and call.source.boolean():
        shape = call.draft.variant(call.leading().shape)
    else:
        return number(call, argument)
    kinds, others = call.spec.dtypes, (call.first, earlier)
    return call.note(
        call.draft.pick(
            kinds,
            limits,
            lambda item: item.shape == shape and item not in others,
            lambda: call.draft.fresh(shape, kinds, limits),
        )
    )


def mask(call: Call, argument: Argument) -> Any:
    draft = call.draft
    shape = call.shape if call.shape is not None else draft.shape

    def make() -> Item:
        # not to be shared: nobody means where(mask, mask, x)
        values = draft.values(draft.variant(shape), "bool")
        return draft.leaf(values, usable=False)

    item = draft.pick("b", {}, lambda item: shapes.broadcast(shape, item.shape) == shape, make)
    if call.shape is None:
        call.shape = item.shape
    return item


def choice(call: Call, argument: Argument) -> Any:
    return call.source.choice(argument.limits["values"])


class Spread(tuple[Any, ...]):
    """Several positional arguments drawn as one."""


DRAWERS: dict[str, Drawer] = {
    "beside": beside,
    "bound": bound,
    "choice": choice,
    "degree": degree,
    "mask": mask,
    "number": number,
    "operand": operand,
    "tensor": tensor,
}
