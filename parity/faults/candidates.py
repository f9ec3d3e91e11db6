"""The mutants of an engine that can be planted, each with the programs and measurements that run what it changes.

A mutant is planted by exchanging the code of the functions that it changes, so everybody who holds them runs it. Runs
programs once, to see what they reach, and no mutant.
"""

from __future__ import annotations

import functools
import gc
import inspect
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType
from typing import Any, Protocol

import numpy as np

from parity.blaming import Name, watched
from parity.engines.interpreter import execute
from parity.errors import UsageError
from parity.faults import bounds
from parity.faults.mutations import NEIGHBOURS, Mutant, mutants
from parity.faults.planted import plus, times
from parity.faults.rules import Case

Part = Callable[..., Any]


class Measure(Protocol):
    """What is asked of an engine beside programs."""

    def answer(self, subject: Any) -> object:
        """Ask the engine everything."""

    def worse(self, subject: Any) -> str:
        """What the engine does less well than before it was changed; empty if nothing."""


#: Programs that a mutant is given, spread over all those that reach it.
MOST = 2400


@dataclass(slots=True)
class Candidate:
    """A mutant that can be planted, and the numbers of the programs and measures that run what it changes."""

    id: str
    kind: str
    where: str
    change: str
    plant: Callable[[], None]
    cases: Sequence[int]
    measures: Sequence[int] = ()
    #: Plants a call of `TOUCHED` in the place of the change, and says whether it could.
    touch: Callable[[], bool] = lambda: False
    #: Why nobody could tell the mutant from the engine, where that can be proved; to be asked before it is planted.
    proof: Callable[[], str] = lambda: ""


@dataclass(slots=True)
class Reached:
    """Which runs, by their numbers, run which lines, and which kernels and rules by name."""

    lines: dict[tuple[str, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[Name, list[int]] = field(default_factory=lambda: defaultdict(list))

    def at(self, file: str, first: int, last: int) -> list[int]:
        """The runs that reach any of these lines."""
        return sorted({number for line in range(first, last + 1) for number in self.lines.get((file, line), ())})


def candidates(
    subject: Any, found: Sequence[Case], modules: Collection[str] | None = None, measures: Sequence[Measure] = ()
) -> list[Candidate]:
    """Every mutant of the engine, or of its rows and these modules, with the programs and measures that reach it.

    Modules go by the names that begin a mutant's: `primitives.scan`. UsageError if the engine offers no sources.
    """
    if not hasattr(subject, "sources"):
        raise UsageError(f"{subject.name} names no sources to change (see docs/architecture.md, *parts*)")
    if not hasattr(os, "fork"):
        raise UsageError("mutants run in forked processes, which this system has not")
    programs = census(subject, (functools.partial(execute, case.program, subject) for case in found))
    points = census(subject, (functools.partial(measure.answer, subject) for measure in measures))
    return [*_of_sources(subject, programs, points, modules), *_of_rows(subject, programs, points)]


# -- what reaches what -------------------------------------------------------------------------------------------------


def census(subject: Any, runs: Iterable[Callable[[], object]]) -> Reached:
    """Run everything once, and note the lines and the parts that it runs."""
    reached = Reached()
    files = frozenset(str(module.__file__) for module in subject.sources())
    lines: set[tuple[str, int]] = set()
    parts: set[Name] = set()

    def local(frame: FrameType, event: str, _: Any) -> Any:
        lines.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def entered(frame: FrameType, event: str, _: Any) -> Any:
        return local(frame, event, None) if frame.f_code.co_filename in files else None

    with watched(subject, parts):
        for number, run in enumerate(runs):
            lines.clear()
            parts.clear()
            sys.settrace(entered)
            try:
                run()
            finally:
                sys.settrace(None)
            for line in lines:
                reached.lines[line].append(number)
            for part in parts:
                reached.parts[part].append(number)
    return reached


def _spread(numbers: Iterable[int]) -> list[int]:
    """So many of the numbers, far ones after one another: neighbours in a plan are alike."""
    ordered = sorted(numbers)
    step = max(1, round(len(ordered) * 0.618))
    while np.gcd(step, max(len(ordered), 1)) != 1:
        step += 1
    return [ordered[i * step % len(ordered)] for i in range(min(len(ordered), MOST))]


# -- mutants of functions ----------------------------------------------------------------------------------------------


def _of_sources(
    subject: Any, programs: Reached, points: Reached, modules: Collection[str] | None
) -> Iterator[Candidate]:
    files = {str(module.__file__) for module in subject.sources()}
    functions: dict[CodeType, list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename in files:
            functions[thing.__code__].append(thing)
    for module in subject.sources():
        file, name = str(module.__file__), module.__name__.partition(".")[2].lstrip("_")
        if modules is not None and name not in modules:
            continue
        for mutant in mutants(inspect.getsource(module), file, name, vars(module)):
            held = [(function, new) for old, new in mutant.codes for function in functions.get(old, ())]
            # A function made by another one is there only while that runs: then the outer one makes the mutant.
            yield Candidate(
                mutant.id,
                mutant.kind,
                f"{file}:{mutant.lines[0]}",
                f"{mutant.before} -> {mutant.after}",
                _exchange(held),
                _spread(programs.at(file, *mutant.lines)) if held else (),
                points.at(file, *mutant.lines) if held else (),
                functools.partial(_touch, mutant, functions),
                functools.partial(_proof, mutant, functions),
            )


def _touch(mutant: Mutant, functions: Mapping[CodeType, Sequence[FunctionType]]) -> bool:
    held = [(function, new) for old, new in mutant.touched() for function in functions.get(old, ())]
    _exchange(held)()
    return bool(held)


def _proof(mutant: Mutant, functions: Mapping[CodeType, Sequence[FunctionType]]) -> str:
    """A bound between two formulas that was moved, or that counts to the other side."""
    changed = [(function, old, new) for old, new in mutant.codes for function in functions.get(old, ())]
    if mutant.kind not in ("comparison", "constant") or not changed:
        return ""
    gc.unfreeze()  # what is frozen refers to nothing, as far as `gc` can tell
    proofs = [bounds.proof(*each, f"{mutant.before} -> {mutant.after}") for each in changed]
    return proofs[0] if all(proofs) else ""


def _exchange(held: Sequence[tuple[FunctionType, CodeType]]) -> Callable[[], None]:
    def plant() -> None:
        for function, code in held:
            function.__code__ = code

    return plant


# -- mutants of rows: kernels that are a library's functions, rules that are constants or names ------------------------


def _of_rows(subject: Any, programs: Reached, points: Reached) -> Iterator[Candidate]:
    for name, kernel in subject.kernels().items():
        part: Name = ("kernel", name, 0)
        reached = _spread(programs.parts.get(part, ())), points.parts.get(part, ())
        for label, other in _neighbours(kernel):
            plant = _replace_kernel(subject, name, other)
            yield Candidate(f"row {name}:kernel {label}", "neighbour", name, label, plant, *reached)
        for label, cell, other in _cells(kernel):
            yield Candidate(f"row {name}:kernel's {label}", "neighbour", name, label, _fill(cell, other), *reached)
    files = {str(module.__file__) for module in subject.sources()}
    for rule in subject.rules():
        op, at = rule.op, rule.input
        formula = _formula(subject, op, at)
        if formula is None or formula.__code__.co_filename in files:
            continue
        reached = _spread(programs.parts.get(("rule", op, at), ())), points.parts.get(("rule", op, at), ())
        where, constant = f"{rule.file}:{rule.line}", formula.__code__.co_argcount == 0
        if not constant or formula():
            plant = _replace_rule(subject, op, at, times(-1))
            yield Candidate(f"row {op}:rule {at} negated", "sign", where, "negated", plant, *reached)
        if constant:
            plant = _replace_rule(subject, op, at, plus(1.0))
            yield Candidate(f"row {op}:rule {at} plus 1", "constant", where, "+ 1", plant, *reached)


def _neighbours(function: Any) -> Iterator[tuple[str, Any]]:
    """What a library's function is taken for, if the library has it."""
    if isinstance(function, (np.ufunc, BuiltinFunctionType)):
        name = function.__name__
        library = np if isinstance(function, np.ufunc) else sys.modules.get("operator")
        other = getattr(library, NEIGHBOURS.get(name, ""), None)
        if other is not None:
            yield f"{name} -> {NEIGHBOURS[name]}", other


def _cells(function: Any) -> Iterator[tuple[str, Any, Any]]:
    """Library functions in the closure of a kernel."""
    for cell in getattr(function, "__closure__", None) or ():
        for label, other in _neighbours(cell.cell_contents):
            yield label, cell, other


def _formula(subject: Any, op: str, at: int | str) -> Any:
    """The rule as a function: its own, or what the engine makes of a constant or a name."""
    found: list[Any] = []

    def seen(rule: Part) -> Part:
        found.append(rule)
        return rule

    with subject.replaced(op, at, seen):
        pass
    return found[0] if isinstance(found[0], FunctionType) else None


def _replace_kernel(subject: Any, name: str, other: Any) -> Callable[[], None]:
    return lambda: _for_good(subject.replaced_kernel(name, lambda kernel: other))


def _replace_rule(subject: Any, op: str, at: int | str, change: Callable[[Part], Part]) -> Callable[[], None]:
    return lambda: _for_good(subject.replaced(op, at, change))


#: What was planted: a context that nobody holds is left at once.
_planted: list[Any] = []


def _for_good(context: Any) -> None:
    context.__enter__()
    _planted.append(context)


def _fill(cell: Any, other: Any) -> Callable[[], None]:
    def plant() -> None:
        cell.cell_contents = other

    return plant
