"""Units examined by processes of this machine: each works through one at a time, and is replaced when it dies or hangs.

What a dead process had done of its unit is there already; the program that it died of is examined with care next.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from parity.campaign.explorer import PATIENCE, Explorer
from parity.campaign.isolation import told
from parity.campaign.units import SIZE, Examined, Finding, Harvest, Unit
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.errors import EngineError, ProgramError, UsageError
from parity.planning import Plan
from parity.processes import Spawned
from parity.program import Program
from parity.report.summary import Outcome
from parity.running import BrokenOff, facts, probe

#: Seconds that a process may take to start.
_STARTING = 300.0
#: How long it may be silent, and that while it explains a program, in units of the patience with one.
SILENT, EXPLAINING = 2.0, 30.0
#: So many processes may end before they are ready, one after the other, until the engine is held to be broken.
_STARTS = 8
#: So many processes end at one program until it is passed over: the last ones did not even run it.
_DEATHS = 5
#: Units until a process is renewed: the little that engines keep of every program must not fill the memory by morning.
_RENEWED = 100
#: So many end in one unit until each of its programs is tried in a fork first.
_WARY = 2


class Done(NamedTuple):
    """A unit that has been examined whole."""

    number: int
    harvest: Harvest


@dataclass
class _Hand:
    """One process and what it is at."""

    spawned: Spawned
    ready: bool = False
    #: Whether it has begun the program that it is to examine next.
    begun: bool = False
    #: Units that it has examined.
    units: int = 0
    unit: Unit | None = None
    done: int = 0
    #: Processes that ended at the program that is next, and at any of the unit.
    deaths: int = 0
    losses: int = 0
    harvest: Harvest = field(default_factory=Harvest)
    heard: float = field(default_factory=time.monotonic)
    patience: float = _STARTING


class Crew:
    """So many processes; units go in, findings and finished units come out."""

    def __init__(self, plan: Plan, jobs: int, patience: float = PATIENCE) -> None:
        self.plan, self.patience = plan, patience
        #: The versions of what is compared, and the operators that the engine has; there once a process is ready.
        self.facts: dict[str, Any] = {}
        #: Processes that ended or hung.
        self.lost = 0
        self._names = itertools.count(1)
        self._ended_early = 0
        self._hands = [_Hand(self._spawned()) for _ in range(jobs)]

    @property
    def pids(self) -> list[int]:
        return [hand.spawned.pid for hand in self._hands]

    @property
    def room(self) -> int:
        """How many units more can be begun at once."""
        return sum(hand.unit is None for hand in self._hands)

    def submit(self, unit: Unit) -> None:
        hand = next(hand for hand in self._hands if hand.unit is None)
        hand.unit, hand.done, hand.deaths, hand.losses, hand.harvest = unit, 0, 0, 0, Harvest()
        if hand.ready:
            self._hand_out(hand)

    def events(self, seconds: float) -> Iterator[Finding | Done]:
        """What happens within so many seconds, or until something has; EngineError if the engine cannot be had."""
        ends = {hand.spawned.connection: hand for hand in self._hands}
        for connection in wait(list(ends), seconds):
            assert isinstance(connection, Connection)
            hand = ends[connection]
            while hand.spawned.connection is connection:
                try:
                    if not connection.poll():
                        break
                    kind, content = connection.recv()
                except (EOFError, OSError):
                    yield from self._replaced(hand, told(hand.spawned.ended()))
                    break
                yield from self._heard(hand, kind, content)
        now = time.monotonic()
        for hand in self._hands:
            if (hand.unit is not None or not hand.ready) and now - hand.heard > hand.patience:
                yield from self._replaced(hand, f"it said nothing for {hand.patience:.0f} s")

    def close(self) -> None:
        for hand in self._hands:
            hand.spawned.end(at_once=True)

    def _heard(self, hand: _Hand, kind: str, content: Any) -> Iterator[Finding | Done]:
        hand.heard, hand.patience = time.monotonic(), SILENT * self.patience
        if kind == "ready":
            hand.ready, self.facts, self._ended_early = True, content, 0
            if hand.unit is not None:
                self._hand_out(hand)
        elif kind == "begun":
            hand.begun = True
        elif kind == "explaining":
            hand.patience = EXPLAINING * self.patience
        elif kind == "error":
            raise content
        else:
            yield from self._took(hand, content)

    def _took(self, hand: _Hand, examined: Examined) -> Iterator[Finding | Done]:
        assert hand.unit is not None
        hand.harvest.add(examined)
        hand.done, hand.deaths = hand.done + 1, 0
        if examined.finding is not None:
            yield examined.finding
        if hand.done == SIZE:
            done = Done(hand.unit.number, hand.harvest)
            hand.unit, hand.units = None, hand.units + 1
            if hand.units >= _RENEWED:
                hand.spawned.end(at_once=True)
                self._begin(hand)
            yield done

    def _replaced(self, hand: _Hand, how: str) -> Iterator[Finding | Done]:
        """Another process in the place of one that is gone; its unit goes on."""
        hand.spawned.end(at_once=True)
        self.lost += 1
        if not hand.ready:
            self._ended_early += 1
            if self._ended_early >= _STARTS:
                raise EngineError(f"{self.plan.target}: {_STARTS} processes ended before they were ready: {how}")
        hand.deaths += hand.begun
        hand.losses += hand.begun
        self._begin(hand)
        if hand.unit is not None and hand.deaths >= _DEATHS:
            yield from self._took(hand, passed_over(hand.unit.programs[hand.done], hand.deaths, how))

    def _begin(self, hand: _Hand) -> None:
        """A fresh process takes the place."""
        hand.spawned, hand.ready, hand.begun, hand.units = self._spawned(), False, False, 0
        hand.heard, hand.patience = time.monotonic(), _STARTING

    def _hand_out(self, hand: _Hand) -> None:
        assert hand.unit is not None
        # What its predecessors explained of the unit is known.
        explained = (*hand.unit.explained, *hand.harvest.explained.items())
        work = replace(hand.unit, explained=explained), hand.done, hand.deaths, hand.losses >= _WARY
        hand.begun = False
        hand.heard, hand.patience = time.monotonic(), SILENT * self.patience
        with contextlib.suppress(OSError):  # it has just died; the next look at its connection says so
            hand.spawned.connection.send(work)

    def _spawned(self) -> Spawned:
        return Spawned(_work, self.plan, self.patience, hashing=next(self._names))


def passed_over(number: int, deaths: int, how: str) -> Examined:
    """A program that no process could even draw."""
    key = "crash", ""
    text = f"program {number}: {deaths} processes ended at it, the last ones before it ran: {how}"
    program = Program((), (), ())
    failure = {"id": program.id, "verdict": {"status": "differs", "note": text, "mismatches": []}}
    label = f"fuzz {number}"
    outcome = Outcome(number, "programs", label, "differs", "structure", key=key, nature="crash", id=program.id)
    return Examined(outcome, finding=Finding(number, "programs", label, key, "crash", program.to_json(), failure, text))


def _work(connection: Connection, plan: Plan, patience: float) -> None:
    try:
        subject = resolve(plan.target, dict(plan.options))
        probe(subject)
        with torch_reference.settings() as reference:
            explorer = Explorer(plan, reference, subject, patience)

            def announce() -> None:
                connection.send(("explaining", None))

            connection.send(("ready", {"versions": facts(subject, reference), "ops": explorer.there}))
            while True:
                unit, done, deaths, wary = connection.recv()
                connection.send(("begun", None))
                for examined in explorer.examine(unit, done, deaths, wary, announce):
                    connection.send(("examined", examined))
    except (EOFError, ConnectionError):
        return  # whoever listened has gone
    except (UsageError, ProgramError) as error:
        connection.send(("error", error))
    except Exception as error:
        connection.send(("error", BrokenOff(str(error), traceback.format_exc())))
