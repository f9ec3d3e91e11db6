"""`parity run`: the main job: corpus, every operator, random programs and histories."""

from __future__ import annotations

import argparse
import sys

from parity import corpus
from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.cli.job import carried_out, job_options, prepared
from parity.cli.options import Verbs, json_option, stream, target_of
from parity.diagnosis import diagnose
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

        carried_out(decided, summary, progress, write)
        if made is not None:
            found = diagnose(made)
            made.close()
            summary.mistakes = tuple(
                f"{finding.number} {finding.name}" for finding in found if finding.kind == "mistake"
            )
            for finding in found:
                progress.message("\n" + "\n".join(finding.lines()))
            if lines is not None:
                write_lines(lines, [finding.record() for finding in found])
        reports = sorted(summary.failures.values(), key=lambda outcome: outcome.number)
        for outcome in reports[:_REPORTS_SHOWN]:
            progress.message(f"\n{outcome.report}\n")
        for outcome in reports[_REPORTS_SHOWN:]:
            check, op = outcome.key or ("", "")
            what = f"{TITLES[check].lower()}: {op or 'a program'}"
            progress.message(f"{what}   replay: parity replay {corpus.shortest(outcome.id)}")
        progress.message(summary_text(summary))
        if lines is not None:
            write_lines(lines, [summary.record()])
    return summary.exit_code
