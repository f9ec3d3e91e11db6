"""What the tables of `parity coverage` would show of a change: an operator's answers to bad arguments and mixed dtypes.

An answer counts that was torch's and is no more. Knows no mutant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from parity.catalogue import CATALOGUE, OpSpec
from parity.tables import promotion, refusals
from parity.tables.score import Score

TABLES = (refusals, promotion)
#: Of the calls in the table of promotion, one in so many, as `parity coverage` has it.
SAMPLED = 7


@dataclass(frozen=True)
class Sheet:
    """One operator's calls in one table, and those that the engine answered in its own way already."""

    table: ModuleType
    spec: OpSpec
    reference: Any
    before: frozenset[str]

    @property
    def label(self) -> str:
        return f"{self.table.__name__.rpartition('.')[2]} of {self.spec.name}"

    def answer(self, subject: Any) -> Score:
        return _score(self.table, self.spec, self.reference, subject)

    def worse(self, subject: Any) -> str:
        """An answer that is no longer torch's; empty if there is none."""
        found = self.answer(subject).differences
        return next((f"{self.label}: {each}" for each in found if each.call not in self.before), "")


def sheets(reference: Any, subject: Any, ops: Sequence[str] | None = None) -> list[Sheet]:
    """Both tables of these operators."""
    return list(_sheets(reference, subject, ops))


def _sheets(reference: Any, subject: Any, ops: Sequence[str] | None) -> Iterator[Sheet]:
    for name, spec in CATALOGUE.items():
        if ops is not None and name not in ops:
            continue
        for table in TABLES:
            found = _score(table, spec, reference, subject)
            if found.total:
                yield Sheet(table, spec, reference, frozenset(each.call for each in found.differences))


def _score(table: ModuleType, spec: OpSpec, reference: Any, subject: Any) -> Score:
    every = SAMPLED if table is promotion else 1
    score: Score = table.score([spec], reference, subject, every=every)
    return score
