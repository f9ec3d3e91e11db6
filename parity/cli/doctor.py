"""`parity doctor`: what an engine is made of, and whether it can be compared."""

from __future__ import annotations

import argparse
import sys

from parity.catalogue import CATALOGUE
from parity.cli.codes import AGREE, BROKEN, NOTHING
from parity.cli.options import (
    Verbs,
    engine_options,
    json_option,
    process_options,
    python_of,
    stream,
    target_of,
    target_options,
)
from parity.engines import resolve
from parity.engines.conformance import checks, conform
from parity.errors import UsageError
from parity.report.doctor import conformance_text, doctor_record, doctor_text
from parity.report.record import write_lines


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("doctor", help="what an engine is made of, and whether it can be compared")
    verb.set_defaults(verb=doctor)
    target_options(verb, "a class, e.g. notebook.ipynb:Value, an adapter's name, or a module")
    engine_options(verb)
    process_options(verb)
    json_option(verb)


def doctor(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("doctor needs a target, e.g. parity doctor notebook.ipynb:Value")
    engine = resolve(target, options.engine_option, python_of(options))
    if hasattr(engine, "anatomy"):
        text, record, code = doctor_text(engine, CATALOGUE), doctor_record(engine), AGREE
        code = AGREE if engine.abilities.calls else NOTHING
    else:
        finding = conform(engine)
        text = conformance_text(engine, list(checks(engine)), finding)
        record = {"type": "doctor", "engine": engine.name, "finding": str(finding) if finding else None}
        code = BROKEN if finding else AGREE
    if options.json is not None:
        with stream(options.json) as lines:
            write_lines(lines or sys.stdout, [record])
    if options.json != "-":
        print(text)
    return code
