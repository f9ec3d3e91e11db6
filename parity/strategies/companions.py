"""How arguments are drawn that go with the first tensor: joined to it, its parts, its targets and weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.strategies import arrays, shapes
from parity.strategies.arguments import LEFT, Call, Drawer, tensor
from parity.strategies.item import Unfit


def joined(call: Call, argument: Argument) -> Any:
    """Tensors that differ along one dimension at most."""
    draft, source = call.draft, call.source
    first = tensor(call, Argument("", "tensor", limits={"min_ndim": 1}))
    axis = source.integer(0, first.ndim - 1)
    call.axis = axis if source.boolean() else axis - first.ndim
    found = [first]
    for _ in range(source.integer(1, 2)):
        if source.boolean(0.3):
            shape = (*first.shape[:axis], source.integer(0, 3), *first.shape[axis + 1 :])
            found.append(draft.fresh(shape, first.kind, dtype=first.array.dtype.name))
        else:
            found.append(call.same(first.shape))
    return found


def stacked(call: Call, argument: Argument) -> Any:
    first = tensor(call, Argument("", "tensor", limits={"max_ndim": 3}))
    return [first, *(call.same(first.shape) for _ in range(call.source.integer(0, 2)))]


def sections(call: Call, argument: Argument) -> Any:
    first = call.leading()
    axis = call.source.integer(0, first.ndim - 1)
    call.axis = axis if call.source.boolean() else axis - first.ndim
    return shapes.sections(call.source, first.shape[axis], bool(argument.limits.get("listed")))


def count(call: Call, argument: Argument) -> Any:
    first = call.leading()
    axis = call.source.integer(0, first.ndim - 1)
    call.axis = axis if call.source.boolean() else axis - first.ndim
    least, most = argument.limits.get("least", 0), first.shape[axis]
    if most < least:
        raise Unfit  # the k-th of no element
    return call.source.integer(least, most)


def same_shape(call: Call, argument: Argument) -> Any:
    found = call.same(call.leading().shape, argument.limits)
    if argument.limits.get("another") and any(found is value for value in call.values.values()):
        raise Unfit  # the distance of something from itself is nothing but rounding
    return found


def constant(call: Call, argument: Argument) -> Any:
    """A tensor that needs no gradient, of the first one's shape: of a few `values`, of `part` of the dimensions,
    or one number for each of its `rows`.
    """
    draft, first, limits = call.draft, call.leading(), argument.limits
    shape = first.shape[:-1] if limits.get("rows") else first.shape
    if limits.get("part"):
        shape = shape[call.source.integer(0, first.ndim) :]
    if "values" in limits:
        values = np.array(limits["values"])[arrays.integers(call.source, shape, 0, len(limits["values"]) - 1)]
    else:
        values = draft.values(shape, first.array.dtype.name, limits)
    return draft.leaf(np.asarray(values, first.array.dtype), differentiable=False, usable=False)


def probabilities(call: Call, argument: Argument) -> Any:
    """Probabilities of the first tensor's shape, now and then certain ones."""
    draft, first, source = call.draft, call.leading(), call.source
    if source.boolean(0.3):
        values = arrays.integers(source, first.shape, 0, 1)
    else:
        values = arrays.uniform(source, first.shape, 0.05, 0.95)
    return draft.leaf(np.asarray(values, first.array.dtype))


def classes(call: Call, argument: Argument) -> Any:
    """The target of a classification: class numbers, or now and then probabilities."""
    draft, first = call.draft, call.leading()
    axis = 0 if first.ndim == 1 else 1
    if first.shape[axis] == 0:
        raise Unfit
    if argument.limits.get("probabilities") and call.source.boolean(0.3):
        call.values["probabilities"] = True
        return call.same(first.shape, {"above": 0, "below": 1})
    shape = first.shape[:axis] + first.shape[axis + 1 :]
    return draft.leaf(arrays.integers(draft.source, shape, 0, first.shape[axis] - 1), layouts=0.0, usable=False)


def class_weight(call: Call, argument: Argument) -> Any:
    first = call.leading()
    axis = 0 if first.ndim == 1 else 1
    values = np.abs(call.draft.values((first.shape[axis],), first.array.dtype.name, {"above": 0}))
    if values.size and call.source.boolean(0.3):
        values[call.source.integer(0, values.size - 1)] = 0
    return call.draft.leaf(values, differentiable=False, usable=False)


def channels(call: Call, argument: Argument) -> Any:
    """One number for each place along dimension 1, or one for all."""
    first = call.leading()
    count = first.shape[1] if first.ndim > 1 else 1
    return call.same((1 if call.source.boolean(0.3) else count,))


def even_dim(call: Call, argument: Argument) -> Any:
    """A dimension with an even number of places."""
    first = call.leading()
    found = [d for d in range(-first.ndim, first.ndim) if first.shape[d] % 2 == 0]
    if not found:
        raise Unfit
    return call.source.choice(found)


def some_points(call: Call, argument: Argument) -> Any:
    """Rows, one at least."""
    found = tensor(call, Argument("", "tensor", limits={"ndim": 2}))
    if not found.shape[0]:
        raise Unfit
    return found


def other_rows(call: Call, argument: Argument) -> Any:
    """Any number of rows as long as the first tensor's, whose batches broadcast with its own."""
    first, source = call.leading(), call.source
    batch = first.shape[:-2] if source.boolean(0.6) else (1,) * source.integer(0, first.ndim - 2)
    return call.same((*batch, source.integer(1, 4), first.shape[-1]))


def row(call: Call, argument: Argument) -> Any:
    """The number of a class or of a row."""
    if call.values.get("probabilities"):
        return LEFT
    first = call.leading()
    axis = 1 if first.ndim > 1 and "target" in call.values else 0
    if first.shape[axis] == 0:
        return LEFT
    return call.source.integer(0, first.shape[axis] - 1)


def rows(call: Call, argument: Argument) -> Any:
    weight = call.leading()
    if weight.shape[0] == 0:
        raise Unfit
    shape = call.source.choice(((), (1,), (3,), (2, 3)))
    found = arrays.integers(call.source, shape, 0, weight.shape[0] - 1)
    return call.draft.leaf(found, layouts=0.0, usable=False)


def bagged(call: Call, argument: Argument) -> Any:
    """Rows of a table by number, in bags; where bags begin, their mode and their shares are drawn with them."""
    draft, source, weight = call.draft, call.source, call.leading()
    if weight.shape[0] == 0:
        raise Unfit
    mode = call.values["mode"] = source.choice(("sum", "mean", "max"))
    if source.boolean(0.3):
        shape: shapes.Shape = (source.integer(1, 3), source.integer(1, 3))
    else:
        shape = (source.integer(1, 6),)
        begins = [0, *sorted(source.integer(0, shape[0]) for _ in range(source.integer(0, 2)))]
        if source.boolean(0.3):
            begins.append(shape[0])
            call.values["include_last_offset"] = True
        call.values["offsets"] = draft.leaf(np.array(begins), layouts=0.0, usable=False)
    if mode == "sum" and source.boolean():
        call.values["per_sample_weights"] = draft.fresh(shape, weight.kind, {}, weight.array.dtype.name)
    found = arrays.integers(source, shape, 0, weight.shape[0] - 1)
    return draft.leaf(found, layouts=0.0, usable=False)


def tail(call: Call, argument: Argument) -> Any:
    first = call.leading()
    return first.shape[call.source.integer(0, first.ndim - 1) :]


def tail_weight(call: Call, argument: Argument) -> Any:
    return None if call.source.boolean(0.3) else call.same(call.values["normalized_shape"])


DRAWERS: dict[str, Drawer] = {
    "bagged": bagged,
    "channels": channels,
    "class_weight": class_weight,
    "classes": classes,
    "constant": constant,
    "count": count,
    "even_dim": even_dim,
    "joined": joined,
    "other_rows": other_rows,
    "some_points": some_points,
    "probabilities": probabilities,
    "row": row,
    "rows": rows,
    "same_shape": same_shape,
    "sections": sections,
    "stacked": stacked,
    "tail": tail,
    "tail_weight": tail_weight,
}
