"""What a campaign knows: units done, findings, and what the next unit is to turn to. The same from a log as live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from parity.campaign.aims import Chooser
from parity.campaign.explorer import AIMED
from parity.campaign.log import records
from parity.campaign.units import Finding, Harvest, Key, Unit, generation
from parity.errors import UsageError
from parity.planning import Plan, seed_of
from parity.strategies.source import Seeded

#: The version of a log's records; a reader of a newer one must not guess.
VERSION = 1
#: Points of a curve that are kept at most; then every second one goes.
_POINTS = 400


@dataclass(frozen=True, slots=True)
class Settings:
    """What a campaign is; whatever has the same draws the same programs."""

    target: str
    seed: int = 0
    ops: tuple[str, ...] | None = None
    dtypes: tuple[str, ...] | None = None
    kind: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    #: This share of so many, from 1 on.
    shard: tuple[int, int] = (1, 1)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Settings:
        def listed(value: Any) -> Any:
            return tuple(listed(part) for part in value) if isinstance(value, list) else value

        return cls(**{name: listed(record[name]) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Point:
    """How far a campaign was at a moment: seconds, programs, pairs met, findings."""

    seconds: float
    programs: int
    pairs: int
    findings: int


@dataclass(slots=True)
class Found:
    """All programs that show the same: the shortest one, and when the first one came."""

    finding: Finding
    first: int
    seconds: float


@dataclass
class State:
    """Everything that a log holds, counted; units are handed out and come back in any order."""

    settings: Settings
    plan: Plan
    total: Harvest = field(default_factory=Harvest)
    found: dict[Key, Found] = field(default_factory=dict)
    seconds: float = 0.0
    sessions: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    #: Processes that died or hung.
    lost: int = 0
    #: Records that could not be read.
    damaged: int = 0
    growth: list[Point] = field(default_factory=list)
    #: When the last new finding came, in seconds of the campaign; None before the first.
    latest: float | None = None

    def __post_init__(self) -> None:
        self._done: set[int] = set()
        self._given: set[int] = set()
        self._next = 0
        #: Records of tallies of generations that are not complete, by generation and place.
        self._open: dict[int, dict[int, Mapping[str, Any]]] = {}
        self._settled, self._generations = Harvest(), 0
        self._choosers = {number: self._chooser() for number in (0, 1)}
        self._every = 1

    # -- what happens

    def session(self, versions: Mapping[str, str], ops: Sequence[str], seconds: float) -> None:
        """Another session begins, with an engine that has these operators."""
        self.sessions += 1
        self.versions = dict(versions)
        self.seconds = max(self.seconds, seconds)
        if tuple(ops) != self.plan.ops:
            self.plan = replace(self.plan, ops=tuple(ops))
            self._choosers = {number: self._chooser() for number in self._choosers}

    def add(self, finding: Finding, seconds: float) -> bool:
        """Whether nothing like it had been found."""
        known = self.found.get(finding.key)
        if known is None:
            self.found[finding.key] = Found(finding, finding.number, seconds)
            self.latest = seconds
            return True
        known.first = min(known.first, finding.number)
        if finding.rank < known.finding.rank:
            known.finding = finding
        return False

    def done(self, unit: int, record: Mapping[str, Any], seconds: float) -> None:
        """A unit came back, with the record of its harvest."""
        place = self.place(unit)
        if place in self._done:
            return
        self._done.add(place)
        self.seconds = max(self.seconds, seconds)
        self.total.merge(Harvest.from_json(record))
        self._note()
        self._open.setdefault(generation(place)[0], {})[place] = record
        while True:
            ready = self._open.get(self._generations, {})
            if not ready or len(ready) < generation(min(ready))[1]:
                return
            for _, settled in sorted(self._open.pop(self._generations).items()):
                self._settled.merge(Harvest.from_json(settled))
            self._choosers.pop(self._generations, None)
            self._generations += 1
            self._choosers[self._generations + 1] = self._chooser()

    def unit(self) -> Unit | None:
        """The next one to examine; None while it has to wait for others."""
        while self._next in self._done or self._next in self._given:
            self._next += 1
        number = generation(self._next)[0]
        if number > self._generations + 1:
            return None
        chooser, explained = self._choosers[number]
        self._given.add(self._next)
        shard, shards = self.settings.shard
        unit = self._next * shards + shard - 1
        source = Seeded(seed_of(self.settings.seed, f"fuzz: aims of unit {unit}"))
        return Unit(unit, chooser.choose(source, len(AIMED)), explained)

    # -- what is known

    @property
    def programs(self) -> int:
        return self.total.programs

    @property
    def under_way(self) -> int:
        """Units that were handed out and did not come back."""
        return len(self._given - self._done)

    def place(self, unit: int) -> int:
        """A unit's place among those of this shard."""
        shard, shards = self.settings.shard
        return (unit - shard + 1) // shards

    def _chooser(self) -> tuple[Chooser, tuple[tuple[Key, Key], ...]]:
        chooser = Chooser(self.plan, self._settled.matrix, self._settled.tried)
        return chooser, tuple(self._settled.explained.items())

    def _note(self) -> None:
        if len(self._done) % self._every:
            return
        self.growth.append(Point(self.seconds, self.programs, len(self.total.matrix.counts), len(self.found)))
        if len(self.growth) > _POINTS:
            self.growth = self.growth[1::2]
            self._every *= 2


def replayed(path: Path, state: State) -> bool:
    """Bring a new state to where the log left off; whether there is anything in it.

    UsageError for the log of other settings, or of a newer version.
    """
    anything = False
    for record in records(path):
        anything = True
        kind = record["type"] if record is not None else None
        if record is None:
            state.damaged += 1
        elif kind == "campaign":
            _check(path, record, state.settings)
        elif kind == "session":
            state.session(record["versions"], record["ops"], record["seconds"])
        elif kind == "finding":
            state.add(Finding.from_json(record["finding"]), record["seconds"])
        elif kind == "unit":
            state.done(record["number"], record["harvest"], record["seconds"])
            state.lost += record["lost"]
    return anything


def settings_of(path: Path) -> Settings:
    """Those of the campaign that a log is about. UsageError if it does not say."""
    first = next(records(path), None)
    if first is None or first["type"] != "campaign":
        raise UsageError(f"{path}: this is not the beginning of a campaign's log")
    _check(path, first)
    return Settings.from_json(first["settings"])


def _check(path: Path, record: Mapping[str, Any], wanted: Settings | None = None) -> None:
    if record["version"] > VERSION:
        raise UsageError(f"{path}: version {record['version']} is newer than this one reads ({VERSION}): update parity")
    there = Settings.from_json(record["settings"])
    for name in Settings.__slots__:
        if wanted is not None and getattr(there, name) != getattr(wanted, name):
            raise UsageError(
                f"{path} is a campaign with {name} {getattr(there, name)}, not {getattr(wanted, name)}: "
                "give the same to go on with it, or another folder by --out"
            )


def findings(state: State) -> Iterator[tuple[Found, int]]:
    """What was found, with the number of programs that show it, the most frequent first."""
    shown = state.total.shown
    for key, found in sorted(state.found.items(), key=lambda pair: (-shown[pair[0]].total(), pair[0])):
        yield found, max(1, shown[key].total())
