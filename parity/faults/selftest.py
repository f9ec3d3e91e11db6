"""Plants every fault of the table in an engine and runs the plan of an ordinary run: found, shrunk, blamed?"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from parity.blaming import Name, watched
from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.compare.verdict import Failure, Verdict
from parity.engines.interpreter import execute
from parity.errors import UsageError
from parity.faults import lived
from parity.faults.planted import FAULTS, Fault
from parity.faults.rules import Case, drawn
from parity.judging import explain
from parity.planning import items, plan
from parity.running import Examiner

Outcome = Literal["found", "missed", "too long", "blamed wrongly", "not offered"]
#: Random histories that the tape's faults are given.
HISTORIES = 1500
#: Random programs beside those of the operators: the default run's profile has 5000.
PROGRAMS = 3000
SEED = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one planted fault."""

    family: str
    title: str
    place: str
    outcome: Outcome
    #: Programs of a run until it was found: those of the operators first, and random programs alone.
    programs: int = 0
    random: int = 0
    #: Steps of the program that found it, and of what was left of that.
    steps: int = 0
    shrunk: int = 0
    check: str = ""
    blame: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome in ("found", "not offered")

    def record(self) -> dict[str, Any]:
        return {"type": "fault", **asdict(self)}


def cases(
    engine: Any,
    subject: Any,
    *,
    programs: int = PROGRAMS,
    seed: int = SEED,
    profile: str = "dev",
    rounds: int = 1,
    ops: Sequence[str] | None = None,
    files: Iterable[Path] = (),
    known: Container[str] = (),
) -> list[Case]:
    """The programs of a run, with so many rounds of the operators, on which the engine, as it is, does not differ.

    Those are left out whose labels are `known`.
    """
    decided = plan(
        subject.name, CATALOGUE, profile=profile, seed=seed, ops=ops, max_examples=programs, jobs=1, files=files,
        kind="programs",
    )  # fmt: skip
    decided = replace(decided, rounds=rounds)
    todo = (item for item in items(decided, CATALOGUE) if item.label not in known)
    return [
        case
        for case in drawn(Examiner(decided, engine, subject), todo)
        if not case.program.history
        and compare(case.program, engine, subject, reference_run=case.run).status != "differs"
    ]


def histories(
    engine: Any,
    subject: Any,
    *,
    count: int = HISTORIES,
    seed: int = SEED,
    ops: Sequence[str] | None = None,
    files: Iterable[Path] = (),
) -> list[Case]:
    """The random histories of a run, and those of these files, on which the engine, as it is, agrees."""
    decided = plan(
        subject.name, CATALOGUE, seed=seed, ops=ops, max_examples=count, jobs=1, files=files, kind="histories"
    )
    return [
        case
        for case in drawn(Examiner(decided, engine, subject), items(decided, CATALOGUE))
        if case.program.history and compare(case.program, engine, subject).status == "agrees"
    ]


def trials(found: Sequence[Case], engine: Any, subject: Any, faults: Iterable[Fault] = FAULTS) -> Iterator[Trial]:
    """Each fault in turn, on the same programs. UsageError if the engine offers nothing to plant faults in."""
    if not hasattr(subject, "replaced"):
        raise UsageError(f"{subject.name} offers no rules to plant faults in (see docs/architecture.md, *rules*)")
    operators = reached((case for case in found if case.item.phase == "operators"), subject)
    random = reached((case for case in found if case.item.phase == "programs"), subject)
    for fault in faults:
        yield trial(fault, operators, random, engine, subject)


def lives(found: Sequence[Case], engine: Any, subject: Any, faults: Iterable[Fault] = lived.FAULTS) -> Iterator[Trial]:
    """Each fault of the tape's life in turn, on the same histories."""
    random = [(case, frozenset[Name]()) for case in found]
    for fault in faults:
        yield trial(fault, (), random, engine, subject)


Reached = Sequence[tuple[Case, frozenset[Name]]]


def reached(found: Iterable[Case], subject: Any) -> Reached:
    """Programs with the rules and kernels that they run: no other part, made wrong, can show in them."""
    seen: set[Name] = set()
    rows = []
    with watched(subject, seen):
        for case in found:
            seen.clear()
            execute(case.program, subject)
            rows.append((case, frozenset(seen)))
    return rows


def trial(fault: Fault, operators: Reached, random: Reached, engine: Any, subject: Any) -> Trial:
    """One fault: the first program that shows it, among all and among random ones, and what explaining it says."""
    try:
        planted = plant(fault, subject)
    except KeyError:
        return Trial(fault.family, fault.title, fault.place, "not offered")
    with planted:
        alone = first(random, fault, engine, subject)
        hit = first(operators, fault, engine, subject)
        number = hit[0] if hit else len(operators) + alone[0] if alone else 0
        hit = hit or alone
        if hit is None:
            return Trial(fault.family, fault.title, fault.place, "missed")
        _, case, verdict = hit
        failure = explain(case.program, verdict, engine, subject)
    found = failure.verdict.mismatches[0]
    outcome: Outcome = (
        "blamed wrongly" if not rightly(fault, failure)
        else "too long" if len(failure.program.steps) > fault.steps
        else "found"
    )  # fmt: skip
    return Trial(
        fault.family,
        fault.title,
        fault.place,
        outcome,
        programs=number,
        random=alone[0] if alone else 0,
        steps=len(case.program.steps),
        shrunk=len(failure.program.steps),
        check=found.check,
        blame=blamed(failure),
    )


def plant(fault: Fault, subject: Any) -> AbstractContextManager[None]:
    """The engine with the fault in it, while it lasts. KeyError if the engine has no such part."""
    if fault.kind == "rule":
        if all((rule.op, rule.input) != (fault.name, fault.input) for rule in subject.rules()):
            raise KeyError(fault.name)
        return subject.replaced(fault.name, fault.input, fault.change)  # type: ignore[no-any-return]
    if fault.kind == "kernel":
        if not hasattr(subject, "kernels") or fault.name not in subject.kernels():
            raise KeyError(fault.name)
        return subject.replaced_kernel(fault.name, fault.change)  # type: ignore[no-any-return]
    if not hasattr(subject, "mechanisms") or fault.name not in subject.mechanisms():
        raise KeyError(fault.name)
    return subject.replaced_mechanism(fault.name, fault.change)  # type: ignore[no-any-return]


def first(found: Reached, fault: Fault, engine: Any, subject: Any) -> tuple[int, Case, Verdict] | None:
    """The first program that differs: its number, itself, and how."""
    name: Name = (fault.kind, fault.name, fault.input)
    for number, (case, parts) in enumerate(found, start=1):
        if fault.kind == "mechanism" or name in parts:
            verdict = compare(case.program, engine, subject, reference_run=case.run)
            if verdict.status == "differs":
                return number, case, verdict
    return None


def rightly(fault: Fault, failure: Failure) -> bool:
    """Whether the blame falls on the operator whose part was made wrong, or on the mechanism."""
    found = failure.verdict.mismatches[0]
    if fault.kind == "mechanism":
        return (found.mechanism or found.op) in fault.blamed
    named = found.op in fault.blamed or (fault.kind == "rule" and failure.served_by == fault.place)
    return named and not found.mechanism


def blamed(failure: Failure) -> str:
    """The mechanism, or the operator and its input; the engine's own name of it where that is another."""
    found = failure.verdict.mismatches[0]
    where = found.op + (f", input {found.input}" if found.input is not None else "")
    if found.mechanism:
        return f"{found.mechanism} ({where})" if where else found.mechanism
    return where + (f" ({failure.served_by})" if failure.served_by and failure.served_by != where else "")


# -- the table ---------------------------------------------------------------------------------------------------------

Show = Callable[[str, dict[str, Any] | None], None]


def report(
    engine: Any,
    subject: Any,
    show: Show,
    *,
    programs: int = PROGRAMS,
    seed: int = SEED,
    ops: Sequence[str] | None = None,
) -> bool:
    """Plant every fault and show a row of each; whether all that the engine has room for were found and blamed."""
    drawn_cases = cases(engine, subject, programs=programs, seed=seed, ops=ops)
    show(f"{len(drawn_cases)} programs, seed {seed}: those of the operators, then {programs} random ones", None)
    show(f"{'fault':46} {'class':36} {'programs':>8} {'random':>6} {'steps':>8}  blame", None)
    done: list[Trial] = []
    for made in trials(drawn_cases, engine, subject):
        done.append(made)
        show(line(made), made.record())
    planted = [made for made in done if made.outcome != "not offered"]
    found = [made for made in planted if made.outcome == "found"]
    for made in planted:
        if made.outcome != "found":
            show(f"{made.outcome.upper()}: {made.title} ({made.place})", None)
    record = {"type": "selftest", "planted": len(planted), "found": len(found), "seed": seed, "programs": programs}
    absent = len(done) - len(planted)
    show(f"{len(found)} of {len(planted)} faults found, shrunk and blamed; {absent} not offered", record)
    return len(found) == len(planted) > 0


def report_lives(engine: Any, subject: Any, show: Show, *, count: int = HISTORIES, seed: int = SEED) -> bool:
    """The same of the tape's life, on random histories."""
    found = histories(engine, subject, count=count, seed=seed)
    show(f"{len(found)} histories, seed {seed}: of {count} those on which the engine agrees", None)
    show(f"{'fault':46} {'class':36} {'history':>8} {'':>6} {'steps':>8}  name", None)
    done: list[Trial] = []
    for made in lives(found, engine, subject):
        done.append(made)
        show(line(made), {**made.record(), "type": "history fault"})
    planted = [made for made in done if made.outcome != "not offered"]
    well = [made for made in planted if made.outcome == "found"]
    for made in planted:
        if made.outcome != "found":
            show(f"{made.outcome.upper()}: {made.title} ({made.place})", None)
    record = {"type": "history selftest", "planted": len(planted), "found": len(well), "seed": seed}
    record |= {"histories": count, "agreeing": len(found)}
    show(f"{len(well)} of {len(planted)} faults of histories found, shrunk and named", record)
    return len(well) == len(planted) > 0


def line(made: Trial) -> str:
    """A row of the table."""
    if made.outcome in ("missed", "not offered"):
        return f"{made.title[:46]:46} {made.family:36} {made.outcome}"
    random = str(made.random) if made.random else "-"
    steps = f"{made.steps} -> {made.shrunk}"
    return f"{made.title[:46]:46} {made.family:36} {made.programs:8} {random:>6} {steps:>8}  {made.blame}"
