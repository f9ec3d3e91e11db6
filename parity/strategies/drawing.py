"""Draws programs while the reference runs them: one step of an operator, or as many as are asked for.

Every choice comes from a `Source`; shapes, dtypes and domains are read off the reference's own values.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from parity.catalogue import CATALOGUE, Argument, OpSpec
from parity.engines.interpreter import lazy
from parity.engines.protocol import Run
from parity.errors import UsageError
from parity.program import Array, Program, Regime, Step
from parity.spellings import Spelling
from parity.strategies import (
    arguments,
    arrays,
    companions,
    extents,
    matrices,
    parts,
    positions,
    products,
    samples,
    sequences,
    shapes,
    windows,
)
from parity.strategies.arguments import LEFT, Call, Drawer, Spread
from parity.strategies.draft import Draft
from parity.strategies.dtypes import KIND
from parity.strategies.exactness import ROUNDED_SECOND, bits_after, counts_what_is_left_out
from parity.strategies.item import Item, Unfit
from parity.strategies.leaning import EVEN, OFTEN, Leaning
from parity.strategies.shapes import Shape
from parity.strategies.source import Source


def united(tables: Iterable[Mapping[str, Drawer]]) -> dict[str, Drawer]:
    """The drawers of all kinds of argument; ValueError where two tables claim one kind."""
    found: dict[str, Drawer] = {}
    for table in tables:
        if twice := sorted(found.keys() & table.keys()):
            raise ValueError(f"kinds of argument that are drawn in two ways: {', '.join(twice)}")
        found.update(table)
    return found


_KINDS = (arguments, companions, extents, matrices, parts, positions, products, samples, sequences, windows)
_DRAWERS = united(module.DRAWERS for module in _KINDS)
#: Operators whose left operand may be a Python number, spelled as an operator.
_EITHER_SIDE = frozenset(
    ["add", "sub", "mul", "div", "pow", "eq", "ne", "lt", "le", "gt", "ge", "floor_divide",
     "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"]
)  # fmt: skip
_COMPARISONS = frozenset(["eq", "ne", "lt", "le", "gt", "ge"])
_QUOTIENTS = frozenset(["div", "floor_divide", "remainder"])
_WRITING = frozenset(["inplace", "augmented", "out"])
#: Families that only move elements.
_MOVING = frozenset(
    ["shape", "rearranging", "joining", "parting", "diagonal", "index", "selection", "scatter", "masks"]
)
#: Combinations of dtypes that programs mix, each with its main dtype first, as often as it is to come.
MIXTURES: tuple[tuple[str, ...], ...] = (
    *[("float32", "float64", "int64", "bool", "float32")] * 4,
    *[("float64", "float32", "int32", "float64", "bool")] * 4,
    ("complex128", "float64", "complex64", "float64"),
    ("complex64", "float32", "int64", "complex64"),
    ("float16", "float32", "int64", "float16"),
)


Mends = Callable[[Draft, Mapping[str, Any]], Item | None]


class Plan:
    """A row of the catalogue, ready to draw from."""

    __slots__ = ("arguments", "plain", "spec", "writing")

    def __init__(self, spec: OpSpec) -> None:
        self.spec = spec
        late = [a for a in spec.arguments if a.limits.get("late")]
        early = [a for a in spec.arguments if not a.limits.get("late")]
        self.arguments: list[tuple[Argument, Drawer, bool]] = [
            (a, _DRAWERS[a.kind], a.optional and not a.limits.get("needed")) for a in early + late
        ]
        order: tuple[Spelling, ...] = ("function", "method", "operator", "inplace", "augmented", "out")
        named = [spelling for spelling in order if spelling in spec.spellings]
        self.plain: tuple[Spelling, ...] = tuple(s for s in named if s in ("function", "method", "operator"))
        self.writing: tuple[Spelling, ...] = tuple(s for s in named if s not in self.plain)


@functools.cache
def plan(op: str) -> Plan:
    return Plan(CATALOGUE[op])


def draw_program(
    source: Source,
    reference: Any,
    *,
    ops: Iterable[str] | None = None,
    dtypes: Sequence[str] | None = None,
    max_steps: int = 12,
    min_steps: int = 1,
    regime: Regime | None = None,
    order: int | None = None,
    shape: Shape | None = None,
    admits: Callable[[Step], bool] | None = None,
    leaning: Leaning = EVEN,
) -> tuple[Program, Run]:
    """A program and what the reference made of it, gradients included.

    The reference should be in its settings (`with reference.settings()`). `dtypes` has the main dtype first,
    then those that are mixed in; `shape` is the one that most tensors have. A copy made for a step to write
    into comes on top of `max_steps`. What is None is drawn too. `admits` says which steps may be drawn.
    `leaning` is for a search: its operator must be one of `ops`.
    """
    names = None if ops is None else tuple(sorted(ops))
    if dtypes is None:
        mixture = source.choice(MIXTURES)
    else:
        mixture = tuple(dtypes)
        _known(mixture)
    if regime is None:
        regime = "exact" if source.boolean(0.5) and _menu(names, "exact") else "smooth"
    menu = _menu(names, "exact" if regime == "exact" else "")
    if not menu:
        raise UsageError(f"none of {', '.join(names or ())} can be drawn in {regime} programs")
    if shape is None:
        shape = shapes.base(source)
    if order is None:
        order = 2 if source.boolean(0.3) else 1
    draft = Draft(source, reference, regime, mixture, shape, admits=admits, leaning=leaning)
    mends = functools.partial(_mend, frozenset(menu))
    attempts = 0
    while len(draft.steps) < max_steps and draft.error is None and attempts < 4 * max_steps:
        attempts += 1
        source.begin()
        if len(draft.steps) >= min_steps and not source.boolean(0.85):
            source.end(True)
            break
        try:
            leant = leaning.op and source.boolean(OFTEN)
            draw_step(draft, plan(leaning.op if leant else source.choice(menu)), mends)
        except Unfit:
            source.end(False)
        else:
            source.end(True)
    return finished(draft, order)


def draw_step(draft: Draft, plan: Plan, mends: Mends | None = None, *, spelling: Spelling | None = None) -> None:
    """Draw one call of an operator and run it; Unfit, and nothing recorded, if it cannot be."""
    source, spec = draft.source, plan.spec
    call = Call(draft, spec, mends or _no_mend)
    values = call.values
    for argument, draw, optional in plan.arguments:
        if optional and (not source.boolean(0.5) or (draft.filler and argument.limits.get("tame"))):
            continue
        value = draw(call, argument)
        if value is not LEFT:
            values[argument.name] = value
    if call.even:
        extents.check_even(call)
    if counts_what_is_left_out(spec.name, values):
        raise Unfit
    bits = bits_after(spec.name, values) if draft.exact else 0
    args, kwargs = _assembled(spec, values)
    if spelling is None:
        spelling = _spelling(draft, plan)
    if spelling in _WRITING:
        args = _writable(draft, args, spelling)
    if spelling == "operator":
        args = _on_either_side(call, args)
        if kwargs:
            spelling = "function"  # `+` has no alpha
    if spelling == "augmented" and kwargs:
        spelling = "inplace"
    if spelling == "method" and not isinstance(args[0], Item):
        spelling = "function" if "function" in spec.spellings else "operator"
    if spelling == "out":
        kwargs = {**kwargs, "out": _out(draft, spec, args, kwargs)}
    _run(draft, spec, args, kwargs, spelling, bits)


def _assembled(spec: OpSpec, values: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for position, argument in enumerate(spec.arguments):
        name = argument.name
        if name not in values:
            # what follows an argument that was left out has to be named
            continue
        value = values[name]
        if argument.keyword or (argument.optional and len(args) + len(kwargs) != position):
            kwargs[name] = value
        elif type(value) is Spread:
            args.extend(value)
        else:
            args.append(value)
    return tuple(args), kwargs


def _spelling(draft: Draft, plan: Plan) -> Spelling:
    source = draft.source
    if draft.admits is not None and plan.plain:
        return source.choice(plan.plain)  # whoever takes only some calls takes no writing
    if plan.writing and (not plan.plain or source.boolean(0.12)):
        return source.choice(plan.writing)
    return source.choice(plan.plain)


def _writable(draft: Draft, args: tuple[Any, ...], spelling: Spelling) -> tuple[Any, ...]:
    """The arguments, the first of them something that may be written into.

    A leaf that requires grad may not: mostly a copy of it is written instead. Left as it is, the step raises,
    and that is a program too.
    """
    target = args[0]
    if spelling == "out":
        return args
    if not isinstance(target, Item):
        raise Unfit
    if not target.array.flags.c_contiguous and parts.overlaps(target.array):
        raise Unfit  # one place for several elements: torch refuses some of such writes, not all
    if target.kind == "c" and lazy([target.tensor]) and lazy([a.tensor for a in args[1:] if type(a) is Item]):
        raise Unfit  # torch first resolves what it conjugated lazily, and so misses that it writes what it reads
    if target.kind in "bui" and any(type(a) is Item and a.requires_grad for a in args[1:]):
        raise Unfit  # torch lets a comparison's integers require grad then, which no other integers can
    if not (target.leaf and target.requires_grad) or draft.source.boolean(0.1):
        return args
    copied = draft.add("mul", (target, 1), {}, "operator", draft.run("mul", (target, 1), {}, "operator"), target.bits)
    return (copied, *args[1:])


def _on_either_side(call: Call, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Now and then the left operand becomes a Python number."""
    name = call.spec.name
    if name not in _EITHER_SIDE or len(args) != 2 or not isinstance(args[1], Item) or not call.source.boolean(0.35):
        return args
    if name in _QUOTIENTS and not call.draft.exact and not args[1].within({"nonzero": True}):
        return args
    if call.draft.exact and (name in _QUOTIENTS or name == "pow"):
        return args
    limits = {**call.spec.arguments[0].limits, **({"apart": True} if not call.draft.exact else {})}
    if call.draft.filler is None:
        value = arguments.plain_number(call, limits)
    else:
        value = call.source.choice((0.0, -1.0, 1.0, 2.5, -2.5, 0))
    if name in _COMPARISONS and any(abs(x - value) < 1e-2 for x in args[1].look()):
        return args if not call.draft.exact else (value, args[1])
    return (value, args[1])


def _out(draft: Draft, spec: OpSpec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A tensor to write into, of the result's shape and dtype."""
    try:
        found = draft.run(spec.name, args, kwargs, "function")
    except Exception:
        raise Unfit from None
    if isinstance(found, (tuple, list)) or draft.engine.requires_grad(found):
        raise Unfit
    like = draft.engine.array(found)
    return draft.leaf(np.zeros(like.shape, like.dtype), differentiable=False, layouts=0.0, usable=False)


def _turned(draft: Draft, argument: Any) -> bool:
    """Whether it is a result that does not lie in order.

    Draws fill memory as it lies, and how a result of operands that lie differently lies is nobody's promise.
    """
    if not isinstance(argument, Item) or argument.leaf:
        return False
    return not draft.engine.array(argument.tensor).flags.c_contiguous


def _run(
    draft: Draft, spec: OpSpec, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling, bits: int
) -> None:
    if not draft.admitted(spec.name, args, kwargs, spelling):
        raise Unfit
    if "stream" in spec.tags and any(_turned(draft, arg) for arg in args):
        raise Unfit
    writing = spelling in _WRITING
    if draft.unguarded and (writing or spec.name == "setitem"):
        target = kwargs.get("out", args[0])
        targets = target if isinstance(target, (tuple, list)) else (target,)
        if any(np.may_share_memory(part.array, held) for part in targets for held in draft.unguarded):
            raise Unfit
    if writing:
        draft.begin_copying()
    try:
        result = draft.run(spec.name, args, kwargs, spelling)
    except Exception as error:
        if not draft.keeps(error, spec.name, args, kwargs, spelling):
            raise Unfit from None
        return
    least = spec.arguments[0].limits.get("result_above")
    if least is not None and draft.filler is None and not (draft.engine.array(result) > least).all():
        raise Unfit
    if not writing and not _small(draft, result):
        raise Unfit
    view = "view" in spec.tags or "may_view" in spec.tags
    made = draft.add(spec.name, args, kwargs, spelling, result, bits, view=view)
    for place in spec.gauge:
        assert isinstance(made, tuple)
        made[place].free = True
    if "unguarded" in spec.tags:
        draft.unguarded.append(args[0].array)
    if spec.gauge:
        draft.items = [item for item in draft.items if not item.free]
    if writing:
        draft.forget(bits)
        # The written tensor goes on under its new number only: its shape may be another one now.
        if isinstance(made, Item):
            for item in draft.results:
                if isinstance(item, Item) and item.tensor is result and item.shape != made.shape:
                    item.free = True
        draft.items = [item for item in draft.items if item is made or item.tensor is not result]


def _small(draft: Draft, result: Any) -> bool:
    """Whether a result is not so large that what is made of it gets out of hand."""
    parts = result if isinstance(result, (tuple, list)) else (result,)
    try:
        return all(draft.engine.array(part).size <= draft.largest for part in parts)
    except TypeError:  # complex numbers of two float16, which NumPy has not
        return False


def weigh(draft: Draft) -> None:
    """One step more: the last result times a leaf that requires grad; nothing where that does not fit."""
    if draft.copying or draft.error is not None:
        return
    made = draft.results[-1]
    for item in made if isinstance(made, tuple) else (made,):
        if item.requires_grad and not item.free:
            values = (arrays.dyadic if draft.exact else _tame)(draft.source, item.shape, False)
            weight = draft.leaf(values.astype(item.array.dtype), layouts=0.0)
            bits = bits_after("mul", {"input": item, "other": weight}) if draft.exact else 0
            draft.add("mul", (item, weight), {}, "operator", draft.run("mul", (item, weight), {}, "operator"), bits)
            return


def turn(draft: Draft) -> None:
    """One step more: the last result with its dimensions reversed, so that its gradient's memory lies the other way."""
    if draft.copying or draft.error is not None or draft.admits is not None:
        return
    made = draft.results[-1]
    for item in made if isinstance(made, tuple) else (made,):
        if item.requires_grad and not item.free and item.ndim > 1:
            args = (item, tuple(reversed(range(item.ndim))))
            draft.add("permute", args, {}, "method", draft.run("permute", args, {}, "method"), item.bits, view=True)
            return


def _tame(source: Source, shape: Shape, halves: bool) -> Array:
    return arrays.uniform(source, shape, 0.5, 1.5)


def finished(draft: Draft, order: int) -> tuple[Program, Run]:
    """The program and the reference's record; exact programs stop at the order that is exact."""
    if draft.exact and any(op in ROUNDED_SECOND for op, *_ in draft.steps):
        order = min(order, 1)
    return draft.finish(order)


# -- mending: a step that brings a value into an operator's domain


def _no_mend(draft: Draft, limits: Mapping[str, Any]) -> Item | None:
    return None


def _mend(allowed: frozenset[str], draft: Draft, limits: Mapping[str, Any]) -> Item | None:
    """The latest value, moved into the domain by one more step, if there is a way."""
    above, below = limits.get("above"), limits.get("below")
    if above is not None and below is not None and above == -1 and below == 1:
        ways: tuple[str, ...] = ("sin", "tanh", "erf")
    elif (above is not None and above in (0, -1)) or limits.get("nonzero"):
        ways = ("exp", "sigmoid", "nn.functional.softplus", "cosh")
    elif below is not None:
        ways = ("tanh", "sin", "sigmoid")
    else:
        return None
    ways = tuple(op for op in ways if op in allowed)
    if not ways or not draft.source.boolean(0.6):
        return None
    op = draft.source.choice(ways)
    for item in reversed(draft.items):
        if item.kind in "f" and item.moderate() and item.high < 3 and item.low > -3:
            result = draft.run(op, (item,), {}, "function")
            made = draft.add(op, (item,), {}, "function", result, 0)
            assert isinstance(made, Item)
            return made if made.moderate() and made.within(limits) else None
    return None


# -- the menu


@functools.lru_cache(maxsize=256)
def _menu(ops: tuple[str, ...] | None, tag: str) -> tuple[str, ...]:
    """The operators to choose from; those without a gradient come up less often, arithmetic more."""
    if ops is not None:
        for op in ops:
            if op not in CATALOGUE:
                raise UsageError(f"there is no operator {op!r} in the catalogue; see `parity coverage`")
    chosen = [
        spec
        for spec in CATALOGUE.values()
        if ("stream" not in spec.tags if ops is None else spec.name in ops)
        and "random" not in spec.tags
        and (not tag or tag in spec.tags)
    ]
    return tuple(spec.name for spec in chosen for _ in range(_weight(spec)))


def _weight(spec: OpSpec) -> int:
    """How often an operator comes: arithmetic is what holds programs together."""
    if spec.orders == 0:
        return 1
    if "augmented" in spec.spellings:
        return 16
    return 3 if spec.family in _MOVING else 4


def _known(dtypes: Sequence[str]) -> None:
    for name in dtypes:
        if name not in KIND:
            raise UsageError(f"there is no dtype {name!r}; there are {', '.join(sorted(KIND))}")
