"""A baseline under pytest: the results of the plugin's tests as a report, judged by the rules of the gate.

Knows pytest only by the options that make a run a part of the whole.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from parity import corpus
from parity.catalogue import CATALOGUE
from parity.errors import ProgramError, UsageError
from parity.gate import baseline
from parity.gate.baseline import Baseline
from parity.gate.delivery import deliver, factor, rewritten
from parity.gate.rules import Judged, judge, refuse_partial
from parity.planning import Plan
from parity.report.cells import Key, catalogue_version, checks_of, dtypes_of
from parity.report.document import Cell, CellStatus, Finding, Report

#: pytest's own options that leave tests out, by the name under which it keeps them.
_SELECTING = {"keyword": "-k", "markexpr": "-m", "lf": "--lf", "stepwise": "--sw", "deselect": "--deselect"}


def agreed(settings: Any, plan: Plan) -> Baseline:
    """The baseline that is asked for. pytest.UsageError for what is none."""
    try:
        if settings.rewrite not in (None, "shrink", "update"):
            raise UsageError(f"--parity-rewrite: expected shrink or update, got {settings.rewrite!r}")
        factor(settings.fail_worse)
        return baseline.load(Path(settings.baseline), plan.target)
    except (UsageError, ProgramError) as error:
        raise pytest.UsageError(str(error)) from None


def refuse(config: pytest.Config, plan: Plan, settings: Any) -> None:
    """pytest.UsageError if the baseline is to be rewritten after a run about a part only."""
    if settings.rewrite:
        try:
            refuse_partial(part(config, plan, settings))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None


def part(config: pytest.Config, plan: Plan, settings: Any) -> str:
    """The options that leave something out."""
    given = [name for key, name in _SELECTING.items() if config.getoption(key, None)]
    given += ["--parity-ops"] * plan.chosen + ["--parity-dtypes"] * (settings.dtypes is not None)
    return ", ".join(given)


def finish(
    session: pytest.Session,
    plan: Plan,
    settings: Any,
    agreed: Baseline,
    results: Sequence[Mapping[str, Any]],
    write: Callable[[str], None],
) -> int | None:
    """Judge, write what is asked for; the exit status if it is another than pytest's own."""
    partial = part(session.config, plan, settings) or _unfinished(plan, results)
    shown = report(plan, results, partial)
    judged = judge(shown, agreed, strict=bool(settings.strict), worse=factor(settings.fail_worse))
    deliver(judged, write, report=Path(settings.report) if settings.report else None)
    return _code(judged, settings, write)


def _code(judged: Judged, settings: Any, write: Callable[[str], None]) -> int | None:
    try:
        settled = rewritten(judged, Path(settings.baseline), settings.rewrite, write)
    except UsageError as error:
        write(f"parity: {error}")
        return int(pytest.ExitCode.USAGE_ERROR)
    return None if settled or judged.passes else int(pytest.ExitCode.TESTS_FAILED)


def _unfinished(plan: Plan, results: Iterable[Mapping[str, Any]]) -> str:
    done = {(result["op"], result["dtype"], result["check"]) for result in results}
    wanted = {
        (op, dtype, check)
        for op in plan.ops
        for dtype in dtypes_of(CATALOGUE[op], plan.dtypes)
        for check in checks_of(CATALOGUE[op], dtype)
    }
    return "not every test ran" if wanted - done else ""


def report(plan: Plan, results: Iterable[Mapping[str, Any]], partial: str) -> Report:
    """The results of tests as a report; what a test found is counted as one program."""
    cells: list[Cell] = []
    findings: dict[tuple[str, str], Finding] = {}
    inaccurate: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    versions = {"torch": importlib.metadata.version("torch")}
    for result in results:
        if "version" in result:
            versions[plan.target] = result["version"]
        found = result.get("finding")
        if found is not None:
            versions = {
                found["failure"][side]: found["failure"][f"{side}_version"] for side in ("subject", "reference")
            }
            _add(findings, found)
        inaccurate.update(result["inaccurate_reference"])
        statuses.update(result["statuses"])
        if result["check"] != "history":
            cells.append(_cell(result, found))
    version, total = catalogue_version()
    return Report(
        target=plan.target,
        versions=versions,
        catalogue=version,
        cells_total=total,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        # Tests draw programs of their own: they are comparable among each other, not with those of the command.
        profile=f"pytest {plan.profile}" + (f" of {plan.programs} programs" if plan.counted else ""),
        seed=plan.seed,
        jobs=int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
        seconds=0.0,
        partial=partial,
        phases={"operators": {"planned": sum(statuses.values()), **dict(sorted(statuses.items()))}},
        cells=tuple(sorted(cells, key=lambda cell: cell.key)),
        findings=tuple(findings.values()),
        inaccurate_reference=dict(sorted(inaccurate.items())),
    )


def _cell(result: Mapping[str, Any], found: Mapping[str, Any] | None) -> Cell:
    statuses = result["statuses"]
    status: CellStatus = "undecided"
    if result["unsupported"]:
        status = "unsupported"
    elif statuses.get("differs"):
        status = "differs"
    elif statuses.get("known"):
        status = "known"
    elif statuses.get("agrees") or statuses.get("elsewhere"):
        status = "passes"
    return Cell(
        *Key(result["op"], result["dtype"], result["check"]),
        status=status,
        programs=statuses or {"unsupported": 1},
        worst=math.inf if statuses.get("differs") else result["worst"],
        findings=(found["id"],) if found else (),
    )


def _add(findings: dict[tuple[str, str], Finding], found: Mapping[str, Any]) -> None:
    key = found["op"], found["check"]
    dtypes = {found["dtype"]: 1}
    if key in findings:
        dtypes = dict(Counter(findings[key].dtypes) + Counter(dtypes))
    findings[key] = Finding(
        id=found["id"],
        status="differs",
        op=found["op"],
        check=found["check"],
        dtypes=dtypes,
        phase="operators",
        label=found["label"],
        failure=found["failure"],
        program=corpus.kept(found["id"]),
        text=found["text"],
    )
