"""A configuration in two engines: what was seen, side by side; how far it may differ is read off nudged lives.

Each engine also goes on from the other's state. Knows no class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from parity.compare import yardstick
from parity.compare.verdict import Status
from parity.configuration import Configuration
from parity.engines.building import Life, Nudging, Seen

#: Nudged lives of the reference.
_NUDGED = 2
#: A rounding of float32, relative.
_SINGLE = float(np.finfo(np.float32).eps)
#: What was seen in the nudged lives.
_Others = Callable[[], list[list[Seen]]]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that was not the same."""

    check: str
    what: str
    reference: str
    subject: str
    allowed: str = ""


@dataclass
class Outcome:
    """How a comparison went: what was compared and agreed, what first differed, whether roundings decide."""

    seen: int = 0
    worst: float = 0.0
    difference: Difference | None = None
    undecided: str = ""
    checks: set[str] = field(default_factory=set)

    @property
    def status(self) -> Status:
        return "differs" if self.difference else "undecided" if self.undecided else "agrees"


def compare(configuration: Configuration, reference: Any, subject: Any, nudging: Nudging) -> Outcome:
    """Live it in both modules like torch, then from each other's state; `nudging` is the reference's."""
    outcome = Outcome()
    theirs, ours = Life(reference, configuration).lived(), Life(subject, configuration).lived()

    def nudged(state: Any = None) -> _Others:
        """Lived when they are asked for: bits decide most of it."""
        return cache(lambda: [Life(reference, configuration, n, nudging).lived(state).seen for n in range(_NUDGED)])

    if not _alike(outcome, theirs.seen, ours.seen, nudged(), configuration.single) or theirs.state is None:
        return outcome
    for state, where in ((theirs.state, "from torch's state"), (ours.state, "from the subject's state")):
        first, second = (Life(lib, configuration).lived(state).seen for lib in (reference, subject))
        if not _alike(outcome, first, second, nudged(state), configuration.single, f", {where}"):
            break
    return outcome


def _alike(
    outcome: Outcome, theirs: list[Seen], ours: list[Seen], nudged: _Others, single: frozenset[str], where: str = ""
) -> bool:
    """Whether to go on: whether all of it was the same, as far as anything can be said."""
    for place, (check, what, value) in enumerate(theirs):
        if place >= len(ours) or ours[place][:2] != (check, what):
            mine = ours[place] if place < len(ours) else ("", "", "nothing more")
            check = "error" if "error" in (check, mine[0]) else check
            outcome.difference = Difference(check, what + where, _shown(value), f"{mine[1]} {_shown(mine[2])}".strip())
            return False
        outcome.seen += 1
        outcome.checks.add(check)
        if not _equal(value, ours[place][2]):
            others = [seen[place][2] for seen in nudged() if place < len(seen) and seen[place][:2] == (check, what)]
            if len(others) < _NUDGED or any(_sort(other) != _sort(value) for other in others):
                outcome.undecided = f"roundings decide what comes at {what}"
                return False
            least = _SINGLE if check in single else 0.0
            if not _close(outcome, check, what + where, value, ours[place][2], others, least):
                return False
    if len(ours) > len(theirs):
        more = ours[len(theirs)]
        outcome.difference = Difference(more[0], more[1] + where, "nothing more", _shown(more[2]))
    return outcome.difference is None


def _sort(value: Any) -> Any:
    """What of a value must be the same in every life."""
    return (value.dtype, value.shape) if isinstance(value, np.ndarray) else value


def _equal(a: Any, b: Any) -> bool:
    """Whether bits tell enough: equal, or within a rounding everywhere."""
    if _sort(a) != _sort(b):
        return False
    if not isinstance(a, np.ndarray):
        return True
    if a.dtype.kind not in "fc":
        return bool((a == b).all())
    return bool((yardstick.deviation(a, b) <= yardstick.rounding(a)).all())


def _close(outcome: Outcome, check: str, what: str, a: Any, b: Any, others: list[Any], least: float) -> bool:
    if _sort(a) != _sort(b):
        outcome.difference = Difference(check, what, *(_shown(_sort(side)) for side in (a, b)))
        return False
    if a.dtype.kind not in "fc":
        if any((a != other).any() for other in others):
            outcome.undecided = f"roundings decide {what}"
        else:
            outcome.difference = Difference(check, what, _shown(a), _shown(b), "nothing")
        return False
    spread = np.max(
        [yardstick.rounding(a), least * np.abs(a), *(yardstick.deviation(a, other) for other in others)], axis=0
    )
    # A layer computes more than one operator, and each operator's elements are judged by themselves elsewhere: here
    # none counts as stabler than the least stable of its array.
    spread = np.full(a.shape, spread[np.isfinite(spread)].max(initial=0.0))
    allowed = yardstick.allowed(a, spread)
    apart = yardstick.deviation(a, b)
    if (apart <= allowed).all():
        outcome.worst = max(outcome.worst, float((apart / allowed).max(initial=0.0)))
        return True
    if yardstick.unstable(a, spread):
        outcome.undecided = f"roundings move {what} too far"
        return False
    at = np.unravel_index(int(np.argmax(apart / allowed)), apart.shape)
    place = "".join(f"[{i}]" for i in at)
    outcome.difference = Difference(
        check, what + place, f"{a[at].item():.10g}", f"{b[at].item():.10g}", f"{allowed[at]:.2g}"
    )
    return False


def _shown(value: Any) -> str:
    text = np.array2string(value, threshold=8, precision=6) if isinstance(value, np.ndarray) else str(value)
    return " ".join(text.split())[:300]
