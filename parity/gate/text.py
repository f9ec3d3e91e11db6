"""A judged report for a person at a terminal: problems, what they come from, the verdict; knows no engine."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from parity.gate.markdown import counted, score_line
from parity.gate.rules import KINDS, Judged, worst_first

_WIDTH = 80
#: Reports shown in full; the others take a line each.
_SHOWN = 5
#: Lines for problems of one kind.
_LINES = 12
_TITLES = {
    "new": "differs, and is not in the baseline",
    "coverage": "covered when the baseline was recorded, and not now",
    "worse": "less accurate than recorded",
    "passes": "in the baseline, and passes now: parity gate --shrink takes it out",
    "reason": "in the baseline without a reason",
}


def judged_text(judged: Judged, *, colours: bool = False) -> str:
    """Everything that a person needs to go on; 80 columns but for the reports."""
    return "\n".join(_lines(judged, "\033[31m" if colours else "", "\033[0m" if colours else ""))


def _lines(judged: Judged, red: str, plain: str) -> Iterator[str]:
    problems = worst_first(judged.problems)
    for problem in problems[:_SHOWN]:
        if problem.finding is not None:
            yield from ("", problem.finding.text, "")
    for kind in KINDS:
        ours = [problem for problem in problems if problem.kind == kind]
        if ours:
            yield f"{red}{_TITLES[kind]}{plain}"
            for problem in ours[:_LINES]:
                rule = problem.finding.failure.get("rule") if problem.finding else ""
                text = problem.text + (f"   {rule}" if rule else "")
                yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
            if len(ours) > _LINES:
                yield f"  and {len(ours) - _LINES} more"
    if judged.unreasoned and not any(problem.kind == "reason" for problem in problems):
        yield f"{red}in the baseline without a reason (--strict fails for it){plain}"
        for entry in judged.unreasoned[:_LINES]:
            yield f"  {red}{entry.key}{plain}"
        if len(judged.unreasoned) > _LINES:
            yield f"  and {len(judged.unreasoned) - _LINES} more"
    for note in (score_line(judged.report), *judged.notes):
        yield from textwrap.wrap(note, _WIDTH, subsequent_indent="  ")
    if judged.passes:
        entries = len(judged.baseline.entries)
        yield "GATE PASSES" + (
            f": {counted(entries, 'entry').replace('entrys', 'entries')} in the baseline" * bool(entries)
        )
    else:
        yield f"{red}GATE FAILS: {counted(len(problems), 'problem')}{plain}"
