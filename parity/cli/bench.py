"""`parity bench`: whether an engine became slower, base against head in the same job."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from parity.bench.against import measured
from parity.cli.codes import AGREE, MISMATCH, NOTHING
from parity.cli.options import Verbs, natural, target_of, target_options
from parity.errors import UsageError
from parity.gate.delivery import factor
from parity.report import document


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("bench", help="whether an engine became slower: a revision against what is here")
    verb.set_defaults(verb=bench)
    target_options(verb, "a module with torch's names, part of this checkout")
    verb.add_argument("--against", metavar="REV", required=True, help="a commit, branch or tag: the base")
    verb.add_argument("--fail-slower", metavar="1.5x", help="exit code 1 where a workload takes so many times as long")
    verb.add_argument("--rounds", type=natural, default=15, metavar="N", help="pairs of measurements (default: 15)")
    verb.add_argument("--report", type=Path, metavar="FILE", help="a parity-report.json that takes the ratios in")


def bench(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None or ":" in target:
        raise UsageError("bench needs a target: a module with torch's names, e.g. parity bench autodiff --against main")
    worst = factor(options.fail_slower, "--fail-slower")
    told = document.read(options.report) if options.report is not None else None
    print(f"{'workload':12} {'ms':>9} {'ratio':>6}   {target}, {options.against} = 1, CPU time, medians")
    found = []
    for row in measured(target, options.against, max(1, options.rounds)):
        if row.error:
            print(f"{row.workload:12} {'':9} {'':6}   not measured: {row.error}", flush=True)
            continue
        found.append(row)
        slower = worst is not None and row.slower(worst)
        line = f"{row.workload:12} {row.seconds * 1e3:9.3f} {row.median:6.2f}"
        line += f"   {min(row.ratios):.2f} to {max(row.ratios):.2f}"
        print(line + "   SLOWER" * slower, flush=True)
    if told is not None:
        replace(told, speed={row.workload: row.median for row in found}).write(options.report)
    if not found:
        return NOTHING
    return MISMATCH if worst is not None and any(row.slower(worst) for row in found) else AGREE
