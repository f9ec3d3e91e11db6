"""How the operands of matrix products are drawn, so that their shapes contract; knows no values."""

from __future__ import annotations

from typing import Any

from parity.catalogue.spec import Argument
from parity.strategies.arguments import Call, Drawer, Spread
from parity.strategies.item import Item, Unfit
from parity.strategies.shapes import Shape, broadcastable

EQUATIONS = (
    "ij,jk->ik", "ij->ji", "i,i->", "i,j->ij", "ij,ij->ij", "ij,ij->", "ij->i", "ij,j", "ii->i", "ii",
    "ij,kj->ik", "bij,bjk->bik", "bij,bkj->bik", "...ij,...jk->...ik", "i...->...", "ij,jk,kl->il", "ba,b->a",
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
        shape = {1: (inner,), 2: (inner, width), 3: (first.shape[0], inner, width)}[ndim]
    return call.same(shape, argument.limits)


def addend(call: Call, argument: Argument) -> Any:
    """What is added to the product of the matrices before: in its shape, or one that expands to it."""
    factors = [value for value in call.values.values() if isinstance(value, Item)]
    left, right = factors[-2:]
    room = left.shape[:-1] if right.ndim == 1 else (*left.shape[:-1], right.shape[-1])
    shape = broadcastable(call.source, room)
    return call.same(shape if len(shape) <= len(room) else room)


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


DRAWERS: dict[str, Drawer] = {
    "between": between,
    "row_bias": row_bias,
    "addend": addend,
    "bias": bias,
    "contracted": contracted,
    "equation": equation,
    "factor": factor,
    "weight": weight,
}
