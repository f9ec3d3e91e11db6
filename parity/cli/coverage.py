"""`parity coverage`: the catalogue, what of it an engine has, and its answers at the edges scored."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.cli.codes import AGREE
from parity.cli.options import Verbs, json_option, stream, target_of, target_options
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.names import standing
from parity.engines.torchlike import TorchLike
from parity.errors import UsageError
from parity.report.coverage import coverage_record, coverage_text
from parity.report.popularity import listed, popularity_record, popularity_text, reckoned
from parity.report.record import write_lines
from parity.tables import promotion, refusals

#: Of the calls in the table of promotion, of which there are 190,000, one in so many.
_SAMPLED = 7


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("coverage", help="the operators of the catalogue, and which of them an engine has")
    verb.set_defaults(verb=coverage)
    target_options(verb, "a module; without one the catalogue alone")
    verb.add_argument(
        "--tables",
        choices=("sampled", "complete", "none"),
        default="sampled",
        help="promotion and refusals scored against torch: all calls, a sample that takes seconds, or none",
    )
    verb.add_argument(
        "--popularity",
        type=Path,
        metavar="FILE",
        help="instead: how much of a list of names that programs use (JSON: top and by_group) the module has",
    )
    json_option(verb)


def coverage(options: argparse.Namespace) -> int:
    target = target_of(options)
    subject = resolve(target) if target else None
    if options.popularity is not None:
        return _popularity(options, subject)
    scores = []
    if subject is not None and options.tables != "none":
        with torch_reference.settings() as reference:
            every = 1 if options.tables == "complete" else _SAMPLED
            scores = [
                promotion.score(CATALOGUE.values(), reference, subject, every=every),
                refusals.score(CATALOGUE.values(), reference, subject),
            ]
    if options.json is not None:
        with stream(options.json) as lines:
            write_lines(lines or sys.stdout, coverage_record(CATALOGUE, EXCLUDED, subject, scores))
    if options.json != "-":
        print(coverage_text(CATALOGUE, EXCLUDED, subject, scores))
    return AGREE


def _popularity(options: argparse.Namespace, subject: Any) -> int:
    names = listed(options.popularity)
    if not isinstance(subject, TorchLike):
        raise UsageError("--popularity asks a module with torch's names: parity coverage autodiff --popularity FILE")
    found = reckoned(names, partial(standing, subject.module))
    if options.json is not None:
        with stream(options.json) as lines:
            write_lines(lines or sys.stdout, popularity_record(found))
    if options.json != "-":
        print(popularity_text(found, subject.name))
    return AGREE
