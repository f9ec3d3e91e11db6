"""The tests that the pytest plugin adds: an item for each operator, dtype and check; needs an engine."""

from __future__ import annotations

import importlib.util
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import pytest

from parity import corpus
from parity.catalogue import CATALOGUE
from parity.catalogue.spec import OpSpec
from parity.checking import difference
from parity.compare import compare
from parity.compare.verdict import Failure, Verdict
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.errors import EngineError, ParityError, UsageError
from parity.judging import about, explain
from parity.planning import Item, Plan, plan, seed_of
from parity.program import Program
from parity.report.cells import CHECKS, ORDER, Respect, checks_of, dtypes_of
from parity.report.coverage import supported
from parity.report.text import failure_text
from parity.running import Examiner, probe
from parity.strategies.single import Kind, draw_op, kinds
from parity.strategies.source import Seeded

#: Tests of histories, and how many histories are in each.
PARTS, _SHARE = 10, 30


def settle(settings: Any, seed: int | None) -> Plan:
    """The options as a plan. UsageError ends pytest with exit code 4 and one line."""
    try:
        decided = plan(
            settings.engine,
            CATALOGUE,
            profile=settings.profile or "dev",
            seed=seed if seed is not None else _number("parity-seed", settings.seed),
            ops=_names(settings.ops),
            dtypes=_names(settings.dtypes),
            max_examples=_number("parity-max-examples", settings.max_examples),
        )
        if not _exists(settings.engine):
            raise UsageError(f"--parity-engine: there is no module {settings.engine!r}")
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    # A number of programs means here: a test. Unless one is given, each kind is drawn once a round.
    return decided


def collect(session: pytest.Session, decided: Plan) -> Iterator[ParityItem]:
    """The items, sorted by operator: the same in every worker."""
    for op in decided.ops:
        spec = CATALOGUE[op]
        for dtype in dtypes_of(spec, decided.dtypes):
            for check in checks_of(spec, dtype):
                name = f"{op}[{dtype}-{check}]"
                yield ParityItem.from_parent(
                    session,
                    name=name,
                    nodeid=f"parity::{name}",
                    spec=spec,
                    dtype=dtype,
                    check=check,
                    plan=decided,
                )


def collect_histories(session: pytest.Session, decided: Plan) -> Iterator[HistoryItem]:
    """Tests of histories, unless some operators alone were asked for."""
    for part in range(0 if decided.chosen else PARTS):
        name = f"histories[{part}]"
        yield HistoryItem.from_parent(session, name=name, nodeid=f"parity::{name}", part=part, plan=decided)


class ParityItem(pytest.Item):
    """One operator in one dtype: its programs compared in one respect."""

    def __init__(self, *, spec: OpSpec, dtype: str, check: Respect, plan: Plan, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.dtype, self.check, self.plan = spec, dtype, check, plan

    def runtest(self) -> None:
        subject = _subject_or_exit(self.plan.target)
        record: dict[str, Any] = {
            "op": self.spec.name,
            "dtype": self.dtype,
            "check": self.check,
            "statuses": {},
            "worst": 0.0,
            "inaccurate_reference": [],
            "unsupported": False,
        }
        self.user_properties.append(("parity", record))
        if not supported(self.spec, subject):
            record["unsupported"] = True
            pytest.skip(f"unsupported: {subject.name} has no {self.spec.name}")
        statuses: Counter[str] = Counter()
        inaccurate: Counter[str] = Counter()
        with torch_reference.settings() as reference:
            for program in self._programs(reference):
                verdict = compare(program, reference, subject)
                ours = tuple(m for m in verdict.mismatches if m.check in CHECKS[self.check])
                # Another test of the same programs answers for the other checks.
                status = verdict.status if ours or verdict.status != "differs" else "elsewhere"
                statuses[status] += 1
                record["statuses"] = dict(statuses)
                record["worst"] = max(record["worst"], float(verdict.worst) if status == "agrees" else 0.0)
                inaccurate.update(verdict.inaccurate_reference)
                record["inaccurate_reference"] = sorted(inaccurate)
                if ours:
                    found = replace(verdict, mismatches=ours)
                    raise _as_error(program, found, reference, subject, self.plan.seed)

    def _programs(self, reference: Any) -> Iterator[Program]:
        order = ORDER[self.check]
        menu = kinds(self.spec, self.dtype)
        given = self.plan.programs if self.plan.counted else self.plan.rounds * len(menu)
        for number, kind in islice(_cycle(menu), given):
            source = Seeded(seed_of(self.plan.seed, f"{self.spec.name} {self.dtype} {kind} {number}"))
            drawn = draw_op(source, reference, self.spec, self.dtype, kind=kind)
            program = drawn[0]
            yield program.with_(
                cotangents=program.cotangents if order >= 1 else (),
                second=program.second if order >= 2 else (),
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return "parity", None, self.name


class HistoryItem(pytest.Item):
    """A share of the random histories, compared after every step."""

    def __init__(self, *, part: int, plan: Plan, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part, self.plan = part, plan

    def runtest(self) -> None:
        subject = _subject_or_exit(self.plan.target)
        if not hasattr(subject, "module"):
            pytest.skip(f"unsupported: {subject.name} is no module like torch")
        with torch_reference.settings() as reference:
            examiner = Examiner(self.plan, reference, subject)
            for number in range(self.plan.programs if self.plan.counted else _SHARE):
                label = f"history {self.part * _SHARE + number}"
                drawn = examiner.draw(Item(number, "histories", label))
                if drawn is None:
                    pytest.skip(f"unsupported: {subject.name} has no operator that histories are made of")
                verdict = compare(drawn[0], reference, subject)
                if verdict.status == "differs":
                    raise _as_error(drawn[0], verdict, reference, subject, self.plan.seed)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return "parity", None, self.name


def _as_error(program: Program, verdict: Verdict, reference: Any, subject: Any, seed: int) -> ParityError:
    failure: Failure = explain(program, verdict, reference, subject, seed=seed)
    kept = corpus.keep(failure.program, about(failure))
    return difference(failure, failure_text(failure, corpus.shortest(kept.stem)))


def _told(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """A difference as its report and its reproducer; "" for any other error."""
    if not isinstance(excinfo.value, ParityError):
        return ""
    return "\n".join([str(excinfo.value).strip("\n"), "", *getattr(excinfo.value, "__notes__", ())])


def _subject_or_exit(target: str) -> Any:
    try:
        return _subject(target)
    except EngineError as error:
        trace = "".join(traceback.format_exception(error))
        pytest.exit(f"{trace.rstrip()}\nparity: broken adapter: {error}", returncode=3)


@lru_cache(maxsize=1)
def _subject(target: str) -> Any:
    subject = resolve(target)
    probe(subject)
    return subject


def _cycle(menu: Sequence[Kind]) -> Iterator[tuple[int, Kind]]:
    number = 0
    while menu:
        for kind in menu:
            yield number, kind
        number += 1


def _exists(target: str) -> bool:
    try:
        return importlib.util.find_spec(target) is not None
    except (ImportError, ValueError):
        return False


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _number(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit():
        raise pytest.UsageError(f"--{option}: expected a number that is not negative, got {text!r}")
    return int(text)
