"""`parity merge`: several campaigns, or the shares of one, told as one."""

from __future__ import annotations

import argparse
from pathlib import Path

from parity.campaign.merging import logs, merged
from parity.campaign.telling import document, summary, text
from parity.cli.fuzz import REPORT, kept
from parity.cli.options import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("merge", help="campaigns, or the shares of one (fuzz --shard), as one report")
    verb.set_defaults(verb=merge)
    verb.add_argument("campaigns", nargs="+", type=Path, metavar="DIR", help="folders of campaigns, or of such folders")
    verb.add_argument("--out", type=Path, default=Path(REPORT), metavar="FILE", help=f"default: {REPORT}")


def merge(options: argparse.Namespace) -> int:
    found = logs(options.campaigns)
    state = merged(found)
    for one in state.found.values():
        kept(one.finding, state.settings)
    document(state, len(found)).write(options.out)
    print(text(state, len(found)))
    print(f"{len(found)} campaign{'s' * (len(found) != 1)}; {options.out} is written")
    return summary(state, len(found)).exit_code
