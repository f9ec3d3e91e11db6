"""`parity run`: the main job: corpus, every operator, random programs and histories."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from parity import corpus
from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.cli.codes import AGREE, BROKEN
from parity.cli.job import carried_out, job_options, prepared
from parity.cli.options import Verbs, json_option, stream, target_of
from parity.diagnosis import Finding, diagnose, explaining, from_differences
from parity.errors import UsageError
from parity.report.doctor import doctor_record, doctor_text
from parity.report.progress import Progress
from parity.report.record import write_lines
from parity.report.summary import Outcome, Summary, summary_text
from parity.report.text import TITLES

_REPORTS_SHOWN = 10


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("run", help="the main job: corpus, every operator, random programs")
    verb.set_defaults(verb=run)
    job_options(verb, "dev; of a class: notebook")
    json_option(verb)


def run(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("run needs a target: a module with torch's names, e.g. parity run autodiff")
    decided, engine = prepared(options, target, "dev")
    made = engine if hasattr(engine, "anatomy") else None  # a class, found out by probing
    summary = Summary(target, decided.profile, decided.seed, excluded=len(EXCLUDED))
    with stream(options.json) as lines:
        # JSON on standard output leaves that stream to the records alone.
        progress = Progress(sys.stderr if lines is sys.stdout else sys.stdout, summary)
        if made is not None:
            progress.message(doctor_text(made, CATALOGUE) + "\n")
            if lines is not None:
                write_lines(lines, [doctor_record(made)])

        def write(outcome: Outcome) -> None:
            if lines is not None:
                write_lines(lines, [outcome.record()])
                if outcome.failure is not None:
                    write_lines(lines, [{"type": "failure", **outcome.failure}])

        def tell(findings: Sequence[Finding]) -> None:
            for finding in findings:
                progress.message("\n".join([*finding.lines(), ""]))
            if lines is not None:
                write_lines(lines, [finding.record() for finding in findings])

        found: list[Finding] = []
        if made is not None:
            found = diagnose(made)
            made.close()
            if made.slow:
                decided = replace(decided, options=(*decided.options, ("skip", "+".join(made.slow))))
            tell(found)
        carried_out(decided, summary, progress, write)
        reports = sorted(summary.failures.values(), key=lambda outcome: outcome.number)
        if made is not None:
            tell(late := from_differences(found, _blamed(reports)))
            found += late
            summary.mistakes = tuple(f"{f.number} {f.name}" for f in found if f.kind == "mistake")
        for outcome in reports[:_REPORTS_SHOWN]:
            progress.message(f"\n{outcome.report}{_mistake(found, outcome)}\n")
        for outcome in reports[_REPORTS_SHOWN:]:
            check, op = outcome.key or ("", "")
            what = f"{TITLES[check].lower()}: {op or 'a program'}"
            progress.message(f"{what}   replay: parity replay {corpus.shortest(outcome.id)}")
        progress.message(summary_text(summary))
        if lines is not None:
            write_lines(lines, [summary.record()])
    if made is not None and made.broken and summary.exit_code == AGREE:
        progress.message(f"parity: {made.broken}")
        return BROKEN
    return summary.exit_code


def _first(outcome: Outcome) -> Mapping[str, Any]:
    """The first mismatch of a difference that was reported."""
    assert outcome.failure is not None
    first: Mapping[str, Any] = outcome.failure["verdict"]["mismatches"][0]
    return first


def _blamed(reports: Sequence[Outcome]) -> dict[str, str]:
    """The mechanisms that differences were blamed on, and how the first of each is seen again."""
    found: dict[str, str] = {}
    for outcome in reports:
        if mechanism := _first(outcome)["mechanism"]:
            found.setdefault(mechanism, f"parity replay {corpus.shortest(outcome.id)}")
    return found


def _mistake(findings: Sequence[Finding], outcome: Outcome) -> str:
    """A line more for a report whose mistake has a name."""
    first = _first(outcome)
    known = explaining(findings, first["mechanism"], first["op"])
    return f"\n    {'mistake':<17}{known.number}: {known.name}" if known else ""
