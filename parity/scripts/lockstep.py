"""Two engines at one script, event by event; how far they may part is read off runs of the reference that are nudged.

Stops at the first draw, printed number, parameter or gradient that departs, and looks back for the operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from parity.compare import yardstick
from parity.processes import Spawned
from parity.scripts.recorder import END, record

_NUDGED = 2
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?|[-+]?\b(?:nan|inf)\b")

Event = tuple[str, str, str, Any]


@dataclass
class Departed:
    """Where the engine left the reference: in which event, how far, how far it may, and after which operator."""

    kind: str
    name: str
    place: str
    theirs: str
    ours: str
    allowed: str
    began: str = ""


@dataclass
class Told:
    """What a comparison came to."""

    engine: str
    script: str
    counts: dict[str, int] = field(default_factory=lambda: {"draw": 0, "print": 0, "step": 0, "op": 0})
    departed: Departed | None = None
    #: Why nothing more can be said, though nothing departed.
    ended: str = ""


class _Follower:
    """The events of one process, the operators between two others collected."""

    def __init__(self, engine: str, script: str, arguments: tuple[str, ...], nudged: int | None) -> None:
        self.process = Spawned(record, engine, script, arguments, nudged, hashing=0)
        self.ops: list[Event] = []
        self.events = self._read(self.process.connection)

    def _read(self, connection: Connection) -> Iterator[Event]:
        while True:
            try:
                event = connection.recv()
            except EOFError:
                yield END, "", "", f"the process ended with exit code {self.process.ended()}"
                return
            if event[0] == "op":
                self.ops.append(event)
            else:
                yield event
                self.ops = []
                if event[0] == END:
                    return


def compare(engine: str, script: str, arguments: tuple[str, ...] = ()) -> Told:
    """Run the script under torch, under the engine, and under torch with nudges, all at once."""
    told = Told(engine, script)
    followers = [_Follower(name, script, arguments, n) for name, n in _runs(engine)]
    try:
        for events in zip(*(f.events for f in followers)):
            if not _alike(told, followers, list(events)):
                break
    finally:
        for follower in followers:
            follower.process.end()
    return told


def _runs(engine: str) -> list[tuple[str, int | None]]:
    return [("torch", None), (engine, None), *(("torch", n) for n in range(1, 1 + _NUDGED))]


def _alike(told: Told, followers: list[_Follower], events: list[Event]) -> bool:
    """Whether to go on after these events, one of each process."""
    theirs, ours, *nudged = events
    told.counts["op"] += len(followers[0].ops)
    if theirs[0] == END and ours[0] == END and bool(theirs[3]) == bool(ours[3]):
        told.ended = f"both end with an error: {_last(theirs[3])}" if theirs[3] else ""
        return False
    if theirs[:2] != ours[:2]:
        told.departed = Departed(*_head(ours), _event(theirs), _event(ours), "the same event", _began(followers))
        return False
    told.counts[theirs[0]] += 1
    broken = next((event[3] for event in nudged if event[0] == END and event[3]), "")
    if broken:
        told.ended = f"torch breaks off where its roundings are moved ({_last(broken)}): nothing more can be said"
        return False
    if any(event[:2] != theirs[:2] for event in nudged):
        told.ended = "roundings decide what the script does next: nothing more can be said"
        return False
    if theirs[0] == "print":
        return _printed(told, followers, theirs, ours, nudged)
    return _arrays(told, followers, theirs, ours, nudged)


def _arrays(told: Told, followers: list[_Follower], theirs: Event, ours: Event, nudged: list[Event]) -> bool:
    for number, (a, b) in enumerate(zip(theirs[3], ours[3])):
        others = [event[3][number] for event in nudged]
        if a.shape != b.shape or a.dtype != b.dtype:
            told.departed = Departed(*_head(ours), _array(a), _array(b), "the same shape and dtype", _began(followers))
            return False
        if a.dtype.kind not in "fc":
            if not (a == b).all():
                stream = theirs[0] == "step" and number == len(theirs[3]) - 1
                told.departed = Departed(
                    *_head(ours),
                    "one place in the stream of random numbers" if stream else _array(a),
                    "another one" if stream else _array(b),
                    "nothing",
                    "a layer that draws, or draws otherwise" if stream else _began(followers),
                )
                return False
            continue
        spread, allowed = _allowed(a, others)
        if yardstick.unstable(a, spread):
            told.ended = f"from step {told.counts['step']} on roundings grow too large: nothing more can be said"
            return False
        apart = yardstick.deviation(a, b)
        if (apart > allowed).any():
            worst = np.unravel_index(int(np.argmax(apart / np.maximum(allowed, 1e-300))), apart.shape)
            where = "".join(f"[{i}]" for i in worst)
            told.departed = Departed(
                *_head(ours), f"{where} {a[worst]!r}", f"{b[worst]!r}", f"{allowed[worst]:.2g}", _began(followers)
            )
            return False
    return True


def _allowed(a: Any, others: list[Any]) -> tuple[Any, Any]:
    fitting = [yardstick.deviation(a, other) for other in others if other.shape == a.shape]
    spread = np.max(fitting, axis=0) if fitting else np.zeros(a.shape)
    spread = np.maximum(spread, yardstick.rounding(a))
    return spread, yardstick.allowed(a, spread)


def _printed(told: Told, followers: list[_Follower], theirs: Event, ours: Event, nudged: list[Event]) -> bool:
    words = [_NUMBER.sub("#", event[3]) for event in (theirs, ours)]
    found = [_NUMBER.findall(event[3]) for event in (theirs, ours, *nudged)]
    if words[0] != words[1] or len(found[0]) != len(found[1]):
        told.departed = Departed(*_head(ours), theirs[3], ours[3], "the same words", _began(followers))
        return False
    for i, (a, b) in enumerate(zip(found[0], found[1])):
        x, y = float(a), float(b)
        others = [abs(float(f[i]) - x) for f in found[2:] if len(f) == len(found[0])]
        unit = (
            10.0 ** -len(a.partition(".")[2].partition("e")[0]) if "." in a and "e" not in a.lower() else abs(x) * 1e-6
        )
        allowed = yardstick.MULTIPLE * max(others, default=0.0) + (unit if "." in a or "e" in a.lower() else 0.0)
        if not (x == y or (x != x and y != y) or abs(x - y) <= allowed * (1 + 1e-9)):
            told.departed = Departed(*_head(ours), theirs[3], ours[3], f"{allowed:.2g}", _began(followers))
            return False
    return True


def _began(followers: list[_Follower]) -> str:
    """The first operator since the last event whose result departs, or that only one of both calls."""
    theirs, ours, *nudged = (f.ops for f in followers)
    for number, (a, b) in enumerate(zip(theirs, ours)):
        if _short(a) != _short(b):
            return f"{b[1]} ({b[2]}), where torch calls {a[1]}"
        for i, (x, y) in enumerate(zip(a[3], b[3])):
            if x.shape != y.shape or x.dtype != y.dtype:
                return f"{b[1]} ({b[2]}): {_array(y)}, torch's {_array(x)}"
            others = [ops[number][3][i] for ops in nudged if number < len(ops) and _short(ops[number]) == _short(a)]
            if x.dtype.kind in "fc":
                differs = (yardstick.deviation(x, y) > _allowed(x, others)[1]).any()
            else:
                differs = not (x == y).all()
            if differs:
                return f"{b[1]} ({b[2]})"
    return "after the last operator: in a backward pass or the optimizer's step"


def _short(event: Event) -> str:
    """An operator's name without its namespace: a layer may call torch.tanh or nn.functional.tanh."""
    return event[1].rpartition(".")[2]


def _head(event: Event) -> tuple[str, str, str]:
    return event[0], event[1], event[2]


def _event(event: Event) -> str:
    if event[0] == END:
        return f"the script's end{': ' + _last(event[3]) if event[3] else ''}"
    return event[3] if event[0] == "print" else f"{event[0]} {event[1]} {event[2]}".strip()


def _last(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else ""


def _array(array: Any) -> str:
    text = np.array2string(array, threshold=8, precision=6).replace("\n", " ")
    return f"{array.dtype.name}{list(array.shape)} {text[:80]}"
