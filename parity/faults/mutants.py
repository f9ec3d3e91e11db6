"""Runs programs and measurements against mutants of an engine: what notices them, if anything does?

Each mutant runs in a process of its own, which may hang or die. Needs `os.fork`. Plans nothing and keeps no accounts.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from parity.compare import compare
from parity.compare.pairs import unequal
from parity.engines.interpreter import execute
from parity.faults.candidates import Candidate, Measure
from parity.faults.mutations import TOUCHED
from parity.faults.rules import Case
from parity.judging import beyond_known

Fate = Literal["killed", "survived", "proved", "not reached"]
#: Seconds of computing that a mutant may take; one that takes longer hangs, and a run would show that.
PATIENCE = 150
#: The same by the clock, for one that waits; other processes may be in the way.
WAITING = 300.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant; `how` says what killed it, or why nothing can; `programs` how many were run."""

    id: str
    kind: str
    where: str
    change: str
    fate: Fate
    how: str = ""
    programs: int = 0

    def record(self) -> dict[str, Any]:
        return {"type": "mutant", **{name: getattr(self, name) for name in self.__slots__}}


def run(
    todo: Iterable[Candidate],
    found: Sequence[Case],
    engine: Any,
    subject: Any,
    *,
    measures: Sequence[Measure] = (),
    jobs: int = 2,
) -> Iterator[Result]:
    """Each mutant in a process of its own, so many at a time; results as they come."""
    gc.freeze()
    waiting: dict[int, tuple[Candidate, int, float]] = {}
    pending = iter(todo)
    more = True
    try:
        while more or waiting:
            while more and len(waiting) < max(1, jobs):
                candidate = next(pending, None)
                if candidate is None:
                    more = False
                elif not (candidate.cases or candidate.measures):
                    yield _result(candidate, "not reached")
                else:
                    pipe, child = _start(candidate, found, measures, engine, subject)
                    waiting[pipe] = candidate, child, time.monotonic() + WAITING
            if waiting:
                yield from _collect(waiting)
    finally:
        # What is frozen is not among the objects that `candidates` looks for.
        gc.unfreeze()


def _start(
    candidate: Candidate, found: Sequence[Case], measures: Sequence[Measure], engine: Any, subject: Any
) -> tuple[int, int]:
    ours, theirs = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.close(theirs)
        return ours, child
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 2)
        answer = _verdict(candidate, found, measures, engine, subject)
        os.write(theirs, json.dumps(answer).encode())
    finally:
        os._exit(0)


def _verdict(
    candidate: Candidate, found: Sequence[Case], measures: Sequence[Measure], engine: Any, subject: Any
) -> list[Any]:
    if why := candidate.proof():
        return ["proved", why, 0]
    candidate.plant()
    undecided = 0
    for done, number in enumerate(candidate.cases, start=1):
        case = found[number]
        verdict = compare(case.program, engine, subject, reference_run=case.run)
        if verdict.status == "differs":
            verdict = beyond_known(case.program, verdict, engine, subject)
        if verdict.status == "differs":
            return ["killed", f"{verdict.mismatches[0].check} in {case.item.label}", done]
        undecided += verdict.status == "undecided"
    for number in candidate.measures:
        if worse := measures[number].worse(subject):
            return ["killed", worse, len(candidate.cases)]
    touched, seen = _traces(candidate, found, measures, subject)
    told = [f"undecided in {undecided} programs"] if undecided else []
    told += [] if seen is None else [f"other bits in {seen} programs" if seen else "the same bits everywhere"]
    return ["survived" if touched else "not reached", ", ".join(told), len(candidate.cases)]


def _traces(
    candidate: Candidate, found: Sequence[Case], measures: Sequence[Measure], subject: Any
) -> tuple[bool, int | None]:
    """Whether anything runs the very place that a mutant, which is planted, changes, and how many programs it moves.

    A line may have parts that no program runs: the branch of a conditional, what follows `and`. True and None if that
    cannot be found out.
    """
    calls = 0

    def touched() -> None:
        nonlocal calls
        calls += 1

    setattr(builtins, TOUCHED, touched)
    programs = [found[number].program for number in candidate.cases]
    changed = [execute(program, subject) for program in programs]
    if not candidate.touch():
        return True, None
    moved = 0
    for program, run in zip(programs, changed, strict=True):
        sound = execute(program, subject)
        moved += run.error != sound.error or any(unequal(program, sound, run))
    for number in candidate.measures if not calls else ():
        measures[number].answer(subject)
    return calls > 0, moved


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
