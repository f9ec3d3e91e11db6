"""`parity diff`: what changed between two reports."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from parity.cli.codes import AGREE, MISMATCH
from parity.cli.options import Verbs, json_option, stream
from parity.report import document
from parity.report.difference import difference, difference_text
from parity.report.record import write_lines


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("diff", help="what changed between two reports; exit code 1 if anything got worse")
    verb.set_defaults(verb=diff)
    verb.add_argument("before", type=Path, metavar="A.json")
    verb.add_argument("after", type=Path, metavar="B.json")
    json_option(verb)


def diff(options: argparse.Namespace) -> int:
    found = difference(document.read(options.before), document.read(options.after))
    if options.json is not None:
        with stream(options.json) as lines:
            write_lines(lines or sys.stdout, [found.record()])
    if options.json != "-":
        print(difference_text(found))
    return MISMATCH if found.worse else AGREE
