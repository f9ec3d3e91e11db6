"""The main job as several verbs do it: its options, its plan, its progress; knows no rule and no report."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from parity import corpus, running
from parity.catalogue import CATALOGUE
from parity.cli.options import (
    duration,
    engine_options,
    jobs_option,
    names,
    natural,
    process_options,
    python_of,
    target_options,
)
from parity.engines import resolve
from parity.planning import PROFILES, Plan, narrowed, plan
from parity.report.progress import Progress
from parity.report.summary import Outcome, Summary, heading


def job_options(verb: argparse.ArgumentParser, profile: str) -> None:
    """What is to be run; `profile` says which one is the default."""
    target_options(verb, "a module with torch's names: autodiff, mypkg.mytorch; or a class: notebook.ipynb:Value")
    engine_options(verb)
    process_options(verb)
    verb.add_argument("--profile", help=f"{' | '.join(PROFILES)} (default: {profile})")
    verb.add_argument("--seed", type=natural, help="default: 0, for nightly a new one")
    verb.add_argument(
        "--max-examples", type=natural, metavar="N", help="random programs; run whole, without a time limit"
    )
    verb.add_argument("--ops", type=names, help="operators or patterns, by commas: add,nn.functional.*")
    verb.add_argument("--dtypes", type=names, help="by commas: float32,float64")
    verb.add_argument("--kind", choices=("programs", "histories", "modules"), help="one alone of what is drawn")
    verb.add_argument("--time", type=duration, metavar="T", help="seconds, or with a unit: 90s, 10m, 2h")
    jobs_option(verb)


def prepared(options: argparse.Namespace, target: str, profile: str) -> tuple[Plan, Any]:
    """The plan and the engine, loaded once to see what it has; `profile` is for engines that are no class."""
    engine = resolve(target, options.engine_option, python_of(options))
    tabled = hasattr(engine, "takes")  # an engine with a table of calls, no module like torch
    files = [] if tabled else corpus.committed()
    for path in files:
        corpus.load(path)
    decided = plan(
        target,
        CATALOGUE,
        profile=options.profile or ("notebook" if hasattr(engine, "anatomy") else profile),
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
    return narrowed(decided, engine) if tabled else decided, engine


def carried_out(decided: Plan, summary: Summary, progress: Progress, each: Callable[[Outcome], None]) -> None:
    """Run the plan, with a heading before it and progress meanwhile; every outcome goes to `each`."""
    begun = False

    def notify(outcome: Outcome) -> None:
        nonlocal begun
        if not begun:
            progress.message(heading(summary))
            begun = True
        each(outcome)
        progress.update()

    try:
        running.run(decided, summary, notify)
    finally:
        progress.clear()
