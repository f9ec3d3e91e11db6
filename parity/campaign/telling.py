"""A campaign for people and for machines: the closing text, the line while it goes on, the report's document."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from parity.campaign.exercised import FACTORS
from parity.campaign.matrix import Estimate, estimated
from parity.campaign.session import Session
from parity.campaign.state import Found, State, findings
from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.report.cells import catalogue_version
from parity.report.document import Cell, CellStatus, Finding, Report, Table
from parity.report.summary import PHASES, WIDTH, Summary, summary_text
from parity.report.tally import NOBODY
from parity.report.text import TITLES
from parity.strategies.dtypes import KIND

#: What a cell is, the first of these that one of its programs is.
_RANKS: tuple[tuple[str, CellStatus], ...] = (
    ("crash", "crash"), ("differs", "differs"), ("flaky", "flaky"), ("known", "known"), ("agrees", "passes"),
    ("undecided", "undecided"), ("unsupported", "unsupported"),
)  # fmt: skip
_TITLES = {**TITLES, "crash": "THE PROCESS ENDED", "hang": "THE PROCESS HUNG", "harness": "THE HARNESS RAISED"}
#: Findings that are told whole; the others take a line.
_WHOLE = 10


class Line:
    """How far a campaign is, in one line."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._before = session.state.programs

    def line(self, seconds: float) -> str:
        """After so many seconds of this session."""
        state = self.session.state
        rate = (state.programs - self._before) / seconds if seconds else 0.0
        estimate = state.total.matrix.estimate()
        parts = [
            f"{state.programs} programs",
            f"{rate:.0f}/s",
            f"{estimate.seen} pairs ({estimate.coverage:.0%})",
            f"{len(state.found)} finding{'s' * (len(state.found) != 1)}",
        ]
        if state.latest is not None:
            parts.append(f"last {clock(self.session.seconds - state.latest)} ago")
        if state.lost:
            parts.append(f"{state.lost} lost")
        return " · ".join(parts)


def clock(seconds: float) -> str:
    """Hours, minutes, seconds: 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def summary(state: State, jobs: int) -> Summary:
    """The campaign as a run's summary."""
    total = state.total
    found = Summary(state.settings.target, "fuzz", state.settings.seed, dict(state.versions), excluded=len(EXCLUDED))
    found.jobs, found.seconds = jobs, state.seconds
    found.statuses = {phase: Counter(total.statuses[phase]) for phase in PHASES}
    found.planned = {phase: total.statuses[phase].total() for phase in PHASES}
    found.operators = {cell.op for cell in total.cells}
    found.inaccurate = Counter(total.inaccurate)
    found.beyond = total.inaccurate.total()
    found.missing = Counter(total.missing)
    found.worst, found.worst_label = total.worst, total.worst_label
    found.repeated = Counter({key: dtypes.total() for key, dtypes in total.shown.items()})
    return found


def left(state: State) -> tuple[Estimate, Estimate]:
    """What is estimated to be undiscovered: of pairs, of findings."""
    shown = state.total.shown
    return state.total.matrix.estimate(), estimated((shown[key].total() for key in state.found), state.programs)


def undiscovered(state: State) -> str:
    """That in sentences."""
    pairs, found = left(state)
    return (
        f"Pairs: {pairs.seen} met, at least {pairs.hidden:.0f} left, {_fresh(pairs)} new ones in the next program. "
        f"Findings: {found.seen} made, at least {found.hidden:.1f} left, {_fresh(found)} new ones in the next program "
        "(estimates after Chao, Good and Turing, as if programs were drawn alike)."
    )


def text(state: State, jobs: int, *, interrupted: bool = False) -> str:
    """Findings, the most frequent first, and the closing table."""
    lines: list[str] = []
    listed = list(findings(state))
    for found, count in listed[:_WHOLE]:
        lines += ["", found.finding.report, f"    shown by         {_shown(found, count)}", ""]
    for found, count in listed[_WHOLE:]:
        check, op = found.finding.key
        lines.append(f"{_TITLES[check].lower()}: {op or NOBODY}, {_shown(found, count)}   {found.finding.id}")
    rows = [("undiscovered", undiscovered(state))]
    if state.lost:
        rows.append(("processes", f"{state.lost} died or hung and were replaced"))
    if state.damaged:
        rows.append(("log", f"{state.damaged} records could not be read and do not count"))
    rate = state.programs / state.seconds if state.seconds else 0.0
    sessions = f"{state.sessions} session{'s' * (state.sessions != 1)}"
    rows.append(("campaign", f"{sessions}, {clock(state.seconds)}, {rate:.0f} programs a second"))
    told = summary(state, jobs)
    told.interrupted = interrupted
    closing = summary_text(told).splitlines()
    for label, words in rows:
        wrapped = textwrap.wrap(words, WIDTH, initial_indent=f"{label:<13}", subsequent_indent=" " * 13)
        closing[-1:-1] = wrapped
    return "\n".join([*lines, *closing])


def document(state: State, jobs: int, *, partial: str = "") -> Report:
    """The campaign as `parity-report.json`."""
    catalogue, cells = catalogue_version()
    shard, shards = state.settings.shard
    parts = [f"share {shard} of {shards}" * (shards > 1), "some operators" * (state.settings.ops is not None), partial]
    growth = state.growth
    return Report(
        target=state.settings.target,
        versions=state.versions,
        catalogue=catalogue,
        cells_total=cells,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        profile="fuzz",
        seed=state.settings.seed,
        jobs=jobs,
        seconds=state.seconds,
        partial=", ".join(filter(None, parts)),
        phases={
            phase: {"planned": counts.total(), **dict(sorted(counts.items()))}
            for phase, counts in state.total.statuses.items()
            if counts
        },
        cells=tuple(_cells(state)),
        findings=tuple(_findings(state)),
        curves={
            "throughput": tuple((point.seconds, point.programs) for point in growth),
            "coverage": tuple((point.programs, point.pairs) for point in growth),
            "findings": tuple((point.programs, point.findings) for point in growth),
        },
        matrix=tuple(_tables(state)),
        undiscovered=undiscovered(state),
        inaccurate_reference=dict(sorted(state.total.inaccurate.items())),
    )


def _cells(state: State) -> Iterator[Cell]:
    by_op: dict[tuple[str, str], set[str]] = {}
    for (_, op), found in state.found.items():
        for dtype in state.total.shown[found.finding.key]:
            by_op.setdefault((op, dtype), set()).add(found.finding.id)
    for cell, programs in sorted(state.total.cells.items()):
        status = next(status for name, status in _RANKS if programs[name])
        ids = by_op.get((cell.op, cell.dtype), set()) if status in ("differs", "crash", "flaky") else set()
        yield Cell(
            *cell,
            status=status,
            programs=dict(sorted(programs.items())),
            worst=state.total.deviations.get(cell, 0.0),
            findings=tuple(sorted(ids)),
        )


def _findings(state: State) -> Iterator[Finding]:
    for found, _ in findings(state):
        one = found.finding
        check, op = one.key
        yield Finding(
            id=one.id,
            status=one.nature,
            op=op or NOBODY,
            check=check,
            dtypes=dict(state.total.shown[one.key].most_common()) or {"": 1},
            phase=one.phase,
            label=one.label,
            failure=one.failure,
            program=one.program,
            text=one.report,
        )


def _tables(state: State) -> Iterator[Table]:
    """Two factors at a time, operators first."""
    counts = state.total.matrix.counts
    for number, rows in enumerate(FACTORS):
        for columns in FACTORS[number + 1 :]:
            here = {
                (a.partition(":")[2], b.partition(":")[2]): count
                for (a, b), count in counts.items()
                if a.startswith(f"{rows}:") and b.startswith(f"{columns}:")
            }
            if not here:
                continue
            first, second = (tuple(sorted({pair[side] for pair in here})) for side in (0, 1))
            yield Table(
                rows,
                columns,
                first,
                second,
                tuple(
                    tuple(here.get((a, b), 0 if _possible(rows, a, columns, b) else None) for b in second)
                    for a in first
                ),
            )  # fmt: skip


def _possible(rows: str, row: str, columns: str, column: str) -> bool:
    """Whether the two may meet: an operator takes only some dtypes."""
    if rows == "op" and columns == "dtype" and row in CATALOGUE and column in KIND:
        return KIND[column] in CATALOGUE[row].dtypes
    return True


def _shown(found: Found, count: int) -> str:
    return f"{count} program{'s' * (count != 1)}, the first one number {found.first}"


def _fresh(estimate: Estimate) -> str:
    # Nothing seen once says: less than so often (with 95 %), not never.
    return f"{estimate.fresh:.2g}" if estimate.once else f"less than {3 / max(1, estimate.trials):.2g}"
