"""`parity program`: a whole script under torch and under an engine, compared while both run."""

from __future__ import annotations

import argparse
from pathlib import Path

from parity.cli.codes import AGREE, MISMATCH, NOTHING
from parity.cli.options import Verbs
from parity.errors import UsageError
from parity.scripts.lockstep import Told, compare


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("program", help="a script under torch and under an engine, event by event")
    verb.set_defaults(verb=program)
    verb.add_argument("script", help="a script that says `import torch`")
    verb.add_argument("arguments", nargs=argparse.REMAINDER, help="the script's own")
    verb.add_argument("--engine", default="autodiff", metavar="MODULE", help="with as_torch(); default: autodiff")


def program(options: argparse.Namespace) -> int:
    if not Path(options.script).is_file():
        raise UsageError(f"there is no file {options.script}")
    told = compare(options.engine, options.script, tuple(options.arguments))
    print(told_text(told))
    if told.departed is not None:
        return MISMATCH
    return AGREE if sum(told.counts.values()) else NOTHING


def told_text(told: Told) -> str:
    """What a person is to read of it."""
    counts = told.counts
    seen = (
        f"{counts['step']} steps of an optimizer, {counts['print']} printed lines, {counts['draw']} draws, "
        f"{counts['op']} calls of operators"
    )
    if told.departed is None:
        rest = f"\n{told.ended}" if told.ended else ""
        return f"AGREES: {told.script} under torch and {told.engine}: {seen}{rest}"
    gone = told.departed
    what = {"print": "printed", "step": f"after step {counts['step']} of {gone.name}", "end": "the end"}
    where = what.get(gone.kind, f"{gone.kind} {gone.name}") + (f", {gone.place}" if gone.place else "")
    return "\n".join(
        [
            f"DEPARTS: {told.script} under {told.engine}, {where}",
            f"    torch     {gone.theirs}",
            f"    {told.engine:<9} {gone.ours}",
            f"    allowed   {gone.allowed}",
            f"    began     {gone.began}",
            f"before that   {seen}",
        ]
    )
