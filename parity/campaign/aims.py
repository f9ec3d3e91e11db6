"""What a search turns to: pairs of an operator and a level that were seldom met, and programs that may meet them."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from parity.campaign.exercised import BROADCASTS, ROOTS, STRIDES, VALUES, Level, Pair
from parity.campaign.matrix import Matrix
from parity.catalogue import CATALOGUE
from parity.engines.protocol import Run
from parity.planning import Plan
from parity.program import Program, Regime, Step
from parity.report.cells import dtypes_of
from parity.strategies.drawing import draw_program
from parity.strategies.leaning import EVEN, Leaning
from parity.strategies.shapes import Shape
from parity.strategies.single import Kind, Undrawn, draw_op, kinds
from parity.strategies.source import Seeded, Source

#: So likely is what an aim asks for drawn, where that is a matter of chance.
_OFTEN = 0.8
#: Shapes that others broadcast with in all ways.
_BROADCASTING: tuple[Shape, ...] = ((3,), (2, 3), (3, 4), (4, 1), (2, 3, 2), (3, 1, 4))
#: The kinds of one-step program in which values of a class stand.
_KINDS: dict[str, tuple[Kind, ...]] = {
    "plain": ("tame",),
    "whole": ("exact",),
    "zero": ("exact", "critical"),
    "tiny": ("stress", "critical"),
    "huge": ("stress", "critical"),
    "inf": ("critical",),
    "nan": ("critical",),
    "empty": ("shapes",),
}


class Aim(NamedTuple):
    """A pair that is to be met: an operator, and a level of another factor."""

    op: str
    level: Level

    @property
    def pair(self) -> Pair:
        return f"op:{self.op}", self.level


def aims(op: str, dtypes: Sequence[str] | None) -> list[Aim]:
    """Whatever may be met with an operator; some of it never will, and is given up in the course of time."""
    spec = CATALOGUE[op]
    levels = [f"dtype:{name}" for name in (*dtypes_of(spec, dtypes), "mixed")]
    levels += [f"broadcast:{case}" for case in BROADCASTS if case != "none"]
    levels += [f"strides:{strides}" for strides in STRIDES]
    levels += [f"values:{values}" for values in VALUES]
    roots = [kind for kind in ROOTS if kind != "none"] if spec.orders else []
    levels += [f"root:{kind}" for kind in roots]
    levels += [f"root:{kind} twice" for kind in roots if spec.orders > 1]
    return [Aim(op, level) for level in levels]


class Chooser:
    """Draws aims, each as often as it was seldom met or tried."""

    def __init__(self, plan: Plan, met: Matrix, tried: Matrix) -> None:
        self.aims = [aim for op in plan.ops for aim in aims(op, plan.dtypes)]
        weights = (1 / (1 + met.counts[aim.pair] + tried.counts[aim.pair]) for aim in self.aims)
        self._sums = list(itertools.accumulate(weights))

    def choose(self, source: Source, count: int) -> tuple[Aim, ...]:
        total = self._sums[-1]
        places = (bisect.bisect_left(self._sums, total * source.integer(1, 1 << 30) / (1 << 30)) for _ in range(count))
        return tuple(self.aims[place] for place in places)


class Bounds(NamedTuple):
    """What an engine or a plan allows of programs; None: everything."""

    ops: tuple[str, ...]
    dtypes: tuple[str, ...] | None
    kinds: tuple[Kind, ...] | None
    order: int | None
    shape: Shape | None
    admits: Callable[[Step], bool] | None


def drawn(aim: Aim, source: Seeded, reference: Any, bounds: Bounds) -> tuple[Program, Run]:
    """A program that may well meet the aim. Undrawn where chance came up with none."""
    factor, _, wanted = aim.level.partition(":")
    spec = CATALOGUE[aim.op]
    twice = wanted.endswith(" twice")
    order = 2 if twice else 1 if factor == "root" else None
    if wanted.startswith("several") or wanted in ("mixed", "view twice", "part twice") or source.boolean(0.2):
        return _program(aim, source, reference, bounds, order)
    names = dtypes_of(spec, bounds.dtypes)
    if factor == "dtype":
        names = [wanted]
    ways: Iterable[Kind] = _KINDS.get(wanted, ("tame",)) if factor == "values" else ("tame", "exact")
    if factor == "dtype":
        ways = kinds(spec, wanted)
    cases = [
        (name, kind)
        for name in names
        for kind in kinds(spec, name)
        if kind in ways and (bounds.kinds is None or kind in bounds.kinds)
    ]
    if not cases:
        return _program(aim, source, reference, bounds)
    dtype, kind = source.choice(cases)
    if order is not None or bounds.order is not None:
        order = min(n for n in (order, bounds.order, spec.orders) if n is not None)
    shape = bounds.shape
    if factor == "broadcast" and shape is None:
        shape = source.choice(_BROADCASTING)
    elif factor == "root" and wanted.startswith("scalar"):
        shape = ()
    leaning = _leaning(factor, "")
    return draw_op(
        source, reference, spec, dtype, kind=kind, order=order, shape=shape, admits=bounds.admits, leaning=leaning
    )


def _program(aim: Aim, source: Seeded, reference: Any, bounds: Bounds, order: int | None = None) -> tuple[Program, Run]:
    """A short program with several calls of the operator."""
    if aim.op not in bounds.ops:
        raise Undrawn(f"{aim.op} stands in no program of several steps")
    exact = "exact" in CATALOGUE[aim.op].tags and any("exact" in CATALOGUE[op].tags for op in bounds.ops)
    regime: Regime | None = None if exact else "smooth"
    if bounds.order is not None:
        order = bounds.order if order is None else min(order, bounds.order)
    return draw_program(
        source, reference, ops=bounds.ops, dtypes=bounds.dtypes, max_steps=6, regime=regime, order=order,
        shape=bounds.shape, admits=bounds.admits, leaning=_leaning(aim.level.partition(":")[0], aim.op),
    )  # fmt: skip


def _leaning(factor: str, op: str) -> Leaning:
    return Leaning(
        layouts=_OFTEN if factor == "strides" else EVEN.layouts,
        broadcasting=_OFTEN if factor == "broadcast" else EVEN.broadcasting,
        fresh=_OFTEN if factor in ("broadcast", "dtype") else EVEN.fresh,
        mixing=_OFTEN if factor == "dtype" else EVEN.mixing,
        op=op,
    )
