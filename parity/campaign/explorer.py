"""Examines the programs of a unit, one by one, in this process; knows nothing of other processes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from parity.campaign import aims, isolation
from parity.campaign.aims import Aim, Bounds
from parity.campaign.exercised import pairs
from parity.campaign.units import SIZE, Examined, Finding, Key, Unit
from parity.catalogue import CATALOGUE
from parity.compare.verdict import Failure, Status, Verdict
from parity.engines.protocol import Run
from parity.planning import Item, Plan, seed_of
from parity.program import Program
from parity.report.cells import dtypes_of
from parity.report.coverage import supported
from parity.report.record import failure_record
from parity.report.summary import Outcome, Phase
from parity.report.text import failure_text
from parity.running import Examiner
from parity.strategies.single import Undrawn, kinds
from parity.strategies.source import Seeded

#: What the programs of a unit are, over and over; histories only of engines that can live them.
_PHASES: tuple[Phase, ...] = ("operators", "programs", "programs", "histories")
#: Which of them turn to an aim, by their places in the unit.
AIMED = tuple(place for place in range(SIZE) if place % 8 in (4, 5, 6))

#: So many processes end at a program until it is told without being run.
_UNSEEN = 3
#: Seconds that a program may take, which mostly takes milliseconds.
PATIENCE = 30.0


class Explorer(Examiner):
    """An examiner whose programs turn to what was seldom met, and which keeps nothing itself."""

    def __init__(self, plan: Plan, reference: Any, subject: Any, patience: float = PATIENCE) -> None:
        super().__init__(plan, reference, subject)
        self.patience = patience
        self._aim: Aim | None = None
        self._drawn: tuple[Program, Run | None] | None = None
        self._small: Program | None = None
        self._announce: Callable[[], None] = lambda: None

    @cached_property
    def there(self) -> tuple[str, ...]:
        """The operators of the plan that the engine has."""
        return tuple(op for op in self.plan.ops if supported(CATALOGUE[op], self.subject))

    def examine(
        self,
        unit: Unit,
        done: int = 0,
        deaths: int = 0,
        wary: bool = False,
        announce: Callable[[], None] = lambda: None,
    ) -> Iterator[Examined]:
        """The programs of a unit that are not done yet; at the first of them so many processes ended.

        `wary`: each is tried in a fork first. `announce` is called before one is explained, which takes long.
        """
        self.explained = dict(unit.explained)
        self._announce = announce
        for place, number in enumerate(unit.programs):
            aim = unit.aims[AIMED.index(place)] if place in AIMED and self.plan.programs else None
            if place >= done:
                yield self._examined(self._item(number, place, aim), aim, deaths if place == done else 0, wary)

    def _item(self, number: int, place: int, aim: Aim | None) -> Item:
        phase = _PHASES[place % len(_PHASES)] if aim is None else "programs"
        if not self.plan.programs:
            phase = "histories"
        elif phase == "histories" and not (self.plan.histories and hasattr(self.subject, "module")):
            phase = "programs"
        if phase != "operators" or not self.there:
            return Item(number, phase, f"fuzz {number}")
        source = Seeded(seed_of(self.plan.seed, f"fuzz {number}: which operator"))
        spec = CATALOGUE[source.choice(self.there)]
        allowed = self.plan.kinds
        cases = [
            (dtype, kind)
            for dtype in dtypes_of(spec, self.plan.dtypes)
            for kind in kinds(spec, dtype)
            if allowed is None or kind in allowed
        ]
        if not cases:
            return Item(number, "programs", f"fuzz {number}")
        dtype, kind = source.choice(cases)
        return Item(number, phase, f"fuzz {number}", spec.name, dtype, kind)

    def draw(self, item: Item) -> tuple[Program, Run | None] | None:
        found = None
        if self._aim is not None:
            bounds = Bounds(
                self.drawable, self.plan.dtypes, self.plan.kinds, self.order, self.shape, self.admits
            )  # fmt: skip
            try:
                found = aims.drawn(self._aim, Seeded(seed_of(self.plan.seed, item.label)), self.reference, bounds)
            except Undrawn:
                found = None
        self._drawn = found or super().draw(item)
        return self._drawn

    def filed(self, failure: Failure) -> tuple[str, str]:
        self._small = failure.program
        return failure.id, failure.id

    def _explain(self, outcome: Outcome, program: Program, verdict: Verdict) -> Outcome:
        self._announce()
        return super()._explain(outcome, program, verdict)

    def _examined(self, item: Item, aim: Aim | None, deaths: int, wary: bool) -> Examined:
        self._aim, self._drawn, self._small = aim, None, None
        known = len(self.explained)
        try:
            if (deaths or wary) and (ended := self._ended(item, aim, deaths)):
                return ended
            outcome = self.outcome(item)
        except Exception as error:  # one program that the harness cannot handle must not end a night's search
            return self._broken(item, aim, error)
        found = pairs(*self._drawn) if self._drawn is not None else ()
        looked = list(self.explained)[-1] if len(self.explained) > known else None
        finding = None
        if outcome.failure is not None and outcome.key is not None and self._small is not None:
            finding = Finding(
                item.number, item.phase, item.label, outcome.key, outcome.nature, self._small.to_json(),
                outcome.failure, outcome.report,
            )  # fmt: skip
        # What crosses between processes is small: the finding has the rest.
        outcome = replace(outcome, failure=None, report="")
        return Examined(outcome, frozenset(found), aim, finding, looked)

    def _ended(self, item: Item, aim: Aim | None, deaths: int) -> Examined | None:
        """What is to be told of a program that ends or hangs processes; None if a fork comes through."""
        end, how, program = isolation.drawing(lambda: self.draw(item), self.patience)
        undrawn = bool(end)
        if not undrawn:
            drawn = self.draw(item)
            if drawn is None:
                return None
            program, _ = drawn
            end, how = isolation.ending(program, self.reference, self.subject, self.patience)
        if not end and deaths < _UNSEEN:
            return None
        self._announce()
        ops = {step.op for step in program.steps}
        for known in self.explained.values():
            if known[0] == end and known[1] in ops:
                return Examined(_outcome(item, known), aim=aim)
        if end:
            failure = isolation.explained(
                program, end, how, self.reference, self.subject, patience=self.patience, seed=self.plan.seed,
                drawn=not undrawn,
            )  # fmt: skip
        else:
            end, how = "crash", f"{deaths} processes ended while it was examined, and a fork came through"
            failure = isolation.told_as_it_is(program, end, how, self.reference, self.subject, seed=self.plan.seed)
        key = end, failure.verdict.mismatches[0].op
        self.explained[key] = key
        return _differing(item, aim, key, failure, failure_text(failure, failure.id), key)

    def _broken(self, item: Item, aim: Aim | None, error: Exception) -> Examined:
        """An error of the harness itself, or of an engine where none may raise."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        key = "harness", f"{type(error).__name__} in {place.name}"
        program = self._drawn[0] if self._drawn is not None else Program((), (), ())
        failure = isolation.told_as_it_is(
            program, "crash", f"the harness raised {type(error).__name__}: {error}", self.reference, self.subject,
            seed=self.plan.seed,
        )  # fmt: skip
        trace = "".join(traceback.format_exception(error))
        return _differing(item, aim, key, failure, f"THE HARNESS RAISED at {item.label}, {failure.id}\n\n{trace}")


def _differing(
    item: Item, aim: Aim | None, key: Key, failure: Failure, report: str, looked: Key | None = None
) -> Examined:
    told = Finding(
        item.number, item.phase, item.label, key, "crash", failure.program.to_json(), failure_record(failure), report
    )  # fmt: skip
    return Examined(replace(_outcome(item, key), id=failure.id), aim=aim, finding=told, looked=looked)


def _outcome(item: Item, key: Key) -> Outcome:
    checks: dict[str, tuple[Status, float]] = {"value": ("differs", 0.0)} if item.op else {}
    return Outcome(
        item.number, item.phase, item.label, "differs", "structure", op=item.op, dtype=item.dtype, checks=checks,
        key=key, nature="crash",
    )  # fmt: skip
