"""Where a judgement goes: files, GitHub's summary and annotations, the screen, the baseline itself; judges nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from parity.errors import UsageError
from parity.gate.github import commands
from parity.gate.junit import junit
from parity.gate.markdown import COMMENT_BYTES, SUMMARY_BYTES, markdown
from parity.gate.rules import Judged, shrunk, updated
from parity.gate.text import judged_text
from parity.report.document import replace_file


def deliver(
    judged: Judged,
    write: Callable[[str], None],
    *,
    report: Path | None = None,
    xml: Path | None = None,
    comment: Path | None = None,
) -> None:
    """Write the files that are asked for, what GitHub asks for by its variables, and the text for a person."""
    if report is not None:
        judged.report.write(report)
    if xml is not None:
        replace_file(xml, junit(judged))
    if comment is not None:
        replace_file(comment, markdown(judged, COMMENT_BYTES))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(summary), judged)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in commands(judged):
            write(line)
    write(judged_text(judged, colours=sys.stdout.isatty() and "NO_COLOR" not in os.environ))


def _append(summary: Path, judged: Judged) -> None:
    try:
        with summary.open("a", encoding="utf-8") as stream:
            stream.write(markdown(judged, SUMMARY_BYTES - summary.stat().st_size))
    except OSError as error:
        raise UsageError(f"GITHUB_STEP_SUMMARY {summary}: cannot be written: {error.strerror}") from None


def rewritten(judged: Judged, path: Path, how: str | None, write: Callable[[str], None]) -> bool:
    """Rewrite the baseline as asked; whether nothing is left to fail for. UsageError after a partial run.

    "update" takes in all that differs, "shrink" takes out what passes: that one only reports where CI is set.
    """
    if how == "update":
        updated(judged.baseline, judged.report).write(path)
        write(f"written: {path}; entries without a reason want one")
        return True
    if how == "shrink":
        smaller = shrunk(judged)
        if judged.stale and not os.environ.get("CI"):
            smaller.write(path)
            write(f"written: {path}, with {len(judged.stale)} entries less")
            return all(problem.kind == "passes" for problem in judged.problems)
    return False


def factor(text: str | None, option: str = "--fail-worse") -> float | None:
    """A factor, given as 2x or 2. UsageError for anything else."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)x?", text)
    if not found or float(found[1]) < 1:
        raise UsageError(f"{option}: expected a factor of 1 or more, e.g. 2x; got {text!r}")
    return float(found[1])
