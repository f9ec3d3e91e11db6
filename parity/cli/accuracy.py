"""`parity accuracy`: errors in ulp against certified truth, of torch and of an engine."""

from __future__ import annotations

import argparse

from parity.accuracy import measure
from parity.accuracy import page as accuracy_page
from parity.catalogue import CATALOGUE
from parity.cli.codes import AGREE, MISMATCH, NOTHING
from parity.cli.options import Verbs, jobs_option, names, natural, target_of, target_options
from parity.errors import UsageError


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("accuracy", help="errors in ulp against certified truth, of torch and of an engine")
    verb.set_defaults(verb=accuracy)
    target_options(verb, "a module (default: autodiff)")
    verb.add_argument("--ops", type=names, help="operators, by commas (default: all that are functions of one number)")
    verb.add_argument("--dtypes", type=names, help=f"by commas (default: {','.join(measure.DTYPES)})")
    verb.add_argument(
        "--points", type=natural, default=10_000, metavar="N", help="in float32 and float64 (default: 10000)"
    )
    jobs_option(verb)
    verb.add_argument("--write", action="store_true", help=f"write {accuracy_page.PAGE} instead of printing")
    verb.add_argument("--check", action="store_true", help="whether that page has every row: measures nothing")


def accuracy(options: argparse.Namespace) -> int:
    target = target_of(options) or "autodiff"
    known = {case.spec.name for case in measure.selected(list(CATALOGUE))}
    unknown = sorted(set(options.ops or ()) - known)
    if unknown:
        raise UsageError(f"no operator of one number is called {', '.join(unknown)}")
    dtypes = options.dtypes or list(measure.DTYPES)
    if wrong := sorted(set(dtypes) - set(measure.DTYPES)):
        raise UsageError(f"accuracy is measured in {', '.join(measure.DTYPES)}, not in {', '.join(wrong)}")
    todo = [(case, dtype) for dtype in dtypes for case in measure.selected(options.ops)]
    todo = [(case, dtype) for case, dtype in todo if measure.has(case, dtype)]
    if options.check:
        path = accuracy_page.PAGE
        there = accuracy_page.listed(path.read_text(encoding="utf-8")) if path.exists() else []
        stale = set(there) ^ {(dtype, case.label) for case, dtype in todo}
        for dtype, label in sorted(stale):
            print(f"{path}: {'lacks' if (dtype, label) not in there else 'has no longer'} {label} in {dtype}")
        return MISMATCH if stale else AGREE
    engines = ("torch", target)
    rows = []
    begun = ""
    for row in measure.measured(target, todo, count=options.points, jobs=options.jobs):
        rows.append(row)
        if not options.write:
            head, rule, line = accuracy_page.table([row], engines)
            print("\n".join([*([head, rule] if row.dtype != begun else []), line]), flush=True)
            begun = row.dtype
    if options.write:
        accuracy_page.PAGE.write_text(accuracy_page.page(rows, target, "torch", options.points), encoding="utf-8")
        print(f"written: {accuracy_page.PAGE}")
    return AGREE if rows else NOTHING
