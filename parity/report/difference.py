"""What changed between two reports: cells, findings, accuracy, the score; knows no engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parity.report.cells import Key
from parity.report.document import Cell, Finding, Report

#: A deviation that grew or shrank by this factor is told, where it is this much of what is allowed.
FACTOR, NOTABLE = 2.0, 0.5
#: What a cell is that was not run.
ABSENT = "not run"
_BAD = frozenset({"differs", "crash", "flaky"})


@dataclass(frozen=True, slots=True)
class Change:
    """A cell that is not what it was."""

    key: Key
    before: str
    after: str
    #: Deviations, in units of what was allowed.
    worst: tuple[float, float] = (0.0, 0.0)

    @property
    def kind(self) -> str:
        if self.before == self.after:
            return "less accurate" if self.worst[1] > self.worst[0] else "more accurate"
        if self.after in _BAD:
            return "broken"
        if self.after in (ABSENT, "unsupported"):
            return "lost"
        if self.before in (ABSENT, "unsupported"):
            return "gained"
        return "mended" if self.before in _BAD else "changed"


#: Kinds of change, the worst first.
CHANGES = ("broken", "lost", "less accurate", "changed", "more accurate", "mended", "gained")


@dataclass(frozen=True, slots=True)
class Difference:
    """Two reports, the older first."""

    before: Report
    after: Report
    changes: tuple[Change, ...]
    appeared: tuple[Finding, ...]
    vanished: tuple[Finding, ...]

    @property
    def worse(self) -> bool:
        return bool(self.appeared) or any(change.kind in ("broken", "lost") for change in self.changes)

    def record(self) -> dict[str, Any]:
        return {
            "type": "difference",
            "before": self.before.created,
            "after": self.after.created,
            "score": [self.before.score, self.after.score],
            "changes": [
                {"kind": c.kind, "cell": list(c.key), "before": c.before, "after": c.after} for c in self.changes
            ],
            "appeared": [finding.id for finding in self.appeared],
            "vanished": [finding.id for finding in self.vanished],
        }


def difference(before: Report, after: Report) -> Difference:
    """What changed; findings are the same where culprit and check are."""
    old = {(finding.op, finding.check): finding for finding in before.findings}
    new = {(finding.op, finding.check): finding for finding in after.findings}
    return Difference(
        before,
        after,
        tuple(sorted(_changes(before, after), key=lambda change: (CHANGES.index(change.kind), change.key))),
        tuple(new[key] for key in new if key not in old),
        tuple(old[key] for key in old if key not in new),
    )


def _changes(before: Report, after: Report) -> Iterator[Change]:
    old, new = ({cell.key: cell for cell in report.cells} for report in (before, after))
    for key in old.keys() | new.keys():
        a, b = old.get(key), new.get(key)
        change = Change(key, _status(a), _status(b), (a.worst if a else 0.0, b.worst if b else 0.0))
        small, large = sorted(change.worst)
        if change.before != change.after or (large >= NOTABLE and large > FACTOR * small):
            yield change


def _status(cell: Cell | None) -> str:
    return ABSENT if cell is None else cell.status


def difference_text(found: Difference, limit: int = 20) -> str:
    """The changes for a person; of each kind `limit` cells at most."""
    a, b = found.before, found.after
    lines = [
        f"{a.target} {a.created} -> {b.target} {b.created}",
        f"score {a.passing} of {a.cells_total} ({a.score:.1%}) -> {b.passing} of {b.cells_total} ({b.score:.1%})",
    ]
    if a.catalogue != b.catalogue:
        lines.append(f"catalogues differ: {a.catalogue} and {b.catalogue}, so the scores are of different cells")
    for kind in CHANGES:
        ours = [change for change in found.changes if change.kind == kind]
        if ours:
            lines.append(f"{kind}: {len(ours)}")
            lines += [f"  {change.key}: {_told(change)}" for change in ours[:limit]]
            if len(ours) > limit:
                lines.append(f"  and {len(ours) - limit} more")
    for title, findings in (("new finding", found.appeared), ("gone", found.vanished)):
        lines += [f"{title}: {f.op} {f.check}   parity replay {f.id}" for f in findings]
    if len(lines) == 2:
        lines.append("no cell and no finding changed")
    return "\n".join(lines)


def _told(change: Change) -> str:
    if change.before != change.after:
        return f"{change.before} -> {change.after}"
    return f"{change.worst[0]:.2g} -> {change.worst[1]:.2g} of what was allowed"
