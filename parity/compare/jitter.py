"""The filter: how far the reference moves when every rounding is off by one more, and where it jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from parity.catalogue import CATALOGUE
from parity.compare import specials
from parity.compare.pairs import Pair
from parity.compare.yardstick import RUNS, deviation
from parity.engines.interpreter import execute, writes
from parity.engines.jittered import Jittered, Treatment
from parity.engines.protocol import Run
from parity.program import Program, Ref


@dataclass(slots=True)
class Jumps:
    """Where nudged runs disagree in structure, specials or a discrete result: nothing is judged after it."""

    #: The first value that jumps; gradients depend on every value.
    value: int | None = None
    #: Arrays that jump without a value before them that does.
    arrays: set[int] = field(default_factory=set)

    def at(self, number: int) -> None:
        self.value = number if self.value is None else min(self.value, number)

    def blur(self, pair: Pair) -> bool:
        """Whether this array lies behind a jump, or jumps itself."""
        if id(pair) in self.arrays:
            return True
        return self.value is not None and (pair.kind != "value" or pair.where >= self.value)


#: What moves data without rounding it: tags, and families of which every member does.
_EXACT_TAGS = frozenset({"ties", "discrete", "view", "may_view"})
_EXACT_FAMILIES = frozenset(
    ["shape", "rearranging", "joining", "parting", "diagonal", "index", "selection", "masks", "order", "creation"]
)


def treatment(program: Program, run: Run) -> list[Treatment]:
    """What is nudged, per step of the program; `run` is a plain run of the reference.

    The values of a step that cannot round are left alone: every engine has the same bits there, and a nudge would
    only push exact values over the edges (floor, comparisons, ties) on which they stand. Its gradient is nudged: where
    it reads a place several times, backward adds. Memory with two names is left alone where it is written, since a
    nudged copy would miss later writes; what `out=` names, which has no gradient, is nudged where it lies.
    """
    written = {
        _root(program, run, ref.index)
        for step in program.steps
        if writes(step)
        for ref in (step.refs() if step.spelling == "out" else [next(step.refs())])
    }
    return [
        "out"
        if step.spelling == "out" and _rounds(step.op)
        else "rest"
        if writes(step)
        else "none"
        if _shared(run, position)
        and not written.isdisjoint(
            [_root(program, run, ref.index) for ref in (*step.refs(), Ref(len(program.inputs) + position))]
        )
        else "all"
        if not _shared(run, position) and _rounds(step.op)
        else "gradient"
        for position, step in enumerate(program.steps)
    ]


def _shared(run: Run, position: int) -> bool:
    return position < len(run.aliases) and run.aliases[position] is not None


def _root(program: Program, run: Run, value: int) -> int:
    """The first value in whose memory this one lies."""
    step = value - len(program.inputs)
    found = run.aliases[step] if 0 <= step < len(run.aliases) else None
    return value if found is None else found


@cache
def _rounds(op: str) -> bool:
    row = CATALOGUE.get(op)
    return row is None or (row.family not in _EXACT_FAMILIES and row.tags.isdisjoint(_EXACT_TAGS))


def nudge(
    program: Program,
    engine: Any,
    plain: Run,
    treatments: Sequence[Treatment],
    pairs: Sequence[Pair],
    number: int,
    jumps: Jumps,
) -> None:
    """One nudged run: widens the spread of each pair and records jumps."""
    gradients = any(pair.kind != "value" for pair in pairs)
    if program.second and not any(pair.kind == "second" for pair in pairs):
        program = program.with_(second=())
    run = execute(program, Jittered(engine, treatments, number, number >= RUNS), gradients=gradients)
    _discrete(program, plain, run, jumps)
    for pair in pairs:
        nudged = pair.of(program, run)
        if pair.spread is None:
            pair.spread = np.zeros(pair.reference.shape)
        if nudged is None or nudged.shape != pair.reference.shape:
            jumps.arrays.add(id(pair))
        elif not pair.discrete:
            jumped = specials.differing(pair.reference, nudged)
            if pair.apart:
                pair.jumped = jumped if pair.jumped is None else pair.jumped | jumped
                np.maximum(pair.spread, np.where(jumped, 0, deviation(pair.reference, nudged)), out=pair.spread)
            elif jumped.any():
                jumps.arrays.add(id(pair))
            else:
                np.maximum(pair.spread, deviation(pair.reference, nudged), out=pair.spread)


def _discrete(program: Program, plain: Run, run: Run, jumps: Jumps) -> None:
    """Look for the first discrete result, or shape, that a nudge changes."""
    for number in range(len(program.inputs), len(plain.values)):
        before = plain.values[number]
        after = run.values[number] if number < len(run.values) else None
        earlier = before if isinstance(before, tuple) else (before,)
        later = after if isinstance(after, tuple) else (after,)
        for a, b in zip(earlier, later):
            if a is None:
                continue
            if b is None or a.shape != b.shape or (a.dtype.kind in "biu" and a.tobytes() != b.tobytes()):
                jumps.at(number)
                return
