"""How often each pair of levels was met, and how many are left: an estimate from what was met once; runs nothing."""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parity.campaign.exercised import Pair


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is left of a kind of thing of which each trial shows some.

    `fresh` is how many new ones the next trial shows on average, for rare things the chance of one (Good and Turing:
    seen once / trials); `hidden` at least so many are not seen yet (Chao 1987, from those seen once and twice). Both
    hold for trials that are alike: a search that turns to what is rare meets it sooner than they say.
    """

    trials: int
    seen: int
    once: int
    twice: int

    @property
    def fresh(self) -> float:
        return self.once / self.trials if self.trials else 1.0

    @property
    def hidden(self) -> float:
        return self.once * (self.once - 1) / (2 * (self.twice + 1))

    @property
    def coverage(self) -> float:
        """The seen ones' share of all, by that."""
        return self.seen / (self.seen + self.hidden) if self.seen else 0.0


def estimated(counts: Iterable[int], trials: int) -> Estimate:
    """From in how many of the trials each thing was seen."""
    often = Counter(min(count, 3) for count in counts if count)
    return Estimate(trials, sum(often.values()), often[1], often[2])


@dataclass(slots=True)
class Matrix:
    """In how many programs each pair stood."""

    programs: int = 0
    counts: Counter[Pair] = field(default_factory=Counter)

    def add(self, pairs: Iterable[Pair]) -> None:
        self.programs += 1
        self.counts.update(pairs)

    def merge(self, other: Matrix) -> None:
        self.programs += other.programs
        self.counts.update(other.counts)

    def estimate(self) -> Estimate:
        return estimated(self.counts.values(), self.programs)

    def table(self) -> dict[str, dict[str, int]]:
        """Counts by first and second level, sorted."""
        found: dict[str, dict[str, int]] = {}
        for (first, second), count in sorted(self.counts.items()):
            found.setdefault(first, {})[second] = count
        return found

    def packed(self) -> str:
        """The counts in a tenth of the space that they take as JSON."""
        text = json.dumps([self.programs, self.table()], separators=(",", ":"))
        return base64.b85encode(zlib.compress(text.encode(), 6)).decode()

    @classmethod
    def unpacked(cls, text: str) -> Matrix:
        programs, table = json.loads(zlib.decompress(base64.b85decode(text)))
        return cls.of(programs, table)

    @classmethod
    def of(cls, programs: int, table: Mapping[str, Mapping[str, int]]) -> Matrix:
        """What `table` was made of."""
        return cls(programs, Counter({(a, b): count for a, row in table.items() for b, count in row.items()}))
