"""The main job: corpus, operators, random programs, in as many processes as are wanted; knows no operator."""

from __future__ import annotations

import platform
import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import cached_property
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

from parity import corpus
from parity.acts import available
from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.compare.pipeline import weighed_alike
from parity.compare.verdict import Failure, Status, Verdict
from parity.configured import examined, lacking
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.protocol import Run
from parity.errors import EngineError, ProgramError, UsageError
from parity.judging import about, beyond_known, covered, explain, located
from parity.planning import Item, Plan, items, seed_of
from parity.processes import Spawned
from parity.program import Program, Regime
from parity.report.cells import by_check, checks_of, dtype_of
from parity.report.coverage import supported
from parity.report.record import failure_record
from parity.report.summary import PHASES, Outcome, Summary
from parity.report.text import failure_text
from parity.strategies.drawing import draw_program
from parity.strategies.scribe import draw_history
from parity.strategies.single import Undrawn, draw_op
from parity.strategies.source import Seeded


class BrokenOff(EngineError):
    """An error of another process, with its traceback as text."""

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message, trace)
        self.message, self.trace = message, trace

    def __str__(self) -> str:
        return self.message


class Examiner:
    """Runs the programs of a plan one by one; what it has already explained it only counts afterwards."""

    def __init__(self, plan: Plan, reference: Any, subject: Any) -> None:
        self.plan, self.reference, self.subject = plan, reference, subject
        #: The check and operator that a difference showed in at first, and those that it was found to be about.
        self.explained: dict[tuple[str, str], tuple[str, str]] = {}
        #: An engine that takes no program but simple ones says what it takes.
        self.admits = getattr(subject, "takes", None)
        abilities = getattr(subject, "abilities", None)
        self.shape = () if abilities is not None and abilities.scalar else None
        self.order = getattr(subject, "order", None)

    @cached_property
    def drawable(self) -> tuple[str, ...]:
        """What random programs are made of: what is there, and gives the same values each time."""
        drawn = {"random"} if hasattr(self.subject, "seed") else {"random", "stream"}
        return tuple(
            op for op in self.plan.ops if supported(CATALOGUE[op], self.subject) and not drawn & CATALOGUE[op].tags
        )

    @property
    def restricted(self) -> bool:
        """Whether the subject narrows what can be drawn: to scalars, to simple calls, to first derivatives."""
        return self.shape is not None or self.admits is not None or self.order is not None

    def outcome(self, item: Item) -> Outcome:
        started = time.perf_counter()
        if item.phase == "modules":
            return replace(self._configured(item), seconds=time.perf_counter() - started)
        if item.op and not supported(CATALOGUE[item.op], self.subject):
            return _uncompared(item, "unsupported", missing=(item.op,))
        drawn = self.draw(item)
        if drawn is None:
            # An engine that takes everything has not lost what chance did not find a program for.
            status: Status = "unsupported" if self.restricted or not item.op else "undecided"
            return _uncompared(item, status, note="nothing to draw")
        program, run = drawn
        if getattr(self.subject, "ones", False):
            program, run = weighed_alike(program), None
        verdict = compare(program, self.reference, self.subject, reference_run=run)
        if verdict.status == "differs":
            verdict = beyond_known(program, verdict, self.reference, self.subject)
        outcome = Outcome(
            number=item.number,
            phase=item.phase,
            label=item.label,
            status=verdict.status,
            decided=verdict.decided,
            op=item.op,
            dtype=item.dtype,
            checks=by_check(program, verdict),
            moved=verdict.moved,
            worst=float(verdict.worst),
            inaccurate=verdict.inaccurate_reference,
            missing=verdict.missing,
            note=verdict.note,
        )
        if verdict.status == "differs":
            outcome = self._explain(outcome, program, verdict)
        return replace(outcome, seconds=time.perf_counter() - started)

    def _configured(self, item: Item) -> Outcome:
        """A configuration of a class, which is no program."""
        outcome = Outcome(item.number, item.phase, item.label, "unsupported", missing=(item.op,))
        if lacking(item.op, self.subject):
            return outcome
        source = Seeded(seed_of(self.plan.seed, item.label))
        found = examined(
            item.op, source, self.reference, self.subject, torch_reference.nudging, seed=self.plan.seed,
            explain=("class", item.op) not in self.explained,
        )  # fmt: skip
        outcome = replace(outcome, status=found.outcome.status, note=found.outcome.undecided, missing=())
        if found.outcome.difference is None:
            return replace(outcome, worst=found.outcome.worst)
        key = self.explained.setdefault(("class", item.op), (found.outcome.difference.check, item.op))
        return replace(
            outcome, key=key, dtype=found.configuration.dtype, failure=found.record, report=found.report, id=found.id
        )

    def draw(self, item: Item) -> tuple[Program, Run | None] | None:
        """The program of an item and what the reference made of it, if it has run it; None: nothing to draw."""
        if item.path is not None:
            return corpus.load(item.path).program, None
        source = Seeded(seed_of(self.plan.seed, item.label))
        if item.op:
            try:
                return self._draw_op(source, item)
            except Undrawn:
                return None
        if not self.drawable:
            return None
        if item.phase == "histories":
            if not hasattr(self.subject, "module"):
                return None
            acts, modes = available(self.subject.module)
            dtypes = self.plan.dtypes
            return draw_history(
                source, self.reference, ops=self.drawable, acts=acts, modes=modes, dtypes=dtypes
            ), None  # fmt: skip
        # An engine that takes only some calls mixes no dtypes: each has its turn.
        dtypes = self.plan.dtypes
        if self.admits is not None and dtypes is not None:
            dtypes = (dtypes[item.number % len(dtypes)],)
        # Without an exact operator there are no programs of that regime to draw.
        exact = any("exact" in CATALOGUE[op].tags for op in self.drawable)
        regime: Regime | None = None if exact else "smooth"
        return draw_program(
            source, self.reference, ops=self.drawable, dtypes=dtypes, regime=regime,
            order=self.order, shape=self.shape, admits=self.admits,
        )  # fmt: skip

    def _draw_op(self, source: Seeded, item: Item) -> tuple[Program, Run]:
        spec = CATALOGUE[item.op]
        order = None if self.order is None else min(self.order, spec.orders)
        return draw_op(
            source, self.reference, spec, item.dtype, kind=item.kind, part=item.part,
            order=order, shape=self.shape, admits=self.admits, mixed=self.plan.dtypes is None and not self.restricted,
            first=item.first,
        )  # fmt: skip

    def _explain(self, outcome: Outcome, program: Program, verdict: Verdict) -> Outcome:
        first = located(program, self.reference, self.subject, verdict.mismatches[0])
        key: tuple[str, str] = (first.check, first.op)
        outcome = replace(outcome, dtype=outcome.dtype or dtype_of(program, first))
        if program.history and first.check in ("gradient", "value", "hook"):
            # Most likely not the tape but an operator that has been found wrong by itself.
            ops = {step.op for step in program.steps}
            key = next((known for known in self.explained if known[1] in ops), key)
        if key in self.explained:
            return replace(outcome, key=self.explained[key])
        # A process that ends or hangs costs seconds each time: such a program is told as it is.
        ended = first.check == "error" and getattr(first.subject, "type", "") in getattr(self.subject, "ended", ())
        failure = explain(program, verdict, self.reference, self.subject, shrinking=not ended, seed=self.plan.seed)
        if reason := covered(failure.verdict.mismatches, failure.program):
            checks: dict[str, tuple[Status, float]] = {c: ("known", worst) for c, (_, worst) in outcome.checks.items()}
            return replace(outcome, status="known", note=reason, checks=checks)
        id, short = self.filed(failure)
        found = failure.verdict.mismatches[0]
        # Shrinking may lead elsewhere; what looks like the first of its kind is counted under the same name.
        self.explained[key] = found.check, found.op
        return replace(
            outcome,
            key=(found.check, found.op),
            nature="crash" if ended else "flaky" if self._flaky(failure) else "differs",
            failure=failure_record(failure),
            report=failure_text(failure, short),
            id=id,
        )

    def filed(self, failure: Failure) -> tuple[str, str]:
        """The id under which the failing program is kept from now on, and what of it suffices to name it."""
        id = corpus.keep(failure.program, about(failure) | {"engine": self.plan.target}).stem
        return id, corpus.shortest(id)

    def _flaky(self, failure: Failure) -> bool:
        """Whether the program that shows a difference does not show it each time."""
        if any(mismatch.check == "repeat" for mismatch in failure.verdict.mismatches):
            return True
        return compare(failure.program, self.reference, self.subject).status == "agrees"


def _uncompared(item: Item, status: Status, **why: Any) -> Outcome:
    there = checks_of(CATALOGUE[item.op], item.dtype) if item.op else []
    checks: dict[str, tuple[Status, float]] = dict.fromkeys(there, (status, 0.0))
    return Outcome(item.number, item.phase, item.label, status, op=item.op, dtype=item.dtype, checks=checks, **why)


def probe(subject: Any) -> None:
    """The basics before any maths, so that a broken adapter is one error and not a thousand mismatches."""
    if hasattr(subject, "run"):
        return  # it was probed when it was loaded
    try:
        sent = np.array([1.5, -2.0])
        back = subject.array(subject.tensor(sent.copy(), True))
        if back.dtype != sent.dtype or not np.array_equal(back, sent):
            raise EngineError(f"{subject.name} gives back {back!r} for a tensor of {sent!r}")
        if subject.supports("mul", "operator"):
            x = subject.tensor(np.array(3.0), True)
            y = subject.call("mul", (x, x), {}, "operator")
            subject.grad([y], [x], [subject.tensor(np.array(1.0), False)], False)
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(f"{subject.name} cannot make, read or differentiate a tensor") from error


def run(plan: Plan, summary: Summary, notify: Callable[[Outcome], None]) -> None:
    """Run the plan; every outcome goes into the summary and to `notify` as it comes.

    Ctrl-C ends it early, with what there is by then. EngineError if the subject breaks before any maths.
    """
    todo = items(plan, CATALOGUE)
    started = time.monotonic()
    for phase in PHASES:
        summary.planned[phase] = sum(item.phase == phase for item in todo)
    jobs = min(plan.jobs, max(1, len(todo) // _SHARE))
    summary.jobs = jobs
    deadline = None if plan.seconds is None else time.time() + plan.seconds
    if jobs == 1:
        outcomes = _alone(plan, todo, summary, deadline)
    else:
        outcomes = _together(plan, todo, summary, deadline, jobs)
    try:
        for outcome in outcomes:
            summary.add(outcome)
            notify(outcome)
    except KeyboardInterrupt:
        summary.interrupted = True
    finally:
        outcomes.close()
        summary.seconds = time.monotonic() - started
    done = sum(sum(counts.values()) for counts in summary.statuses.values())
    if done < len(todo) and not summary.interrupted:
        summary.cut = f"after {plan.seconds:.0f} s: {done} of {len(todo)} programs"


#: A process more is started for so many programs: it costs seconds to import torch again.
_SHARE = 200


def facts(subject: Any, reference: Any) -> dict[str, str]:
    """The versions that a report names."""
    return {
        subject.name: subject.version,
        reference.name: reference.version,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _alone(plan: Plan, todo: list[Item], summary: Summary, deadline: float | None) -> Generator[Outcome]:
    subject = resolve(plan.target, dict(plan.options), plan.python)
    probe(subject)
    with torch_reference.settings() as reference:
        summary.versions = facts(subject, reference)
        examiner = Examiner(plan, reference, subject)
        for item in todo:
            if deadline is not None and time.time() > deadline:
                return
            yield examiner.outcome(item)


def _together(plan: Plan, todo: list[Item], summary: Summary, deadline: float | None, jobs: int) -> Generator[Outcome]:
    """Each process takes every `jobs`-th program; this one only listens, and never imports torch."""
    workers: dict[Connection, Spawned] = {}
    waiting: dict[Connection, int] = {}
    try:
        for share in range(jobs):
            worker = Spawned(_work, plan, deadline, share, jobs, hashing=1 + share)
            workers[worker.connection] = worker
            waiting[worker.connection] = share
        while waiting:
            for connection in wait(list(waiting)):
                assert isinstance(connection, Connection)
                try:
                    kind, content = connection.recv()
                except EOFError:
                    where = todo[waiting[connection]].label if waiting[connection] < len(todo) else "the end"
                    code = workers[connection].ended()
                    raise EngineError(
                        f"the process that ran {plan.target} died (exit code {code}) at {where}"
                    ) from None
                if kind == "outcome":
                    waiting[connection] = content.number + jobs
                    yield content
                elif kind == "facts":
                    summary.versions = content
                elif kind == "done":
                    del waiting[connection]
                else:
                    raise content
    finally:
        for worker in workers.values():
            worker.end()


def _work(connection: Connection, plan: Plan, deadline: float | None, share: int, jobs: int) -> None:
    try:
        subject = resolve(plan.target, dict(plan.options), plan.python)
        probe(subject)
        with torch_reference.settings() as reference:
            connection.send(("facts", facts(subject, reference)))
            examiner = Examiner(plan, reference, subject)
            for item in items(plan, CATALOGUE)[share::jobs]:
                if deadline is not None and time.time() > deadline:
                    break
                connection.send(("outcome", examiner.outcome(item)))
        connection.send(("done", None))
    except (UsageError, ProgramError) as error:
        connection.send(("error", error))
    except Exception as error:
        connection.send(("error", BrokenOff(str(error), traceback.format_exc())))
