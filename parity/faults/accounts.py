"""The accounts of a run over mutants: what was drawn, what died, and which of those that live have a reason."""

from __future__ import annotations

import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from parity import corpus
from parity.catalogue import CATALOGUE
from parity.faults import edges, precision, rest
from parity.faults.candidates import Candidate, Measure, candidates
from parity.faults.equivalent import EQUIVALENT, reason, stands
from parity.faults.mutants import Result, run
from parity.faults.rules import Case
from parity.faults.selftest import cases
from parity.planning import seed_of

#: The share that is to be killed.
AIM = 0.97
#: How often every operator is drawn in all its ways.
ROUNDS = 3
#: How often those are whose programs run what lives on: as often as every operator is in a night's run.
LATER = 30
#: So many of those operators, the ones that run it most often.
OWNERS = 3
#: So many histories of each of those alone, where a history ran it; a night's run lives two hundred thousand.
LIVED = 150


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
    found = cases(
        engine, subject, programs=programs, seed=seed, profile="gate", rounds=ROUNDS, ops=ops,
        files=corpus.committed() if ops is None else (),
    )  # fmt: skip
    points: list[Measure] = [*precision.measures(engine, subject, ops), *edges.sheets(engine, subject, ops)]
    if ops is None:
        points += [*rest.classes(engine, subject, seed=seed), *rest.lives(engine, subject, seed=seed)]
    todo = candidates(subject, found, measures=points)
    if ops is not None:
        todo = [candidate for candidate in todo if candidate.cases or candidate.measures]
    every = len(todo)
    if sample is not None:
        todo = sorted(todo, key=lambda candidate: seed_of(seed, candidate.id))[:sample]
    show(f"{len(todo)} of {every} mutants, {len(found)} programs, seed {seed}, {len(points)} measures", None)
    results = []
    first = run(todo, found, engine, subject, measures=points, jobs=jobs)
    for result in longer(first, todo, found, points, engine, subject, seed=seed, jobs=jobs):
        results.append(result)
        line = f"survived {result.programs:5} programs: {result.id}   {brief(result.change)}"
        why = result.how if result.fate == "proved" else reason(result.id, result.change)
        told = result.fate == "survived" and not why
        show(line if told else "", {**result.record(), "equivalent": why})
    there = {result.id for result in results}
    moved = {result.id for result in results if result.id in EQUIVALENT and not stands(result.id, result.change)}
    for id in sorted(moved):
        show(f"listed as equivalent, but something else stands there now: {id}", None)
    listed = {id: why for id, why in EQUIVALENT.items() if (ops is None and sample is None) or id in there}
    listed = {id: why for id, why in listed.items() if id not in moved}
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
    return rate >= AIM and not groups["stale"] and not moved


def longer(
    results: Iterable[Result],
    todo: Sequence[Candidate],
    found: Sequence[Case],
    points: Sequence[Measure],
    engine: Any,
    subject: Any,
    *,
    seed: int,
    jobs: int,
) -> Iterator[Result]:
    """The results, of those that live without a reason only after `LATER` rounds of the operators that run them, and
    after histories of those operators."""
    alive: dict[str, Result] = {}
    for result in results:
        if result.fate == "survived" and not reason(result.id, result.change):
            alive[result.id] = result
        else:
            yield result
    drawn = Counter(case.item.op for case in found)
    owners = {each.id: _owners(each, found, drawn) for each in todo if each.id in alive}
    ops = sorted({op for several in owners.values() for op in several})
    known = {case.item.label for case in found}
    wishes: dict[str, Any] = {"programs": 0, "seed": seed, "profile": "gate", "rounds": LATER}
    more = cases(engine, subject, ops=ops, known=known, **wishes) if ops else []
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(more):
        numbers[case.item.op].append(number)
    lives: list[Measure] = []
    lived: dict[str, list[int]] = {}
    told = _ops_of(points)
    every = Counter(op for ops in told.values() for op in ops)
    acting = {
        each.id: _most(Counter(op for number in each.measures for op in told.get(number, ())), every)
        for each in todo
        if each.id in alive
    }
    for op in sorted({op for several in acting.values() for op in several}):
        made = rest.lives_of(op, engine, subject, count=LIVED, seed=seed)
        lived[op] = list(range(len(lives), len(lives) + len(made)))
        lives += made
    again = [
        replace(
            each,
            cases=[number for op in owners[each.id] for number in numbers[op]],
            measures=[number for op in acting[each.id] for number in lived[op]],
            proof=lambda: "",
        )
        for each in todo
        if each.id in alive
    ]
    for result in run(again, more, engine, subject, measures=lives, jobs=jobs):
        before = alive[result.id]
        if result.fate == "killed":
            yield replace(result, programs=before.programs + result.programs)
        else:
            yield replace(before, programs=before.programs + result.programs)


def _owners(candidate: Candidate, found: Sequence[Case], drawn: Mapping[str, int]) -> list[str]:
    """The operators of whose programs the largest share runs what a mutant changes."""
    return _most(Counter(found[number].item.op for number in candidate.cases if found[number].item.op), drawn)


def _most(hits: Mapping[str, int], drawn: Mapping[str, int]) -> list[str]:
    return sorted(hits, key=lambda op: (-hits[op] / drawn[op], -hits[op], op))[:OWNERS]


def _ops_of(points: Sequence[Measure]) -> dict[int, frozenset[str]]:
    """The operators of each history, by its number among the measures."""
    return {
        number: frozenset(step.op for step in point.case.program.steps if step.op in CATALOGUE)
        for number, point in enumerate(points)
        if isinstance(point, rest.Lived)
    }


def brief(change: str) -> str:
    return textwrap.shorten(change, 100, placeholder=" ...")


def tally(results: Iterable[Result], equivalent: Mapping[str, str]) -> dict[str, tuple[int, int, int]]:
    """By kind of change: killed, survived without a reason, not reached."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        if result.fate == "killed" or result.id not in equivalent:
            counts[result.kind][result.fate] += 1
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
        elif result.fate == "proved":
            groups["equivalent"].append(result)
        else:
            groups["equivalent" if listed else result.fate].append(result)
    gone = [Result(id, "", "", "", "survived", "no such mutant any more") for id in equivalent if id not in there]
    groups["stale"] += gone
    return groups


def share(groups: Mapping[str, Sequence[Result]]) -> float:
    """Of the mutants that programs reach and that are not equivalent, the share killed."""
    killed = len(groups["killed"]) + sum(r.fate == "killed" for r in groups["stale"])
    return killed / max(1, killed + len(groups["survived"]))
