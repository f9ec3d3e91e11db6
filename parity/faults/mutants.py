"""Runs the programs of a plan against every mutant of an engine's formulas and kernels: which does it not notice?

A mutant is planted by exchanging the code of the functions that it changes, so everybody who holds them runs it; each
runs in a process of its own, which may hang or die. Needs `os.fork`.
"""

from __future__ import annotations

import builtins
import functools
import gc
import inspect
import json
import os
import select
import signal
import sys
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType
from typing import Any, Literal

import numpy as np

from parity.blaming import Name, watched
from parity.compare import compare
from parity.engines.interpreter import execute
from parity.errors import UsageError
from parity.faults.equivalent import EQUIVALENT, reason
from parity.faults.mutations import NEIGHBOURS, TOUCHED, Mutant, mutants
from parity.faults.planted import plus, times
from parity.faults.rules import Case
from parity.faults.selftest import cases
from parity.judging import known_reason
from parity.planning import seed_of

Fate = Literal["killed", "survived", "not reached"]
Part = Callable[..., Any]
#: Seconds that a mutant may take; one that takes longer hangs, and a run would show that.
PATIENCE = 20.0
#: Programs that a mutant is given, spread over all those that reach it.
MOST = 600
#: The share that is to be killed.
AIM = 0.97


@dataclass(slots=True)
class Candidate:
    """A mutant that can be planted, and the programs that run what it changes."""

    id: str
    kind: str
    where: str
    change: str
    plant: Callable[[], None]
    cases: Sequence[int]
    #: Plants a call of `TOUCHED` in the place of the change, and says whether it could.
    touch: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant; `how` says what killed it, `programs` how many were run."""

    id: str
    kind: str
    where: str
    change: str
    fate: Fate
    how: str = ""
    programs: int = 0

    def record(self) -> dict[str, Any]:
        return {"type": "mutant", **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(slots=True)
class Reached:
    """Which programs run which lines, and which kernels and rules by name."""

    lines: dict[tuple[str, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[Name, list[int]] = field(default_factory=lambda: defaultdict(list))


def candidates(subject: Any, found: Sequence[Case], modules: Collection[str] | None = None) -> list[Candidate]:
    """Every mutant of the engine, or of its rows and these modules, with the programs that reach it.

    Modules go by the names that begin a mutant's: `primitives.scan`. UsageError if the engine offers no sources.
    """
    if not hasattr(subject, "sources"):
        raise UsageError(f"{subject.name} names no sources to change (see docs/architecture.md, *parts*)")
    if not hasattr(os, "fork"):
        raise UsageError("mutants run in forked processes, which this system has not")
    reached = census(subject, found)
    return [*_of_sources(subject, reached, modules), *_of_rows(subject, reached)]


# -- what reaches what -------------------------------------------------------------------------------------------------


def census(subject: Any, found: Sequence[Case]) -> Reached:
    """Run every program once, and note the lines and the parts that it runs."""
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
        for number, case in enumerate(found):
            lines.clear()
            parts.clear()
            sys.settrace(entered)
            try:
                execute(case.program, subject)
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


def _of_sources(subject: Any, reached: Reached, modules: Collection[str] | None) -> Iterator[Candidate]:
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
            wanted = {
                number
                for line in range(mutant.lines[0], mutant.lines[1] + 1)
                for number in reached.lines.get((file, line), ())
            }
            yield Candidate(
                mutant.id,
                mutant.kind,
                f"{file}:{mutant.lines[0]}",
                f"{mutant.before} -> {mutant.after}",
                _exchange(held),
                _spread(wanted) if held else (),
                functools.partial(_touch, mutant, functions),
            )


def _touch(mutant: Mutant, functions: Mapping[CodeType, Sequence[FunctionType]]) -> bool:
    held = [(function, new) for old, new in mutant.touched() for function in functions.get(old, ())]
    _exchange(held)()
    return bool(held)


def _exchange(held: Sequence[tuple[FunctionType, CodeType]]) -> Callable[[], None]:
    def plant() -> None:
        for function, code in held:
            function.__code__ = code

    return plant


# -- mutants of rows: kernels that are a library's functions, rules that are constants or names ------------------------


def _of_rows(subject: Any, reached: Reached) -> Iterator[Candidate]:
    rules = {(rule.op, rule.input): rule for rule in subject.rules()}
    files = {str(module.__file__) for module in subject.sources()}
    for name, kernel in subject.kernels().items():
        cases = _spread(reached.parts.get(("kernel", name, 0), ()))
        for label, other in _neighbours(kernel):
            yield Candidate(
                f"row {name}:kernel {label}", "neighbour", name, label, _replace_kernel(subject, name, other), cases
            )
        for label, cell, other in _cells(kernel):
            yield Candidate(f"row {name}:kernel's {label}", "neighbour", name, label, _fill(cell, other), cases)
    for (op, at), rule in rules.items():
        formula = _formula(subject, op, at)
        if formula is None or formula.__code__.co_filename in files:
            continue
        cases = _spread(reached.parts.get(("rule", op, at), ()))
        constant = formula.__code__.co_argcount == 0
        if not constant or formula():
            plant = _replace_rule(subject, op, at, times(-1))
            yield Candidate(f"row {op}:rule {at} negated", "sign", f"{rule.file}:{rule.line}", "negated", plant, cases)
        if constant:
            plant = _replace_rule(subject, op, at, plus(1.0))
            yield Candidate(f"row {op}:rule {at} plus 1", "constant", f"{rule.file}:{rule.line}", "+ 1", plant, cases)


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


# -- running them ------------------------------------------------------------------------------------------------------


def run(
    todo: Iterable[Candidate], found: Sequence[Case], engine: Any, subject: Any, *, jobs: int = 2
) -> Iterator[Result]:
    """Each mutant in a process of its own, so many at a time; results as they come."""
    gc.freeze()
    waiting: dict[int, tuple[Candidate, int, float]] = {}
    pending = iter(todo)
    more = True
    while more or waiting:
        while more and len(waiting) < max(1, jobs):
            candidate = next(pending, None)
            if candidate is None:
                more = False
            elif not candidate.cases:
                yield _result(candidate, "not reached")
            else:
                pipe, child = _start(candidate, found, engine, subject)
                waiting[pipe] = candidate, child, time.monotonic() + PATIENCE
        if waiting:
            yield from _collect(waiting)


def _start(candidate: Candidate, found: Sequence[Case], engine: Any, subject: Any) -> tuple[int, int]:
    ours, theirs = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.close(theirs)
        return ours, child
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 2)
        answer = _verdict(candidate, found, engine, subject)
        os.write(theirs, json.dumps(answer).encode())
    finally:
        os._exit(0)


def _verdict(candidate: Candidate, found: Sequence[Case], engine: Any, subject: Any) -> list[Any]:
    candidate.plant()
    for done, number in enumerate(candidate.cases, start=1):
        case = found[number]
        verdict = compare(case.program, engine, subject, reference_run=case.run)
        if verdict.status == "differs" and not known_reason(case.program, verdict, engine, subject):
            return ["killed", f"{verdict.mismatches[0].check} in {case.item.label}", done]
    # A line may have parts that no program runs: the branch of a conditional, what follows `and`.
    return ["survived" if _touched(candidate, found, subject) else "not reached", "", len(candidate.cases)]


class Touched(BaseException):
    """Raised where a mutant stood."""


def _touched(candidate: Candidate, found: Sequence[Case], subject: Any) -> bool:
    """Whether some program runs the very place that is changed; so, too, if that cannot be found out."""

    def touched() -> None:
        raise Touched

    setattr(builtins, TOUCHED, touched)
    if not candidate.touch():
        return True
    try:
        for number in candidate.cases:
            execute(found[number].program, subject)
    except Touched:
        return True
    return False


def _collect(waiting: dict[int, tuple[Candidate, int, float]]) -> Iterator[Result]:
    """Those that have answered, died, or taken too long."""
    now = time.monotonic()
    ready, _, _ = select.select(list(waiting), [], [], max(0.0, min(end for *_, end in waiting.values()) - now))
    late = [pipe for pipe, (*_, end) in waiting.items() if end <= time.monotonic() and pipe not in ready]
    for pipe in [*ready, *late]:
        candidate, child, _ = waiting.pop(pipe)
        if pipe in late:
            os.kill(child, signal.SIGKILL)
        answer = b"" if pipe in late else os.read(pipe, 1 << 16)
        os.close(pipe)
        os.waitpid(child, 0)
        if answer:
            fate, how, programs = json.loads(answer)
            yield _result(candidate, fate, how, programs)
        else:
            yield _result(candidate, "killed", "hangs" if pipe in late else "the process dies", 1)


def _result(candidate: Candidate, fate: Fate, how: str = "", programs: int = 0) -> Result:
    return Result(candidate.id, candidate.kind, candidate.where, candidate.change, fate, how, programs)


# -- the report --------------------------------------------------------------------------------------------------------


def report(
    engine: Any,
    subject: Any,
    show: Callable[[str, dict[str, Any] | None], None],
    *,
    programs: int,
    seed: int,
    ops: Sequence[str] | None = None,
    jobs: int = 2,
    sample: int | None = None,
) -> bool:
    """Run every mutant, or so many, drawn by the seed: whether `AIM` of those not equivalent die, and the list holds.

    A mutant's lot is its own: the sample stays what it is when other functions come.

    With `ops` only mutants that their programs reach are run; then, and of a sample, nothing is said of the list.
    """
    started = time.monotonic()
    found = cases(engine, subject, programs=programs, seed=seed, profile="gate", ops=ops)
    todo = candidates(subject, found)
    if ops is not None:
        todo = [candidate for candidate in todo if candidate.cases]
    every = len(todo)
    if sample is not None:
        todo = sorted(todo, key=lambda candidate: seed_of(seed, candidate.id))[:sample]
    show(f"{len(todo)} of {every} mutants, {len(found)} programs, seed {seed}", None)
    results = []
    for result in run(todo, found, engine, subject, jobs=jobs):
        results.append(result)
        line = f"survived {result.programs:5} programs: {result.id}   {brief(result.change)}"
        why = reason(result.id, result.change)
        told = result.fate == "survived" and not why
        show(line if told else "", {**result.record(), "equivalent": why})
    there = {result.id for result in results}
    listed = {id: why for id, why in EQUIVALENT.items() if (ops is None and sample is None) or id in there}
    alike = {r.id: reason(r.id, r.change) for r in results if r.fate != "killed" and r.id not in EQUIVALENT}
    listed |= {id: why for id, why in alike.items() if why}
    groups = judged(results, listed)
    for result in groups["stale"]:
        show(f"listed as equivalent, but {result.how}: {result.id}", None)
    rate = share(groups)
    counts = {name: len(group) for name, group in groups.items()}
    show(", ".join(f"{count} {name}" for name, count in counts.items()), None)
    kinds = tally(results, listed)
    for kind, (killed, survived, unreached) in kinds.items():
        show(f"  {kind:20} {killed:5} killed {survived:5} survived {unreached:5} not reached", None)
    seconds = time.monotonic() - started
    record = {"type": "mutants", "seed": seed, "share": rate, "seconds": seconds, "jobs": jobs, "all": every, **counts}
    show(f"killed: {rate:.1%} of those that programs reach, in {seconds:.0f} s", record)
    return rate >= AIM and not groups["stale"]


def brief(change: str) -> str:
    return textwrap.shorten(change, 100, placeholder=" ...")


def tally(results: Iterable[Result], equivalent: Mapping[str, str]) -> dict[str, tuple[int, int, int]]:
    """By kind of change: killed, survived without a reason, not reached."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        counts[result.kind][result.fate] += result.fate == "killed" or result.id not in equivalent
    return {kind: (count["killed"], count["survived"], count["not reached"]) for kind, count in sorted(counts.items())}


# -- survivors that are no loss ----------------------------------------------------------------------------------------


def judged(results: Sequence[Result], equivalent: Mapping[str, str]) -> dict[str, list[Result]]:
    """Results by what they say of the harness; `equivalent` has the reason why no program can tell a mutant."""
    groups: dict[str, list[Result]] = {"killed": [], "equivalent": [], "survived": [], "not reached": [], "stale": []}
    there = {result.id for result in results}
    for result in results:
        listed = result.id in equivalent
        if result.fate == "killed":
            groups["stale" if listed else "killed"].append(result)
        else:
            groups["equivalent" if listed else result.fate].append(result)
    gone = [Result(id, "", "", "", "survived", "no such mutant any more") for id in equivalent if id not in there]
    groups["stale"] += gone
    return groups


def share(groups: Mapping[str, Sequence[Result]]) -> float:
    """Of the mutants that programs reach and that are not equivalent, the share killed."""
    killed = len(groups["killed"]) + sum(r.fate == "killed" for r in groups["stale"])
    return killed / max(1, killed + len(groups["survived"]))
