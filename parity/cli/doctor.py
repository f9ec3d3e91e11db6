"""`parity doctor`: what an engine is made of, and whether it can be compared."""

from __future__ import annotations

import argparse
import sys

from parity.catalogue import CATALOGUE
from parity.cli.codes import AGREE, BROKEN, NOTHING
from parity.cli.options import Verbs, engine_options, json_option, stream, target_of, target_options
from parity.engines import resolve
from parity.engines.classes import names_class
from parity.engines.conformance import conform
from parity.errors import UsageError
from parity.report.doctor import doctor_record, doctor_text
from parity.report.record import write_lines


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("doctor", help="what an engine is made of, and whether it can be compared")
    verb.set_defaults(verb=doctor)
    target_options(verb, "a class, e.g. notebook.ipynb:Value, or a module")
    engine_options(verb)
    json_option(verb)


def doctor(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("doctor needs a target, e.g. parity doctor notebook.ipynb:Value")
    engine = resolve(target, options.engine_option)
    if names_class(target):
        text, record, code = doctor_text(engine, CATALOGUE), doctor_record(engine), AGREE
        code = AGREE if engine.abilities.calls else NOTHING
    else:
        finding = conform(engine)
        text = f"{engine.name} {engine.version}: " + (f"does not conform: {finding}" if finding else "conforms")
        record = {"type": "doctor", "engine": engine.name, "finding": str(finding) if finding else None}
        code = BROKEN if finding else AGREE
    if options.json is not None:
        with stream(options.json) as lines:
            write_lines(lines or sys.stdout, [record])
    if options.json != "-":
        print(text)
    return code
