"""`parity run`: the main job: corpus, every operator, random programs and histories."""

from __future__ import annotations

import argparse
import sys

from parity import corpus, running
from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.cli.options import (
    Verbs,
    duration,
    engine_options,
    jobs_option,
    json_option,
    names,
    natural,
    process_options,
    python_of,
    stream,
    target_of,
    target_options,
)
from parity.diagnose import diagnose
from parity.engines import resolve
from parity.errors import UsageError
from parity.planning import PROFILES, narrowed, plan
from parity.report.doctor import doctor_record, doctor_text
from parity.report.progress import Progress
from parity.report.record import write_lines
from parity.report.summary import Outcome, Summary, heading, summary_text
from parity.report.text import TITLES

_REPORTS_SHOWN = 10


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("run", help="the main job: corpus, every operator, random programs")
    verb.set_defaults(verb=run)
    target_options(verb, "a module with torch's names: autodiff, mypkg.mytorch; or a class: notebook.ipynb:Value")
    engine_options(verb)
    process_options(verb)
    verb.add_argument("--profile", help=f"{' | '.join(PROFILES)} (default: dev; of a class: notebook)")
    verb.add_argument("--seed", type=natural, help="default: 0, for nightly a new one")
    verb.add_argument(
        "--max-examples", type=natural, metavar="N", help="random programs; run whole, without a time limit"
    )
    verb.add_argument("--ops", type=names, help="operators or patterns, by commas: add,nn.functional.*")
    verb.add_argument("--dtypes", type=names, help="by commas: float32,float64")
    verb.add_argument("--kind", choices=("programs", "histories"), help="one alone of what is drawn at random")
    verb.add_argument("--time", type=duration, metavar="T", help="seconds, or with a unit: 90s, 10m, 2h")
    jobs_option(verb)
    json_option(verb)


def run(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("run needs a target: a module with torch's names, e.g. parity run autodiff")
    engine = resolve(target, options.engine_option, python_of(options))
    tabled = hasattr(engine, "takes")  # an engine with a table of calls, no module like torch
    made = engine if hasattr(engine, "anatomy") else None  # a class, found out by probing
    files = [] if tabled else corpus.committed()
    for path in files:
        corpus.load(path)
    decided = plan(
        target,
        CATALOGUE,
        profile=options.profile or ("dev" if made is None else "notebook"),
        seed=options.seed,
        ops=options.ops,
        dtypes=options.dtypes,
        max_examples=options.max_examples,
        seconds=options.time,
        jobs=options.jobs,
        files=files,
        kind=options.kind,
        options=options.engine_option,
        python=python_of(options),
    )
    if tabled:
        decided = narrowed(decided, engine)
    summary = Summary(target, decided.profile, decided.seed, excluded=len(EXCLUDED))
    with stream(options.json) as lines:
        # JSON on standard output leaves that stream to the records alone.
        progress = Progress(sys.stderr if lines is sys.stdout else sys.stdout, summary)
        begun = False
        if made is not None:
            progress.message(doctor_text(made, CATALOGUE) + "\n")
            if lines is not None:
                write_lines(lines, [doctor_record(made)])

        def notify(outcome: Outcome) -> None:
            nonlocal begun
            if not begun:
                progress.message(heading(summary))
                begun = True
            if lines is not None:
                write_lines(lines, [outcome.record()])
                if outcome.failure is not None:
                    write_lines(lines, [{"type": "failure", **outcome.failure}])
            progress.update()

        try:
            running.run(decided, summary, notify)
        finally:
            progress.clear()
        mistakes = [] if made is None else diagnose(made)
        for mistake in mistakes:
            progress.message("\n" + "\n".join(mistake.lines()))
        if lines is not None:
            write_lines(lines, [mistake.record() for mistake in mistakes])
        if made is not None:
            made.close()
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
