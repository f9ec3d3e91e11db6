"""`parity gate`: the main job held against parity-baseline.json, and what a continuous integration reads of it."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity import corpus
from parity.catalogue.excluded import EXCLUDED
from parity.cli.codes import AGREE, INTERRUPTED, MISMATCH, NOTHING
from parity.cli.job import carried_out, job_options, prepared
from parity.cli.options import Verbs, names, natural, target_of
from parity.errors import UsageError
from parity.gate import baseline
from parity.gate.github import commands
from parity.gate.junit import junit
from parity.gate.markdown import COMMENT_BYTES, SUMMARY_BYTES, markdown
from parity.gate.rules import Judged, judge, refuse_partial, shrunk, updated
from parity.gate.text import judged_text
from parity.planning import Plan
from parity.report.document import replace_file
from parity.report.progress import Progress
from parity.report.summary import Outcome, Summary
from parity.report.tally import Tally

REPORT = "parity-report.json"


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("gate", help="the main job, held against the committed baseline")
    verb.set_defaults(verb=gate)
    job_options(verb, "gate")
    for name, read in (("seed", natural), ("profile", str), ("ops", names), ("dtypes", names)):
        # Under pytest's names, too: one line of options serves both.
        verb.add_argument(f"--parity-{name}", dest=name, type=read, help=argparse.SUPPRESS)
    verb.add_argument("--baseline", type=Path, default=Path(baseline.FILE), metavar="FILE", help="what may differ")
    verb.add_argument("--strict", action="store_true", help="fail where an entry has no reason")
    verb.add_argument(
        "--fail-worse",
        type=factor,
        metavar="2x",
        help="fail where a deviation grew so many times, to half of what is allowed",
    )
    rewriting = verb.add_mutually_exclusive_group()
    rewriting.add_argument(
        "--shrink", action="store_true", help="take out of the baseline what passes now (under CI: only say so)"
    )
    rewriting.add_argument(
        "--update", action="store_true", help="write the baseline anew: all that differs now is known"
    )
    verb.add_argument(
        "--report", type=Path, default=Path("parity-report.json"), metavar="FILE", help="the whole report"
    )
    verb.add_argument("--junit", type=Path, metavar="FILE", help="the same as JUnit XML")
    verb.add_argument("--markdown", type=Path, metavar="FILE", help="for a comment on a pull request")


def factor(text: str) -> float:
    """A factor, as 2x or 2."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)x?", text)
    if not found or float(found[1]) < 1:
        raise argparse.ArgumentTypeError(f"expected a factor of 1 or more, e.g. 2x; got {text!r}")
    return float(found[1])


def gate(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("gate needs a target: a module with torch's names, e.g. parity gate autodiff")
    # What is wrong with the baseline is said before minutes are spent.
    agreed = baseline.load(options.baseline, target)
    decided, engine = prepared(options, target, "gate")
    if options.update or options.shrink:
        refuse_partial(part(options))
    summary, tally, started = (
        Summary(target, decided.profile, decided.seed, excluded=len(EXCLUDED)),
        Tally(),
        time.monotonic(),
    )

    def count(outcome: Outcome) -> None:
        tally.add(outcome, time.monotonic() - started)

    carried_out(decided, summary, Progress(sys.stdout, summary), count)
    if hasattr(engine, "close"):
        engine.close()
    summary.profile = profile_of(decided)
    judged = judge(
        tally.report(summary, kept, partial=part(options)), agreed, strict=options.strict, worse=options.fail_worse
    )
    return told(judged, options, nothing=not summary.compared, interrupted=summary.interrupted)


def told(judged: Judged, options: argparse.Namespace, *, nothing: bool = False, interrupted: bool = False) -> int:
    """Write and print everything that was asked for; the exit code."""
    judged.report.write(options.report)
    if options.junit is not None:
        replace_file(options.junit, junit(judged))
    if options.markdown is not None:
        replace_file(options.markdown, markdown(judged, COMMENT_BYTES))
    if summary_file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary_file, "a", encoding="utf-8") as stream:
            stream.write(markdown(judged, SUMMARY_BYTES - os.path.getsize(summary_file)))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in commands(judged):
            print(line)
    print(judged_text(judged, colours=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    if interrupted:
        return INTERRUPTED
    if nothing:
        return NOTHING
    if options.update:
        updated(judged.baseline, judged.report).write(options.baseline)
        print(f"written: {options.baseline}; entries without a reason want one")
        return AGREE
    if options.shrink and judged.stale and not os.environ.get("CI"):
        shrunk(judged).write(options.baseline)
        print(f"written: {options.baseline}, {len(judged.stale)} entries fewer")
        return AGREE if all(problem.kind == "passes" for problem in judged.problems) else MISMATCH
    return AGREE if judged.passes else MISMATCH


def part(options: argparse.Namespace) -> str:
    """The options that leave something out of the run."""
    given = {"--ops": options.ops, "--dtypes": options.dtypes, "--kind": options.kind, "--time": options.time}
    return ", ".join(name for name, value in given.items() if value is not None)


def profile_of(decided: Plan) -> str:
    """The profile's name, and how many random programs if that was asked for: runs of one name are comparable."""
    return f"{decided.profile} of {decided.programs} programs" if decided.counted else decided.profile


def kept(id: str) -> Mapping[str, Any] | None:
    """A found program as JSON; None if its file has gone meanwhile."""
    try:
        return corpus.load(corpus.find(id)).program.to_json()
    except UsageError:
        return None
