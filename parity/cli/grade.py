"""`parity grade`: one line a notebook: what it has, what is right, which mistakes."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from parity.cli.codes import AGREE, MISMATCH
from parity.cli.options import Verbs, jobs_option, json_option, stream
from parity.engines import reference as torch_reference
from parity.errors import UsageError
from parity.grading import Rubric, grade, rubric
from parity.report.grade import Grade, grades_markdown, grades_text
from parity.report.record import write_lines


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "grade",
        help="one line a notebook: what it has, what is right, which mistakes",
        description="Grade notebooks. Their code runs with your own rights, in processes of limited time and memory.",
    )
    verb.set_defaults(verb=run)
    verb.add_argument("notebooks", nargs="+", metavar="NOTEBOOK", help="files, or their classes: notebook.ipynb:Value")
    verb.add_argument("--rubric", type=Path, metavar="FILE", help="TOML: which operators and which mistakes count")
    verb.add_argument("--markdown", metavar="FILE", help="a table to a file, or to standard output for -")
    jobs_option(verb)
    json_option(verb)


def run(options: argparse.Namespace) -> int:
    asked = rubric(options.rubric) if options.rubric else Rubric()
    for target in options.notebooks:
        if not Path(target).is_file() and not Path(target.rpartition(":")[0]).is_file():
            raise UsageError(f"there is no file {target}")
    grades = _grades(options.notebooks, asked, options.jobs)
    if options.json is not None:
        with stream(options.json) as lines:
            write_lines(lines or sys.stdout, [found.record() for found in grades])
    if options.markdown == "-":
        print(grades_markdown(grades))
    elif options.markdown:
        Path(options.markdown).write_text(grades_markdown(grades) + "\n", encoding="utf-8")
    if "-" not in (options.json, options.markdown):
        print(grades_text(grades))
    return AGREE if all(found.flawless for found in grades) else MISMATCH


def _grades(targets: list[str], asked: Rubric, jobs: int) -> list[Grade]:
    """In the order of the targets; several at a time, each in a process that imports torch for itself."""
    if min(jobs, len(targets)) == 1:
        return [_graded(target, asked) for target in targets]
    with ProcessPoolExecutor(min(jobs, len(targets)), get_context("spawn")) as pool:
        return list(pool.map(partial(_graded, asked=asked), targets))


def _graded(target: str, asked: Rubric) -> Grade:
    with torch_reference.settings() as reference:
        return grade(target, asked, reference)
