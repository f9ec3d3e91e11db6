"""`parity selftest`: faults planted in an engine, and whether they are found, shrunk and blamed."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from parity import running
from parity.cli.codes import AGREE, MISMATCH
from parity.cli.options import Verbs, jobs_option, json_option, names, natural, stream, target_of, target_options
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.faults import accounts
from parity.faults import selftest as faults
from parity.report.record import write_lines


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("selftest", help="faults planted in an engine: found, shrunk, blamed?")
    verb.set_defaults(verb=selftest)
    target_options(verb, "an engine that lets its parts be replaced (default: autodiff)")
    verb.add_argument("--mutants", action="store_true", help="every formula and kernel changed, one at a time")
    verb.add_argument("--sample", type=natural, metavar="N", help="so many of the mutants, drawn by the seed")
    verb.add_argument("--kind", choices=("programs", "histories"), help="the faults that one alone of them is to find")
    verb.add_argument("--programs", type=natural, default=faults.PROGRAMS, metavar="N", help="random programs")
    verb.add_argument("--histories", type=natural, default=faults.HISTORIES, metavar="N", help="random histories")
    verb.add_argument("--seed", type=natural, default=faults.SEED)
    verb.add_argument("--ops", type=names, help="operators that programs are made of")
    jobs_option(verb)
    json_option(verb)


def selftest(options: argparse.Namespace) -> int:
    subject = resolve(target_of(options) or "autodiff")
    running.probe(subject)
    with torch_reference.settings() as reference, stream(options.json) as lines:
        told = sys.stderr if lines is sys.stdout else sys.stdout

        def show(line: str, record: dict[str, Any] | None) -> None:
            if line:
                print(line, file=told, flush=True)
            if lines is not None and record is not None:
                write_lines(lines, [record])

        wishes = {"programs": options.programs, "seed": options.seed, "ops": options.ops}
        if options.mutants:
            passed = accounts.report(reference, subject, show, jobs=options.jobs, sample=options.sample, **wishes)
        else:
            passed = options.kind == "histories" or faults.report(reference, subject, show, **wishes)
            if options.kind != "programs":
                count = options.histories
                passed &= faults.report_lives(reference, subject, show, count=count, seed=options.seed)
    return AGREE if passed else MISMATCH
