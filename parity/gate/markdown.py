"""A judged report as Markdown: a job's summary, a comment on a pull request; knows no engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from parity.gate.rules import Judged, Problem, worst_first
from parity.report.document import Finding, Report

#: Bytes that GitHub takes: of a job's summary, of a comment.
SUMMARY_BYTES, COMMENT_BYTES = 1 << 20, 65_000
#: Bytes kept free for the last line.
_RESERVE = 200


def markdown(judged: Judged, limit: int = COMMENT_BYTES) -> str:
    """Verdict, score, problems and their reports, cut between blocks where it would take `limit` bytes."""
    blocks = list(_blocks(judged))
    text, used, left = [], 0, len(blocks)
    for block in blocks:
        size = len(block.encode()) + 1
        if used + size > limit - _RESERVE:
            break
        text.append(block)
        used += size
        left -= 1
    if left:
        text.append(f"and {left} more parts, which the report has: `parity-report.json`")
    return "\n".join(text) + "\n"


def _blocks(judged: Judged) -> Iterator[str]:
    report = judged.report
    verdict = "passed" if judged.passes else f"failed: {counted(len(judged.problems), 'problem')}"
    yield f"### parity gate {verdict}\n\n{score_line(report)}\n"
    problems = worst_first(judged.problems)
    if problems:
        yield "| | what | rule |\n|---|---|---|"
        for problem in problems:
            rule = problem.finding.failure.get("rule", "") if problem.finding else ""
            yield f"| {problem.kind} | {_cell(problem.text)} | {_cell(rule)} |"
        yield ""
    for entry in judged.unreasoned:
        yield f"- 🔴 **{_cell(str(entry.key))}** is listed as {entry.status} without a reason"
    for note in judged.notes:
        yield f"- {_cell(note)}"
    for problem in problems:
        if problem.finding is not None:
            yield from _told(problem, problem.finding)


def _told(problem: Problem, finding: Finding) -> Iterable[str]:
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", finding.text)), default=0))
    title = _html(problem.text)
    yield f"\n<details><summary>{title}</summary>\n\n{fence}\n{finding.text}\n{fence}\n\n</details>\n"


def score_line(report: Report) -> str:
    """The score in one sentence, and of what."""
    release = report.versions.get("torch", "").split("+")[0]
    share = f"{report.passing} of {report.cells_total} cells pass ({report.score:.1%})"
    return (
        f"{report.target} {report.versions.get(report.target, '')} against torch {release}: {share}, "
        f"{counted(len(report.findings), 'finding')}; catalogue {report.catalogue}, profile {report.profile}, "
        f"seed {report.seed}, {report.seconds:.0f} s" + (f"; partial: {report.partial}" if report.partial else "")
    )


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _cell(text: str) -> str:
    """Text that stays in one cell of a table, and is nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>|#@])", r"\\\1", " ".join(text.split()))


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
