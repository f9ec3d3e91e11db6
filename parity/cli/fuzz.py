"""`parity fuzz`: a search for hours, on every core or many machines, that goes on where it was cut off."""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parity import corpus
from parity.campaign.cluster import Cluster
from parity.campaign.crew import Crew
from parity.campaign.session import Session, begun
from parity.campaign.state import Settings, State, findings
from parity.campaign.telling import Line, document, summary, text
from parity.campaign.units import Finding
from parity.catalogue import CATALOGUE
from parity.cli.codes import INTERRUPTED
from parity.cli.options import (
    Verbs,
    duration,
    engine_options,
    jobs_option,
    names,
    natural,
    target_of,
    target_options,
)
from parity.engines import resolve
from parity.errors import UsageError
from parity.planning import Plan, narrowed, plan
from parity.program import decoded
from parity.report.progress import Progress
from parity.report.summary import heading
from parity.report.tally import NOBODY

REPORT = "parity-report.json"
_FOLDER = Path(corpus.FOUND) / "campaigns"


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("fuzz", help="a search for hours that can be cut off and goes on: the campaign")
    verb.set_defaults(verb=fuzz)
    target_options(verb, "a module with torch's names, or a class: notebook.ipynb:Value")
    engine_options(verb)
    verb.add_argument("--time", type=duration, metavar="T", help="of this session: 90s, 10m, 8h (default: no end)")
    verb.add_argument("--programs", type=natural, metavar="N", help="end when the whole campaign has so many")
    verb.add_argument("--seed", type=natural, default=0, help="default: 0; the same seed goes on with its campaign")
    verb.add_argument("--ops", type=names, help="operators or patterns, by commas: add,nn.functional.*")
    verb.add_argument("--dtypes", type=names, help="by commas: float32,float64")
    verb.add_argument("--kind", choices=("programs", "histories"), help="one alone of what is drawn at random")
    verb.add_argument(
        "--shard", type=_shard, default=(1, 1), metavar="I/N", help="one of N shares of the same campaign"
    )
    verb.add_argument("--out", type=Path, metavar="DIR", help=f"default: {_FOLDER}/TARGET-SEED, with the share if any")
    jobs_option(verb)
    verb.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler whose workers do it, not --jobs")


def fuzz(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("fuzz needs a target: a module with torch's names, e.g. parity fuzz autodiff --time 8h")
    settings = Settings(
        target,
        options.seed,
        None if options.ops is None else tuple(options.ops),
        None if options.dtypes is None else tuple(options.dtypes),
        options.kind,
        tuple(sorted(options.engine_option.items())),
        options.shard,
    )
    state = State(settings, _planned(settings))
    folder = options.out or _FOLDER / _name(settings)
    log, there = begun(folder, state)
    with log:
        session = Session(state, log, begun=there)
        progress = Progress(sys.stdout, Line(session))
        if there:
            progress.message(f"{folder}: goes on after {state.programs} programs")
        workers: Crew | Cluster
        if options.scheduler is None:
            workers = Crew(state.plan, max(1, options.jobs))
        else:
            workers = Cluster(state.plan, options.scheduler)
        headed = False

        def notify(finding: Finding | None) -> None:
            nonlocal headed
            if not headed and state.versions:
                progress.message(heading(summary(state, options.jobs)))
                headed = True
            if finding is not None:
                check, op = finding.key
                progress.message(f"found: {check} of {op or NOBODY}   parity replay {kept(finding, settings)}")
            progress.update()

        try:
            with _stoppable(session):
                session.run(workers, seconds=options.time, programs=options.programs, notify=notify)
        finally:
            progress.clear()
            workers.close()
    for found, _ in findings(state):
        kept(found.finding, settings)
    partial = "interrupted" if session.stopped else ""
    document(state, options.jobs, partial=partial).write(folder / REPORT)
    progress.message(text(state, options.jobs, interrupted=session.stopped))
    progress.message(f"{folder / REPORT} is written; the same command goes on from here")
    return INTERRUPTED if session.stopped else summary(state, options.jobs).exit_code


def _planned(settings: Settings) -> Plan:
    decided = plan(
        settings.target,
        CATALOGUE,
        profile="nightly",
        seed=settings.seed,
        ops=settings.ops,
        dtypes=settings.dtypes,
        kind=settings.kind,  # type: ignore[arg-type]
        options=dict(settings.options),
    )
    engine = resolve(settings.target, dict(settings.options))
    if hasattr(engine, "takes"):  # an engine with a table of calls, no module like torch
        decided = narrowed(decided, engine)
    if hasattr(engine, "close"):
        engine.close()
    return decided


def kept(finding: Finding, settings: Settings) -> str:
    """The id under which a finding's program can be replayed."""
    check, op = finding.key
    first: dict[str, Any] = next(iter(finding.failure["verdict"]["mismatches"]), {})
    about = {
        "engine": settings.target, "check": check, "op": op, "input": first.get("input"),
        "reason": first.get("reason", ""), "seed": settings.seed,
    }  # fmt: skip
    return corpus.keep(decoded(finding.program, finding.id), about).stem


@contextlib.contextmanager
def _stoppable(session: Session) -> Iterator[None]:
    """Ctrl-C ends the session in order; the second one at once."""

    def stop(number: int, frame: Any) -> None:
        if session.stopped:
            raise KeyboardInterrupt
        session.stopped = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _name(settings: Settings) -> str:
    """A campaign's folder: two campaigns have two."""
    shard, shards = settings.shard
    target = re.sub(r"[^\w.]+", "-", settings.target)
    return f"{target}-{settings.seed}" + (f"-{shard}-of-{shards}" if shards > 1 else "")


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"expected a share of all, e.g. 1/4; got {text!r}")
    return int(found[1]), int(found[2])
