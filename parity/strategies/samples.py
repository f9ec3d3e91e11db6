"""How arguments are drawn that go with samples: shares, boundaries, weights, points and what is put at the ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.strategies import arrays
from parity.strategies.arguments import LEFT, Call, Drawer, plain_number
from parity.strategies.item import Unfit


def _axis(call: Call) -> int:
    """The dimension that an earlier argument named, or the last."""
    axis = call.values.get("dim", -1)
    return (axis if isinstance(axis, int) else -1) % max(call.leading().ndim, 1)


def shares(call: Call, argument: Argument) -> Any:
    """What share of the samples: a number from 0 to 1, or a vector of them."""
    source, first = call.source, call.leading()
    if source.boolean(0.6):
        return source.choice((0.5, 0.0, 1.0, 0.25, 0.3, 0.9))
    values = arrays.uniform(source, (source.integer(1, 3),), 0.0, 1.0)
    if source.boolean(0.3):
        values = values[0]
    return call.draft.leaf(np.asarray(values, first.array.dtype), layouts=0.0, usable=False)


def boundaries(call: Call, argument: Argument) -> Any:
    """Numbers in order along the last dimension; with `rows` sometimes as many rows as the first tensor has.

    Now and then they are in no order, or end in nan.
    """
    source, draft, first = call.source, call.draft, call.leading()
    shape: tuple[int, ...] = (source.integer(0, 9),)
    if argument.limits.get("rows") and first.ndim and source.boolean(0.4):
        shape = first.shape[:-1] + shape
    if first.kind in "bui" or draft.exact:
        values = arrays.dyadic(source, shape, False)
        values = np.abs(values) if first.kind == "u" else values
    else:
        values = arrays.uniform(source, shape, -2.0, 2.0)
    if source.boolean(0.75):
        values = np.sort(values, axis=-1)
    if first.kind in "hf" and shape[-1] and source.boolean(0.15):
        values = np.array(values)  # it may be a window into the table
        values[..., -1] = np.nan
    return draft.leaf(values.astype(first.array.dtype), differentiable=False, layouts=0.0, usable=False)


def frequencies(call: Call, argument: Argument) -> Any:
    """How often each observation counts: whole numbers."""
    if _observations(call) < 2:
        return LEFT
    counts = arrays.integers(call.source, (_observations(call),), 0, 3)
    counts[:1] = 2
    return call.draft.leaf(counts, layouts=0.0, usable=False)


def importances(call: Call, argument: Argument) -> Any:
    """How much each observation weighs: positive numbers."""
    count = _observations(call)
    return call.same((count,), {"above": 0, "below": 3}) if count > 1 else LEFT


def _observations(call: Call) -> int:
    first = call.leading()
    return first.shape[-1] if first.ndim else 1


def weights(call: Call, argument: Argument) -> Any:
    """A constant weight for each sample."""
    first, draft = call.leading(), call.draft
    dtype = first.array.dtype.name if first.kind in "hf" else call.source.choice(("float64", "float32"))
    values = np.abs(draft.values(first.shape, dtype))
    return draft.leaf(values, differentiable=False, layouts=0.0, usable=False)


def extension(call: Call, argument: Argument) -> Any:
    """What is joined to the first tensor along its dimension."""
    first, axis = call.leading(), _axis(call)
    if not first.ndim:
        raise Unfit
    return call.same((*first.shape[:axis], call.source.integer(0, 2), *first.shape[axis + 1 :]))


def points(call: Call, argument: Argument) -> Any:
    """Where the samples were taken: for all rows, or for each; not beside a distance `dx`."""
    first = call.leading()
    if "dx" in call.values:
        return LEFT
    if not first.ndim:
        raise Unfit
    return call.same((first.shape[_axis(call)],) if call.source.boolean() else first.shape)


def spacings(call: Call, argument: Argument) -> Any:
    """The distance of samples: one for all, one for each dimension, or the coordinates along each."""
    source, first = call.source, call.leading()
    limits = {"low": 0.5, "high": 3.0, "nonzero": True, "above": 0.2}
    if source.boolean():
        return plain_number(call, limits)
    dims = call.values.get("dim", tuple(range(first.ndim)))
    dims = (dims,) if isinstance(dims, int) else dims
    if source.boolean():
        return [float(plain_number(call, limits)) for _ in dims]
    kind = first.array.dtype if first.kind in "hf" else np.dtype(np.float64)
    return [
        call.draft.leaf(np.cumsum(arrays.uniform(source, (first.shape[d],), 0.3, 1.5)).astype(kind), usable=False)
        for d in dims
    ]


DRAWERS: dict[str, Drawer] = {
    "boundaries": boundaries,
    "extension": extension,
    "frequencies": frequencies,
    "importances": importances,
    "points": points,
    "shares": shares,
    "spacings": spacings,
    "weights": weights,
}
