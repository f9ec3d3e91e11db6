"""`parity gate`: the main job held against parity-baseline.json, and what a continuous integration reads of it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from parity import corpus
from parity.catalogue.excluded import EXCLUDED
from parity.cli.codes import AGREE, INTERRUPTED, MISMATCH, NOTHING
from parity.cli.job import carried_out, job_options, prepared
from parity.cli.options import Verbs, names, natural, target_of
from parity.errors import UsageError
from parity.gate import baseline
from parity.gate.delivery import deliver, factor, rewritten
from parity.gate.rules import judge, refuse_partial
from parity.planning import Plan
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


def gate(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("gate needs a target: a module with torch's names, e.g. parity gate autodiff")
    # What is wrong with the baseline is said before minutes are spent.
    worse = factor(options.fail_worse)
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
    shown = tally.report(summary, corpus.kept, partial=part(options))
    judged = judge(shown, agreed, strict=options.strict, worse=worse)
    deliver(judged, print, report=options.report, xml=options.junit, comment=options.markdown)
    if summary.interrupted:
        return INTERRUPTED
    if not summary.compared:
        return NOTHING
    how = "update" if options.update else "shrink" if options.shrink else None
    return AGREE if rewritten(judged, options.baseline, how, print) or judged.passes else MISMATCH


def part(options: argparse.Namespace) -> str:
    """The options that leave something out of the run."""
    given = {"--ops": options.ops, "--dtypes": options.dtypes, "--kind": options.kind, "--time": options.time}
    return ", ".join(name for name, value in given.items() if value is not None)


def profile_of(decided: Plan) -> str:
    """The profile's name, and how many random programs if that was asked for: runs of one name are comparable."""
    return f"{decided.profile} of {decided.programs} programs" if decided.counted else decided.profile
