"""`parity report`: reports as one HTML page."""

from __future__ import annotations

import argparse
from pathlib import Path

from parity.cli.codes import AGREE
from parity.cli.options import Verbs
from parity.page.writing import page
from parity.report import document


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("report", help="reports as one HTML page")
    verb.set_defaults(verb=report)
    verb.add_argument("report", type=Path, metavar="REPORT.json", help="what the page is about")
    verb.add_argument(
        "others",
        type=Path,
        nargs="*",
        metavar="OTHER.json",
        help="earlier reports of the same engine (what changed, the trend), reports of other engines (side by side)",
    )
    verb.add_argument("--output", "-o", type=Path, default=Path("parity-report.html"), metavar="FILE")


def report(options: argparse.Namespace) -> int:
    shown = document.read(options.report)
    text = page(shown, [document.read(path) for path in options.others])
    document.replace_file(options.output, text)
    size = f"{len(text.encode()) / 1e6:.2f} MB"
    print(f"written: {options.output}, {size}: {shown.passing} of {shown.cells_total} cells pass")
    return AGREE
