"""The command `parity`: verbs, options, exit codes; imports no engine before a verb asks for one.

0 agree, 1 mismatch, 2 interrupted, 3 internal error or broken adapter, 4 usage, 5 nothing ran.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NoReturn, TextIO

from parity import corpus, running
from parity.accuracy import measure
from parity.accuracy import page as accuracy_page
from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.diagnose import diagnose
from parity.emit.history import history_script, history_test
from parity.emit.script import script
from parity.emit.test_file import as_test
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.anatomy import OPTIONS
from parity.engines.classes import names_class
from parity.engines.conformance import conform
from parity.engines.living import live
from parity.errors import EngineError, ProgramError, UsageError
from parity.faults import accounts
from parity.faults import selftest as faults
from parity.judging import judge
from parity.planning import PROFILES, narrowed, plan
from parity.report.coverage import coverage_record, coverage_text
from parity.report.doctor import doctor_record, doctor_text
from parity.report.progress import Progress
from parity.report.record import failure_record, verdict_record, write_lines
from parity.report.summary import Outcome, Summary, heading, summary_text
from parity.report.text import TITLES, failure_text, verdict_line
from parity.tables import promotion, refusals

AGREE, MISMATCH, INTERRUPTED, BROKEN, USAGE, NOTHING = range(6)
_REPORTS_SHOWN = 10
#: Of the calls in the table of promotion, of which there are 190,000, one in so many.
_SAMPLED = 7


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    # The command's own directory is on the path, not the one it was called in: `parity run mypkg.mytorch`.
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        options = _parser().parse_args(argv)
        code: int = options.verb(options)
        return code
    except (UsageError, ProgramError) as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return AGREE
    except EngineError as error:
        trace = error.trace if isinstance(error, running.BrokenOff) else "".join(traceback.format_exception(error))
        print(f"{trace.rstrip()}\nparity: broken adapter: {error}", file=sys.stderr)
        return BROKEN
    except Exception:
        traceback.print_exc()
        print("parity: internal error: please report it with the traceback above", file=sys.stderr)
        return BROKEN


def run(options: argparse.Namespace) -> int:
    target = _target(options)
    if target is None:
        raise UsageError("run needs a target: a module with torch's names, e.g. parity run autodiff")
    engine = resolve(target, options.engine_option) if names_class(target) else None
    files = corpus.committed() if engine is None else []
    for path in files:
        corpus.load(path)
    decided = plan(
        target,
        CATALOGUE,
        profile=options.profile or ("dev" if engine is None else "notebook"),
        seed=options.seed,
        ops=options.ops,
        dtypes=options.dtypes,
        max_examples=options.max_examples,
        seconds=options.time,
        jobs=options.jobs,
        files=files,
        kind=options.kind,
        options=options.engine_option,
    )
    if engine is not None:
        decided = narrowed(decided, engine.supports, engine.abilities.dtype, engine.abilities.scalar)
    summary = Summary(target, decided.profile, decided.seed, excluded=len(EXCLUDED))
    with _stream(options.json) as lines:
        # JSON on standard output leaves that stream to the records alone.
        progress = Progress(sys.stderr if lines is sys.stdout else sys.stdout, summary)
        begun = False
        if engine is not None:
            progress.message(doctor_text(engine, CATALOGUE) + "\n")
            if lines is not None:
                write_lines(lines, [doctor_record(engine)])

        def notify(outcome: Outcome) -> None:
            nonlocal begun
            if not begun:
                progress.message(heading(summary))
                begun = True
            if lines is not None:
                write_lines(lines, [outcome.record()])
                if outcome.failure is not None:
                    write_lines(lines, [{"type": "failure", **outcome.failure}])
            progress.update()

        try:
            running.run(decided, summary, notify)
        finally:
            progress.clear()
        mistakes = [] if engine is None else diagnose(engine)
        for mistake in mistakes:
            progress.message("\n" + "\n".join(mistake.lines()))
        if lines is not None:
            write_lines(lines, [mistake.record() for mistake in mistakes])
        if engine is not None:
            engine.close()
        reports = sorted(summary.failures.values(), key=lambda outcome: outcome.number)
        for outcome in reports[:_REPORTS_SHOWN]:
            progress.message(f"\n{outcome.report}\n")
        for outcome in reports[_REPORTS_SHOWN:]:
            check, op = outcome.key or ("", "")
            what = f"{TITLES[check].lower()}: {op or 'a program'}"
            progress.message(f"{what}   replay: parity replay {corpus.shortest(outcome.id)}")
        progress.message(summary_text(summary))
        if lines is not None:
            write_lines(lines, [summary.record()])
    return summary.exit_code


def doctor(options: argparse.Namespace) -> int:
    target = _target(options)
    if target is None:
        raise UsageError("doctor needs a target, e.g. parity doctor notebook.ipynb:Value")
    engine = resolve(target, options.engine_option)
    if names_class(target):
        text, record, code = doctor_text(engine, CATALOGUE), doctor_record(engine), AGREE
        code = AGREE if engine.abilities.calls else NOTHING
    else:
        finding = conform(engine)
        text = f"{engine.name} {engine.version}: " + (f"does not conform: {finding}" if finding else "conforms")
        record = {"type": "doctor", "engine": engine.name, "finding": str(finding) if finding else None}
        code = BROKEN if finding else AGREE
    if options.json is not None:
        with _stream(options.json) as lines:
            write_lines(lines or sys.stdout, [record])
    if options.json != "-":
        print(text)
    return code


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
            with _stream(options.json, "a") as lines:
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


def emit(options: argparse.Namespace) -> int:
    entry = corpus.load(corpus.find(options.id))
    about = entry.about
    engine = options.target or about.get("engine") or "autodiff"
    op = str(about.get("op") or "")
    remarks = (
        [f"{about['check']} of {op or 'a program'}: {about.get('reason', '')}".rstrip(": ")] if "check" in about else []
    )
    if entry.program.history:
        name = op or "history"
        if options.form == "pytest":
            text = history_test(entry.program, engine=str(engine), remarks=remarks, label=name)
        else:
            with torch_reference.settings() as reference:
                moments = live(entry.program, reference).moments
            raising = {number for number, moment in enumerate(moments) if moment.raised is not None}
            text = history_script(entry.program, title=remarks[0] if remarks else "", raising=raising)
    elif options.form == "pytest":
        text = as_test(entry.program, engine=str(engine), remarks=remarks, label=op or "program")
    else:
        text = script(entry.program, title=remarks[0] if remarks else "")
    sys.stdout.write(text)
    return AGREE


def coverage(options: argparse.Namespace) -> int:
    target = _target(options)
    subject = resolve(target) if target else None
    scores = []
    if subject is not None and options.tables != "none":
        with torch_reference.settings() as reference:
            every = 1 if options.tables == "complete" else _SAMPLED
            scores = [
                promotion.score(CATALOGUE.values(), reference, subject, every=every),
                refusals.score(CATALOGUE.values(), reference, subject),
            ]
    if options.json is not None:
        with _stream(options.json) as lines:
            write_lines(lines or sys.stdout, coverage_record(CATALOGUE, EXCLUDED, subject, scores))
    if options.json != "-":
        print(coverage_text(CATALOGUE, EXCLUDED, subject, scores))
    return AGREE


def selftest(options: argparse.Namespace) -> int:
    subject = resolve(_target(options) or "autodiff")
    running.probe(subject)
    with torch_reference.settings() as reference, _stream(options.json) as lines:
        told = sys.stderr if lines is sys.stdout else sys.stdout

        def show(line: str, record: dict[str, Any] | None) -> None:
            if line:
                print(line, file=told, flush=True)
            if lines is not None and record is not None:
                write_lines(lines, [record])

        wishes = {"programs": options.programs, "seed": options.seed, "ops": options.ops}
        if options.mutants:
            passed = accounts.report(reference, subject, show, jobs=options.jobs, sample=options.sample, **wishes)
        else:
            passed = options.kind == "histories" or faults.report(reference, subject, show, **wishes)
            if options.kind != "programs":
                count = options.histories
                passed &= faults.report_lives(reference, subject, show, count=count, seed=options.seed)
    return AGREE if passed else MISMATCH


def accuracy(options: argparse.Namespace) -> int:
    target = _target(options) or "autodiff"
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
    names = ("torch", target)
    rows = []
    begun = ""
    for row in measure.measured(target, todo, count=options.points, jobs=options.jobs):
        rows.append(row)
        if not options.write:
            head, rule, line = accuracy_page.table([row], names)
            print("\n".join([*([head, rule] if row.dtype != begun else []), line]), flush=True)
            begun = row.dtype
    if options.write:
        accuracy_page.PAGE.write_text(accuracy_page.page(rows, target, "torch", options.points), encoding="utf-8")
        print(f"written: {accuracy_page.PAGE}")
    return AGREE if rows else NOTHING


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="parity", description="The same program in torch and in another engine, compared.")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)

    verb = verbs.add_parser("run", help="the main job: corpus, every operator, random programs")
    verb.set_defaults(verb=run)
    _target_options(verb, "a module with torch's names: autodiff, mypkg.mytorch; or a class: notebook.ipynb:Value")
    _option_option(verb)
    verb.add_argument("--profile", help=f"{' | '.join(PROFILES)} (default: dev; of a class: notebook)")
    verb.add_argument("--seed", type=_natural, help="default: 0, for nightly a new one")
    verb.add_argument(
        "--max-examples", type=_natural, metavar="N", help="random programs; run whole, without a time limit"
    )
    verb.add_argument("--ops", type=_names, help="operators or patterns, by commas: add,nn.functional.*")
    verb.add_argument("--dtypes", type=_names, help="by commas: float32,float64")
    verb.add_argument("--kind", choices=("programs", "histories"), help="one alone of what is drawn at random")
    verb.add_argument("--time", type=_duration, metavar="T", help="seconds, or with a unit: 90s, 10m, 2h")
    verb.add_argument(
        "--jobs",
        type=_natural,
        default=min(4, os.cpu_count() or 1),
        metavar="N",
        help="processes (default: the cores, at most 4)",
    )
    _json_option(verb)

    verb = verbs.add_parser("doctor", help="what an engine is made of, and whether it can be compared")
    verb.set_defaults(verb=doctor)
    _target_options(verb, "a class, e.g. notebook.ipynb:Value, or a module")
    _option_option(verb)
    _json_option(verb)

    verb = verbs.add_parser("replay", help="kept programs again, by id, by a prefix of it, or by file")
    verb.set_defaults(verb=replay)
    verb.add_argument("id", nargs="*", help="default: every program that is kept")
    verb.add_argument(
        "--engine", dest="target", metavar="TARGET", help="default: the engine that failed, else autodiff"
    )
    verb.add_argument("--no-shrink", dest="shrink", action="store_false", help="report the program as it is kept")
    _json_option(verb)

    verb = verbs.add_parser("emit", help="a kept program as a torch script or as a test")
    verb.set_defaults(verb=emit)
    verb.add_argument("id")
    verb.add_argument("--as", dest="form", choices=("script", "pytest"), default="script")
    verb.add_argument("--engine", dest="target", metavar="TARGET", help="the engine that the test names")

    verb = verbs.add_parser("selftest", help="faults planted in an engine: found, shrunk, blamed?")
    verb.set_defaults(verb=selftest)
    _target_options(verb, "an engine that lets its parts be replaced (default: autodiff)")
    verb.add_argument("--mutants", action="store_true", help="every formula and kernel changed, one at a time")
    verb.add_argument("--sample", type=_natural, metavar="N", help="so many of the mutants, drawn by the seed")
    verb.add_argument("--kind", choices=("programs", "histories"), help="the faults that one alone of them is to find")
    verb.add_argument("--programs", type=_natural, default=faults.PROGRAMS, metavar="N", help="random programs")
    verb.add_argument("--histories", type=_natural, default=faults.HISTORIES, metavar="N", help="random histories")
    verb.add_argument("--seed", type=_natural, default=faults.SEED)
    verb.add_argument("--ops", type=_names, help="operators that programs are made of")
    verb.add_argument("--jobs", type=_natural, default=min(4, os.cpu_count() or 1), metavar="N", help="at a time")
    _json_option(verb)

    verb = verbs.add_parser("accuracy", help="errors in ulp against certified truth, of torch and of an engine")
    verb.set_defaults(verb=accuracy)
    _target_options(verb, "a module (default: autodiff)")
    verb.add_argument("--ops", type=_names, help="operators, by commas (default: all that are functions of one number)")
    verb.add_argument("--dtypes", type=_names, help=f"by commas (default: {','.join(measure.DTYPES)})")
    verb.add_argument(
        "--points", type=_natural, default=10_000, metavar="N", help="in float32 and float64 (default: 10000)"
    )
    verb.add_argument(
        "--jobs", type=_natural, default=min(4, os.cpu_count() or 1), metavar="N", help="processes (default: the cores)"
    )
    verb.add_argument("--write", action="store_true", help=f"write {accuracy_page.PAGE} instead of printing")
    verb.add_argument("--check", action="store_true", help="whether that page has every row: measures nothing")

    verb = verbs.add_parser("coverage", help="the operators of the catalogue, and which of them an engine has")
    verb.set_defaults(verb=coverage)
    _target_options(verb, "a module; without one the catalogue alone")
    verb.add_argument(
        "--tables",
        choices=("sampled", "complete", "none"),
        default="sampled",
        help="promotion and refusals scored against torch: all calls, a sample that takes seconds, or none",
    )
    _json_option(verb)
    return parser


class _Parser(argparse.ArgumentParser):
    """Complains in one line, with the exit code of this command instead of argparse's 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


class _Merged(argparse.Action):
    """An option that may be given several times, each time with names of its own."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), **values})


def _target_options(verb: argparse.ArgumentParser, help: str) -> None:
    verb.add_argument("target", nargs="?", metavar="TARGET", help=help)
    verb.add_argument("--engine", metavar="TARGET", help="the same")


def _option_option(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--engine-option",
        type=_named,
        action=_Merged,
        default={},
        metavar="NAME=WHAT",
        help=f"of a class, what probing got wrong: {', '.join(OPTIONS)}; e.g. value=v,grad=g",
    )


def _json_option(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", metavar="FILE", help="JSON lines to a file, or to standard output for -")


def _target(options: argparse.Namespace) -> str | None:
    if options.target and options.engine and options.target != options.engine:
        raise UsageError(f"two targets: {options.target} and --engine {options.engine}")
    target: str | None = options.target or options.engine
    return target


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _named(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not pairs or not all(name.strip() and what.strip() for name, _, what in pairs):
        raise argparse.ArgumentTypeError(f"expected NAME=WHAT, e.g. value=v; got {text!r}")
    return {name.strip(): what.strip() for name, _, what in pairs}


def _natural(text: str) -> int:
    if not re.fullmatch(r"\d+", text):
        raise argparse.ArgumentTypeError(f"expected a number that is not negative, got {text!r}")
    return int(text)


def _duration(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"expected seconds, or 90s, 10m, 2h; got {text!r}")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


@contextlib.contextmanager
def _stream(name: str | None, mode: Literal["w", "a"] = "w") -> Iterator[TextIO | None]:
    """The stream that JSON lines go to, None where none are wanted."""
    if name is None or name == "-":
        yield None if name is None else sys.stdout
        return
    try:
        stream = open(name, mode, encoding="utf-8")  # noqa: SIM115  opening alone may fail here
    except OSError as error:
        raise UsageError(f"--json {name}: cannot be written: {error.strerror}") from None
    with stream:
        yield stream


def _complain(message: str) -> int:
    print("parity: " + " ".join(message.split()), file=sys.stderr)
    return USAGE
