"""How the operands of matrix products are drawn, so that their shapes contract; knows no values."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.strategies.arguments import Call, Drawer, Spread, tensor
from parity.strategies.item import Item, Unfit
from parity.strategies.shapes import Shape, broadcastable, permutation

EQUATIONS = (
    "ij,jk->ik", "ij->ji", "i,i->", "i,j->ij", "ij,ij->ij", "ij,ij->", "ij->i", "ij,j", "ii->i", "ii",
    "ij,kj->ik", "bij,bjk->bik", "bij,bkj->bik", "...ij,...jk->...ik", "i...->...", "ij,jk,kl->il", "ba,b->a",
    "ii,ij->j",
)  # fmt: skip


def factor(call: Call, argument: Argument) -> Any:
    """The right operand of a matrix product."""
    first, ndim, source = call.leading(), argument.limits.get("ndim"), call.source
    inner = first.shape[-1]
    width = source.integer(1, 4)
    if ndim is None:
        options: list[Shape] = [(inner, width), (inner,), (2, inner, width)]
        if first.ndim > 2:
            options += [(*first.shape[:-2], inner, width), (1, inner, width)]
        shape = source.choice(options)
    else:
        if first.ndim == ndim == 1 and call.spec.name == "addr":
            inner = width
        shape = {1: (inner,), 2: (inner, width), 3: (first.shape[0], inner, width)}[ndim]
    return call.same(shape, argument.limits)


def addend(call: Call, argument: Argument) -> Any:
    """What is added to the product of the matrices before: in its shape, or one that expands to it."""
    factors = [value for value in call.values.values() if isinstance(value, Item)]
    left, right = factors[-2:]
    if left.ndim == 1:
        room: Shape = (*left.shape, *right.shape)
    else:
        room = (*left.shape[:-1], *right.shape[-1:]) if right.ndim > 1 else left.shape[:-1]
    if call.spec.name == "addbmm":
        room = room[1:]
    shape = broadcastable(call.source, room) if 0 not in (*left.shape, *right.shape) else room
    found = call.same(shape if len(shape) <= len(room) else room)
    if any(np.may_share_memory(found.array, factor.array) for factor in factors):
        # written in place, torch's batches would read what they have written already
        return call.draft.fresh(found.shape, found.kind, dtype=found.array.dtype.name)
    return found


def weight(call: Call, argument: Argument) -> Any:
    inner = call.leading().shape[-1]
    return call.same((call.source.integer(1, 4), inner) if call.source.boolean(0.85) else (inner,), argument.limits)


def bias(call: Call, argument: Argument) -> Any:
    shape = call.values["weight"].shape[:-1]
    return None if call.source.boolean(0.4) else call.same(shape)


def between(call: Call, argument: Argument) -> Any:
    """Matrices between two vectors of the last dimension's length."""
    inner = call.leading().shape[-1]
    return call.same((call.source.integer(1, 3), inner, inner), argument.limits)


def row_bias(call: Call, argument: Argument) -> Any:
    return call.same(call.values["weight"].shape[:1])


def equation(call: Call, argument: Argument) -> Any:
    return call.source.choice(EQUATIONS)


def contracted(call: Call, argument: Argument) -> Any:
    """Operands for the equation: each letter has one size throughout."""
    draft, source = call.draft, call.source
    sizes: dict[str, int] = {}
    found: list[Item] = []
    for letters in call.values["equation"].partition("->")[0].split(","):
        if "..." in letters:
            sizes.setdefault("*", source.integer(1, 2))
            letters = letters.replace("...", "*")
        known = all(letter in sizes for letter in letters)
        twice = len(set(letters)) < len(letters)
        if not known and not twice and not found and (item := _matching(call, len(letters), argument)) is not None:
            sizes.update(zip(letters, item.shape))
            found.append(call.note(item))
            continue
        for letter in letters:
            sizes.setdefault(letter, source.integer(1, 4))
        # A size of 1 stands for any, on either side.
        # (Of integers torch sums such a one in int64 already.)
        lonely = [not twice and found and call.leading().kind in "fc" and source.boolean(0.1) for _ in letters]
        shape = tuple(
            size if not alone else 1 if size > 1 else source.integer(2, 3)
            for size, alone in zip((sizes[letter] for letter in letters), lonely)
        )
        if found:
            found.append(call.same(shape, argument.limits))
        else:
            found.append(call.note(draft.fresh(shape, call.spec.dtypes, argument.limits)))
    return Spread(found)


def _matching(call: Call, ndim: int, argument: Argument) -> Item | None:
    def make() -> Item:
        raise Unfit

    try:
        return call.draft.pick(call.spec.dtypes, argument.limits, lambda item: item.ndim == ndim, make)
    except Unfit:
        return None


def inner_factor(call: Call, argument: Argument) -> Any:
    """A number, or a tensor whose last dimension is as long."""
    first, source = call.leading(), call.source
    lead = tuple(source.integer(1, 3) for _ in range(source.integer(0, 2)))
    if not first.ndim:
        return call.same(lead, argument.limits)
    return call.same(() if source.boolean(0.1) else (*lead, first.shape[-1]), argument.limits)


def partner(call: Call, argument: Argument) -> Any:
    """A tensor that has some dimensions of the first one, in another order or not, and some of its own."""
    first, source = call.leading(), call.source
    shared = permutation(source, first.ndim)[: source.integer(0, first.ndim)]
    own = source.integer(0, 2)
    sizes = [(first.shape[d], d) for d in shared] + [(source.integer(1, 3), None) for _ in range(own)]
    order = permutation(source, len(sizes))
    call.values["pairs"] = [(sizes[p][1], i) for i, p in enumerate(order) if sizes[p][1] is not None]
    return call.same(tuple(sizes[p][0] for p in order), argument.limits)


def contracted_dims(call: Call, argument: Argument) -> Any:
    """Two lists of dimensions; or their number, where it is the last ones of one and the first ones of the other."""
    pairs, source, ndim = call.values.pop("pairs"), call.source, call.leading().ndim
    count = len(pairs)
    if sorted(pairs) == [(ndim - count + i, i) for i in range(count)] and source.boolean(0.8):
        return count
    return [[d - ndim if source.boolean(0.2) else d for d, _ in pairs], [d for _, d in pairs]]


def chain(call: Call, argument: Argument) -> Any:
    """One to four matrices, each with as many rows as the one before has columns."""
    found = [tensor(call, Argument("", "tensor", limits={"ndim": 2, **argument.limits}))]
    for _ in range(call.source.integer(0, 3)):
        found.append(call.same((found[-1].shape[1], call.source.integer(1, 4)), argument.limits))
    return Spread(found)


DRAWERS: dict[str, Drawer] = {
    "between": between,
    "row_bias": row_bias,
    "addend": addend,
    "bias": bias,
    "chain": chain,
    "contracted": contracted,
    "contracted_dims": contracted_dims,
    "equation": equation,
    "factor": factor,
    "inner_factor": inner_factor,
    "partner": partner,
    "weight": weight,
}
