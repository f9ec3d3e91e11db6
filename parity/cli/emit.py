"""`parity emit`: a kept program as a torch script or as a test."""

from __future__ import annotations

import argparse
import sys

from parity import corpus
from parity.cli.codes import AGREE
from parity.cli.options import Verbs
from parity.emit.history import history_script, history_test
from parity.emit.script import script
from parity.emit.test_file import as_test
from parity.engines import reference as torch_reference
from parity.engines.living import live


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("emit", help="a kept program as a torch script or as a test")
    verb.set_defaults(verb=emit)
    verb.add_argument("id")
    verb.add_argument("--as", dest="form", choices=("script", "pytest"), default="script")
    verb.add_argument("--engine", dest="target", metavar="TARGET", help="the engine that the test names")


def emit(options: argparse.Namespace) -> int:
    entry = corpus.load(corpus.find(options.id))
    about = entry.about
    engine = options.target or about.get("engine") or "autodiff"
    op = str(about.get("op") or "")
    remarks = (
        [f"{about['check']} of {op or 'a program'}: {about.get('reason', '')}".rstrip(": ")] if "check" in about else []
    )
    if entry.program.history:
        name = op or "history"
        if options.form == "pytest":
            text = history_test(entry.program, engine=str(engine), remarks=remarks, label=name)
        else:
            with torch_reference.settings() as reference:
                moments = live(entry.program, reference).moments
            raising = {number for number, moment in enumerate(moments) if moment.raised is not None}
            text = history_script(entry.program, title=remarks[0] if remarks else "", raising=raising)
    elif options.form == "pytest":
        text = as_test(entry.program, engine=str(engine), remarks=remarks, label=op or "program")
    else:
        text = script(entry.program, title=remarks[0] if remarks else "")
    sys.stdout.write(text)
    return AGREE
