"""`parity finding`: a difference in a released engine kept for its maintainers: program, script, a line on the page."""

from __future__ import annotations

import argparse

from parity import corpus, findings
from parity.cli.codes import AGREE, MISMATCH, NOTHING
from parity.cli.options import Verbs
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.errors import UsageError


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("finding", help="a kept difference written down for an engine's maintainers")
    verb.set_defaults(verb=finding)
    verb.add_argument("id", nargs="?", help="of a kept program")
    verb.add_argument("--engine", dest="target", metavar="TARGET", help="default: the engine that failed")
    verb.add_argument("--title", help="what is wrong, in one line")
    verb.add_argument("--rank", choices=tuple(findings.RANKS), help="what kind of mistake it is")
    verb.add_argument("--truth", default="", help="what a standard prescribes at infinities and nan, and which one")
    verb.add_argument("--page", action="store_true", help=f"write {findings.PAGE} anew")
    verb.add_argument("--check", action="store_true", help="run all of them again, where their engines are installed")


def finding(options: argparse.Namespace) -> int:
    if options.id is not None:
        entry = corpus.load(corpus.find(options.id))
        target = options.target or entry.about.get("engine")
        if not (target and options.title and options.rank):
            raise UsageError("a finding needs its engine, --title and --rank")
        with torch_reference.settings() as reference:
            subject = None if target == "torch" else resolve(target)
            said = {"title": options.title, "rank": options.rank, "truth": options.truth}
            path = findings.keep(entry.program, reference, subject, target=target, **said)
        print(f"written: {path} and {path.with_suffix('.py')}")
    elif not (options.page or options.check):
        raise UsageError("finding needs the id of a kept program, or --page, or --check")
    if options.page:
        findings.PAGE.write_text(findings.page(findings.everything()), encoding="utf-8")
        print(f"written: {findings.PAGE}")
    return _checked() if options.check else AGREE


def _checked() -> int:
    code = NOTHING
    for found in findings.everything():
        about = found.about
        try:
            subject = resolve(about["engine"])
        except UsageError as error:
            print(f"not asked  {found.path.stem}: {error}")
            continue
        with torch_reference.settings() as reference:
            now = findings.seen(found.program, reference, subject, about["engine"])
        print(f"{'there' if now else 'gone':9}  {found.path.stem}  {about['engine']} {subject.version}")
        code = MISMATCH if now is None else AGREE if code == NOTHING else code
    return code
