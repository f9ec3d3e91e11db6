"""A judged report as workflow commands: annotations beside the lines of code; knows no engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from parity.gate.markdown import counted
from parity.gate.rules import Judged, Problem, worst_first

#: GitHub shows ten annotations a step: so many problems, and one line that counts the others.
SHOWN = 9


def commands(judged: Judged) -> Iterator[str]:
    """`::error …` lines: the worst problems, where their rules stand, and how many more there are."""
    problems = worst_first(judged.problems)
    for problem in problems[:SHOWN]:
        yield _command(problem)
    if len(problems) > SHOWN:
        yield f"::error title=parity gate::and {counted(len(problems) - SHOWN, 'more problem')}: see the job's summary"


def _command(problem: Problem) -> str:
    properties = {"title": f"parity gate: {problem.kind}"}
    message = problem.text
    if problem.finding is not None:
        message += "\n\n" + problem.finding.text
        stands = re.fullmatch(r"(.+):(\d+)", problem.finding.failure.get("rule", ""))
        # A path outside the checkout means nothing to GitHub.
        if stands and not Path(stands[1]).is_absolute():
            properties = {"file": stands[1], "line": stands[2], **properties}
    listed = ",".join(f"{name}={escaped(value, also=':,')}" for name, value in properties.items())
    return f"::error {listed}::{escaped(message)}"


def escaped(text: str, also: str = "") -> str:
    """Text as a workflow command takes it; `also` is what else separates there."""
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
