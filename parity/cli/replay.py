"""`parity replay`: kept programs again."""

from __future__ import annotations

import argparse
import sys

from parity import corpus, running
from parity.cli.codes import AGREE, MISMATCH, NOTHING
from parity.cli.options import Verbs, json_option, stream
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.judging import judge
from parity.report.record import failure_record, verdict_record, write_lines
from parity.report.text import failure_text, verdict_line


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("replay", help="kept programs again, by id, by a prefix of it, or by file")
    verb.set_defaults(verb=replay)
    verb.add_argument("id", nargs="*", help="default: every program that is kept")
    verb.add_argument(
        "--engine", dest="target", metavar="TARGET", help="default: the engine that failed, else autodiff"
    )
    verb.add_argument("--no-shrink", dest="shrink", action="store_false", help="report the program as it is kept")
    json_option(verb)


def replay(options: argparse.Namespace) -> int:
    paths = [corpus.find(name) for name in options.id] or corpus.committed() + corpus.found()
    if not paths:
        print(f"nothing to replay: {corpus.COMMITTED}/ and {corpus.FOUND}/ hold no programs")
        return NOTHING
    code = AGREE
    for path in paths:
        entry = corpus.load(path)
        subject = resolve(options.target or entry.about.get("engine") or "autodiff")
        running.probe(subject)
        with torch_reference.settings() as reference:
            found = judge(entry.program, reference, subject, shrinking=options.shrink)
        if options.json is not None:
            with stream(options.json, "a") as lines:
                record = {"type": "replay", "id": path.stem, "engine": subject.name}
                record |= verdict_record(found.verdict) | (failure_record(found.failure) if found.failure else {})
                write_lines(lines or sys.stdout, [record])
        if options.json != "-":
            kept = corpus.shortest(path.stem)
            if found.failure is not None:
                print(failure_text(found.failure, kept))
            else:
                print(f"{kept}   {verdict_line(found.verdict, subject.name, reference.name)}")
        if found.failure is not None:
            code = MISMATCH
    return code
