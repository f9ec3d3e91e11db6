"""The work of a campaign in units, ranges of program numbers, and what they amount to; runs nothing.

A campaign is a function of its settings: what a unit draws follows from its number and from what the generation before
the last one had found by then, however many processes there are and in whatever order they finish.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parity.campaign.aims import Aim
from parity.campaign.exercised import Pair
from parity.campaign.matrix import Matrix
from parity.report.cells import Key as Cell
from parity.report.record import plain
from parity.report.summary import PHASES, Nature, Outcome, Phase

#: Programs of a unit.
SIZE = 100
#: Units of a generation at most; the first ones are smaller, so that what is found early is explained once.
LARGEST = 64

#: The check that fails and the operator or mechanism that is to blame: one finding.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """So many programs from the first number on, and what is known when they are drawn."""

    number: int
    #: The pairs that its aimed programs turn to, one each.
    aims: tuple[Aim, ...] = ()
    #: What has been explained: differences that look like it at first are counted with it.
    explained: tuple[tuple[Key, Key], ...] = ()

    @property
    def programs(self) -> range:
        return range(self.number * SIZE, (self.number + 1) * SIZE)

    def to_json(self) -> dict[str, Any]:
        return {"number": self.number, "aims": list(self.aims), "explained": list(self.explained)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Unit:
        return cls(
            record["number"],
            tuple(Aim(*aim) for aim in record["aims"]),
            tuple((_key(first), _key(found)) for first, found in record["explained"]),
        )


def generation(place: int) -> tuple[int, int]:
    """The generation of the unit that is at this place in the order of a campaign, and how many units that has."""
    number, first = 0, 0
    while True:
        size = min(1 << number // 2, LARGEST)
        if size == LARGEST:
            return number + (place - first) // size, size
        if place < first + size:
            return number, size
        number, first = number + 1, first + size


@dataclass(frozen=True, slots=True)
class Finding:
    """A program that differs, shrunk, with its failure record and report."""

    #: The program that it was found in.
    number: int
    phase: Phase
    label: str
    key: Key
    nature: Nature
    program: Mapping[str, Any]
    failure: Mapping[str, Any]
    report: str

    @property
    def id(self) -> str:
        return str(self.failure["id"])

    @property
    def rank(self) -> tuple[int, int, int]:
        """Shorter programs first, then what was found first."""
        return len(self.program["steps"]), len(str(self.program)), self.number

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Finding:
        return cls(**{**record, "key": _key(record["key"])})


@dataclass(frozen=True, slots=True)
class Examined:
    """One program of a unit: what came out, what it exercised, and the finding if it is the first of its kind."""

    outcome: Outcome
    pairs: frozenset[Pair] = frozenset()
    aim: Aim | None = None
    finding: Finding | None = None
    #: A difference as it looked at first, if explaining it led to the outcome's key.
    looked: Key | None = None


@dataclass(slots=True)
class Harvest:
    """Programs counted."""

    statuses: dict[Phase, Counter[str]] = field(default_factory=lambda: {phase: Counter() for phase in PHASES})
    seconds: float = 0.0
    worst: float = 0.0
    worst_label: str = ""
    matrix: Matrix = field(default_factory=Matrix)
    tried: Matrix = field(default_factory=Matrix)
    #: Programs that differ, by what they show and by their dtype.
    shown: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    #: Programs of one operator, by its respects and what came out there; and the worst deviation of those that agree.
    cells: defaultdict[Cell, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    deviations: dict[Cell, float] = field(default_factory=dict)
    explained: dict[Key, Key] = field(default_factory=dict)
    #: Operators at which torch's own error made room; operators that the engine lacks.
    inaccurate: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    @property
    def programs(self) -> int:
        return sum(counts.total() for counts in self.statuses.values())

    def count(self, *statuses: str) -> int:
        return sum(counts[status] for counts in self.statuses.values() for status in statuses)

    def add(self, examined: Examined) -> None:
        outcome = examined.outcome
        self.statuses[outcome.phase][outcome.status] += 1
        self.seconds += outcome.seconds
        if outcome.status == "agrees" and outcome.worst > self.worst:
            self.worst, self.worst_label = outcome.worst, outcome.label
        if examined.pairs:
            self.matrix.add(examined.pairs)
        if examined.aim is not None:
            self.tried.add([examined.aim.pair])
        if outcome.key is not None:
            self.shown[outcome.key][outcome.dtype] += 1
            if examined.looked is not None:
                self.explained[examined.looked] = outcome.key
        if outcome.op:
            for check, (status, worst) in outcome.checks.items():
                cell = Cell(outcome.op, outcome.dtype, check)
                self.cells[cell][outcome.nature if status == "differs" else status] += 1
                if status == "agrees":
                    self._deviated(cell, worst)
        self.inaccurate.update(outcome.inaccurate)
        self.missing.update(outcome.missing)

    def merge(self, other: Harvest) -> None:
        for phase, counts in other.statuses.items():
            self.statuses[phase].update(counts)
        self.seconds += other.seconds
        self.worst, self.worst_label = max((self.worst, self.worst_label), (other.worst, other.worst_label))
        self.matrix.merge(other.matrix)
        self.tried.merge(other.tried)
        for key, dtypes in other.shown.items():
            self.shown[key].update(dtypes)
        for cell, came in other.cells.items():
            self.cells[cell].update(came)
        for cell, worst in other.deviations.items():
            self._deviated(cell, worst)
        self.explained = other.explained | self.explained
        self.inaccurate.update(other.inaccurate)
        self.missing.update(other.missing)

    def to_json(self) -> dict[str, Any]:
        return {
            "statuses": {phase: dict(counts) for phase, counts in self.statuses.items() if counts},
            "seconds": round(self.seconds, 3),
            "worst": plain(self.worst),
            "worst_label": self.worst_label,
            "matrix": self.matrix.packed(),
            "tried": self.tried.packed(),
            "shown": [[*key, dict(dtypes)] for key, dtypes in sorted(self.shown.items())],
            "cells": [
                [*cell, dict(came), plain(self.deviations.get(cell))] for cell, came in sorted(self.cells.items())
            ],
            "explained": [[*first, *found] for first, found in self.explained.items()],
            "inaccurate": dict(self.inaccurate),
            "missing": dict(self.missing),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Harvest:
        harvest = cls(
            seconds=record["seconds"],
            worst=float(record["worst"]),
            worst_label=record["worst_label"],
            matrix=Matrix.unpacked(record["matrix"]),
            tried=Matrix.unpacked(record["tried"]),
            explained={(a, b): (c, d) for a, b, c, d in record["explained"]},
            inaccurate=Counter(record["inaccurate"]),
            missing=Counter(record["missing"]),
        )
        for phase, counts in record["statuses"].items():
            harvest.statuses[phase].update(counts)
        for check, op, dtypes in record["shown"]:
            harvest.shown[check, op].update(dtypes)
        for *names, came, worst in record["cells"]:
            cell = Cell(*names)
            harvest.cells[cell].update(came)
            if worst is not None:
                harvest.deviations[cell] = float(worst)
        return harvest

    def _deviated(self, cell: Cell, worst: float) -> None:
        self.deviations[cell] = max(worst, self.deviations.get(cell, 0.0))


def _key(pair: Any) -> Key:
    check, op = pair
    return str(check), str(op)
