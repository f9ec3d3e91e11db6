"""`parity accuracy`: errors in ulp against certified truth, of torch and of an engine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from parity.accuracy import measure, points
from parity.accuracy import page as accuracy_page
from parity.accuracy.points import Case
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
    verb.add_argument("--points", type=natural, metavar="N", help=f"in float32 and float64 (default: {points.FULL})")
    jobs_option(verb)
    verb.add_argument("--write", action="store_true", help=f"write {accuracy_page.PAGE} instead of printing")
    verb.add_argument(
        "--check", action="store_true", help="whether that page has every row; with --points, whether it holds at these"
    )


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
        there = accuracy_page.figures(path.read_text(encoding="utf-8")) if path.exists() else {}
        stale = set(there) ^ {(dtype, case.label) for case, dtype in todo}
        if options.ops or options.dtypes:
            stale -= set(there)
        for dtype, label in sorted(stale):
            print(f"{path}: {'lacks' if (dtype, label) not in there else 'has no longer'} {label} in {dtype}")
        worse = [] if options.points is None else list(_exceeded(options, target, todo, there))
        for line in worse:
            print(f"{path}: {line}")
        return MISMATCH if stale or worse else AGREE
    count = points.FULL if options.points is None else options.points
    engines = ("torch", target)
    rows = []
    begun = ""
    for row in measure.measured(target, todo, count=count, jobs=options.jobs):
        rows.append(row)
        if not options.write:
            head, rule, line = accuracy_page.table([row], engines)
            print("\n".join([*([head, rule] if row.dtype != begun else []), line]), flush=True)
            begun = row.dtype
    if options.write:
        accuracy_page.PAGE.write_text(accuracy_page.page(rows, target, "torch", count), encoding="utf-8")
        print(f"written: {accuracy_page.PAGE}")
    return AGREE if rows else NOTHING


def _exceeded(
    options: argparse.Namespace,
    target: str,
    todo: list[tuple[Case, str]],
    there: dict[tuple[str, str], tuple[float, float]],
) -> Iterator[str]:
    """Where the engine is further off at these points than the page says."""
    known = [(case, dtype) for case, dtype in todo if (dtype, case.label) in there]
    for row in measure.measured(target, known, count=options.points, jobs=options.jobs):
        yield from accuracy_page.worse(row, there[row.dtype, row.label])
