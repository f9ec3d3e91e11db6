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
from parity.compare.verdict import Failure
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.errors import EngineError, ParityError, UsageError
from parity.gate.baseline import Baseline
from parity.judging import about, beyond_known, covered, explain
from parity.planning import Item, Plan, plan, seed_of
from parity.program import Program
from parity.report.cells import CHECKS, ORDER, Key, Respect, checks_of, dtype_of, dtypes_of, respect
from parity.report.coverage import supported
from parity.report.record import failure_record
from parity.report.tally import NOBODY
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


def collect(session: pytest.Session, decided: Plan, agreed: Baseline | None) -> Iterator[ParityItem]:
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
                    agreed=agreed,
                )


def collect_histories(session: pytest.Session, decided: Plan, agreed: Baseline | None) -> Iterator[HistoryItem]:
    """Tests of histories, unless some operators alone were asked for."""
    for part in range(0 if decided.chosen else PARTS):
        name = f"histories[{part}]"
        named = {"name": name, "nodeid": f"parity::{name}"}
        yield HistoryItem.from_parent(session, **named, part=part, plan=decided, agreed=agreed)


class ParityItem(pytest.Item):
    """One operator in one dtype: its programs compared in one respect."""

    def __init__(
        self, *, spec: OpSpec, dtype: str, check: Respect, plan: Plan, agreed: Baseline | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.spec, self.dtype, self.check, self.plan, self.agreed = spec, dtype, check, plan, agreed

    def runtest(self) -> None:
        subject = _subject_or_exit(self.plan.target)
        record = _record(self.spec.name, self.dtype, self.check) | {"version": subject.version}
        self.user_properties.append(("parity", record))
        if not supported(self.spec, subject):
            record["unsupported"] = True
            pytest.skip(f"unsupported: {subject.name} has no {self.spec.name}")
        statuses: Counter[str] = Counter()
        inaccurate: Counter[str] = Counter()
        with torch_reference.settings() as reference:
            for program in self._programs(reference):
                verdict = compare(program, reference, subject)
                if verdict.status == "differs":
                    verdict = beyond_known(program, verdict, reference, subject)
                differ = verdict.mismatches if verdict.status == "differs" else ()
                ours = tuple(m for m in differ if m.check in CHECKS[self.check])
                # Another test of the same programs answers for the other checks.
                status = verdict.status if ours or verdict.status != "differs" else "elsewhere"
                statuses[status] += 1
                record["statuses"] = dict(statuses)
                record["worst"] = max(record["worst"], float(verdict.worst) if status == "agrees" else 0.0)
                inaccurate.update(verdict.inaccurate_reference)
                record["inaccurate_reference"] = sorted(inaccurate)
                if ours:
                    _expected(Key(self.spec.name, self.dtype, self.check), self.agreed)
                    found = replace(verdict, mismatches=ours)
                    failure = explain(program, found, reference, subject, seed=self.plan.seed)
                    told = _note(failure, _culprit(failure, self.dtype), record, self.name)
                    raise difference(failure, told)

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

    def __init__(self, *, part: int, plan: Plan, agreed: Baseline | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part, self.plan, self.agreed = part, plan, agreed

    def runtest(self) -> None:
        subject = _subject_or_exit(self.plan.target)
        if not hasattr(subject, "module"):
            pytest.skip(f"unsupported: {subject.name} is no module like torch")
        record = _record("", "", "history")
        self.user_properties.append(("parity", record))
        with torch_reference.settings() as reference:
            examiner = Examiner(self.plan, reference, subject)
            for number in range(self.plan.programs if self.plan.counted else _SHARE):
                label = f"history {self.part * _SHARE + number}"
                drawn = examiner.draw(Item(number, "histories", label))
                if drawn is None:
                    pytest.skip(f"unsupported: {subject.name} has no operator that histories are made of")
                verdict = compare(drawn[0], reference, subject)
                record["statuses"] = dict(Counter(record["statuses"]) + Counter([verdict.status]))
                if verdict.status == "differs":
                    failure = explain(drawn[0], verdict, reference, subject, seed=self.plan.seed)
                    if not covered(failure.verdict.mismatches, failure.program):
                        culprit = _culprit(failure)
                        told = _note(failure, culprit, record, label)
                        _expected(culprit, self.agreed)
                        raise difference(failure, told)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return "parity", None, self.name


def _record(op: str, dtype: str, check: str) -> dict[str, Any]:
    """What a test tells about itself; plain data, which pytest-xdist carries."""
    there: dict[str, Any] = {"op": op, "dtype": dtype, "check": check, "statuses": {}, "worst": 0.0}
    return {**there, "inaccurate_reference": [], "unsupported": False}


def _culprit(failure: Failure, dtype: str = "") -> Key:
    """The name under which a baseline knows the failure."""
    first = failure.verdict.mismatches[0]
    return Key(first.op or NOBODY, dtype or dtype_of(failure.program, first), respect(first.check))


def _expected(key: Key, agreed: Baseline | None) -> None:
    """A difference that the baseline lists is one that is expected."""
    entry = agreed.entry(key) if agreed is not None and agreed.covers(key) else None
    if entry is not None:
        pytest.xfail(f"{entry.status}: {entry.reason or '(no reason given)'}")


def _note(failure: Failure, culprit: Key, record: dict[str, Any], label: str) -> str:
    """Keep the failure, for the report of the whole run too; its own report for a person."""
    kept = corpus.keep(failure.program, about(failure))
    text = failure_text(failure, corpus.shortest(kept.stem))
    record["finding"] = {
        "id": kept.stem,
        "op": culprit.op,
        "check": failure.verdict.mismatches[0].check,
        "dtype": culprit.dtype,
        "label": label,
        "failure": failure_record(failure),
        "text": text,
    }
    return text


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
