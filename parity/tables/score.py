"""How many answers of a table an engine agrees with, and where it does not; knows no table."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from parity.tables.calls import Answer
from parity.tables.unasked import known

_WORST = 8
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """One call that the two engines answered differently."""

    op: str
    #: The call as a person would write it, and what each engine answered.
    call: str
    reference: str
    subject: str
    why: str

    def __str__(self) -> str:
        return f"{self.call}: {self.why}: {self.subject!r} instead of {self.reference!r}"


@dataclass(slots=True)
class Score:
    """A table's result; `lacking` counts calls in a spelling that the engine has not."""

    table: str
    total: int = 0
    lacking: int = 0
    #: Calls by operator.
    calls: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    #: Differences that stay, by reason.
    known: Counter[str] = field(default_factory=Counter)

    def add(self, op: str, call: object, theirs: Answer, ours: Answer, why: str | Literal[False]) -> None:
        """One call and its answers; `why` they differ, if they do."""
        self.total += 1
        self.calls[op] += 1
        if not why:
            return
        if reason := known(theirs, ours):
            self.known[reason] += 1
        else:
            self.differences.append(Difference(op, str(call), str(theirs), str(ours), why))

    @property
    def agree(self) -> int:
        return self.total - len(self.differences) - self.known.total()

    def worst(self) -> list[tuple[str, int, int]]:
        """Operators with differences, the most first: the name, how many differ, of how many."""
        wrong = Counter(difference.op for difference in self.differences)
        return [(op, count, self.calls[op]) for op, count in sorted(wrong.items(), key=lambda row: (-row[1], row[0]))]

    def record(self) -> dict[str, Any]:
        return {
            "type": "table",
            "table": self.table,
            "agree": self.agree,
            "total": self.total,
            "lacking": self.lacking,
            "known": dict(self.known),
            "worst": [{"op": op, "wrong": wrong, "total": total} for op, wrong, total in self.worst()],
        }

    def lines(self) -> Iterator[str]:
        """The score for a person: one line, then the worst operators."""
        share = f"{100 * self.agree / self.total:.2f} %" if self.total else "nothing ran"
        more = [f"{self.known.total()} differ for a known reason"] if self.known else []
        more += [f"{self.lacking} ask for a spelling that the engine has not"] if self.lacking else []
        yield f"{self.table}: {self.agree} of {self.total} answers agree ({'; '.join([share, *more])})"
        worst = self.worst()
        for op, wrong, total in worst[:_WORST]:
            example = next(d for d in self.differences if d.op == op)
            text = f"{op}: {wrong} of {total} differ, e.g. {example}"
            yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
        if len(worst) > _WORST:
            yield f"  and {len(worst) - _WORST} operators more"


def rows(scores: Iterable[Score]) -> list[tuple[str, int, int, dict[str, int]]]:
    """For a page: each table, how many answers agree, of how many, and how often each known reason came."""
    return [(score.table, score.agree, score.total, dict(score.known)) for score in scores]
