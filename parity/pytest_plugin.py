"""The pytest plugin's hooks: options, header, collection, summary; imports neither torch nor Hypothesis.

With an engine chosen, a test for each operator, dtype and check joins in: `parity::add[float32-value]`.
Options come from the command line, from PARITY_* variables or from the ini file, in that order.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: Name, help; the same name with underscores is the ini key, in capitals the variable.
OPTIONS = (
    ("parity-engine", "a module with torch's names: its operators are tested against torch's"),
    ("parity-ops", "operators or patterns, by commas (default: all)"),
    ("parity-dtypes", "dtypes, by commas (default: all that torch accepts)"),
    ("parity-max-examples", "programs a test (default: one of each kind)"),
    ("parity-profile", "dev, gate or nightly (default: dev)"),
    ("parity-seed", "seed of every test (default: 0, for nightly a new one)"),
    ("parity-json", "a file for one JSON line a test and one for the whole"),
    ("parity-baseline", "what may differ, as for parity gate: anything else that it says fails the run"),
    ("parity-strict", "1: fail where an entry of the baseline has no reason"),
    ("parity-fail-worse", "a factor, as 2x: fail where a deviation grew so much, to half of what is allowed"),
    ("parity-rewrite", "shrink: take out of the baseline what passes; update: write it anew"),
    ("parity-report", "a file for the whole report: parity-report.json"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The options as they were given; None where nothing was."""

    engine: str | None
    ops: str | None
    dtypes: str | None
    max_examples: str | None
    profile: str | None
    seed: str | None
    json: str | None
    baseline: str | None
    strict: str | None
    fail_worse: str | None
    rewrite: str | None
    report: str | None


_WORDS = {"agrees": "agree", "differs": "differ", "elsewhere": "judged by another test"}
_SETTINGS = pytest.StashKey[Settings]()
_PLAN = pytest.StashKey[Any]()
_AGREED = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("parity", "parity: an engine against torch")
    for name, text in OPTIONS:
        key = name.replace("-", "_")
        group.addoption(f"--{name}", dest=key, default=None, help=text)
        parser.addini(key, text, default=None)


def pytest_configure(config: pytest.Config) -> None:
    settings = Settings(*(_option(config, name.replace("-", "_")) for name, _ in OPTIONS))
    config.stash[_SETTINGS] = settings
    if settings.engine is None:
        return
    suite = importlib.import_module("parity.pytest_suite")
    shared = getattr(config, "workerinput", {}).get("parity_seed")
    plan = config.stash[_PLAN] = suite.settle(settings, shared)
    config.stash[_AGREED] = None
    if settings.baseline is not None:
        gate = importlib.import_module("parity.pytest_gate")
        config.stash[_AGREED] = gate.agreed(settings, plan)
        gate.refuse(config, plan, settings)


def pytest_configure_node(node: Any) -> None:
    """xdist: a seed that was drawn here is every worker's."""
    if (plan := node.config.stash.get(_PLAN, None)) is not None:
        node.workerinput["parity_seed"] = plan.seed


# The hook is xdist's: without it pytest must not take it for a misspelt one of its own.
pytest_configure_node = pytest.hookimpl(optionalhook=True)(pytest_configure_node)


def pytest_report_header(config: pytest.Config) -> list[str]:
    plan = config.stash.get(_PLAN, None)
    if plan is None:
        return []
    settings = config.stash[_SETTINGS]
    versions = ", ".join(f"{name} {_version(name)}" for name in ("torch", "numpy", "hypothesis"))
    return [
        f"parity: engine {plan.target}, ops {settings.ops or f'all {len(plan.ops)}'}, "
        f"dtypes {settings.dtypes or 'all'}, profile {plan.profile}, seed {plan.seed}, "
        f"max-examples {settings.max_examples or 'one of each kind'}",
        f"parity: {versions}",
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """First, so that -k, --lf and the others select among these tests too."""
    plan = config.stash.get(_PLAN, None)
    if plan is None:
        return
    suite = importlib.import_module("parity.pytest_suite")
    agreed = config.stash[_AGREED]
    for item in (*suite.collect(session, plan, agreed), *suite.collect_histories(session, plan, agreed)):
        config.hook.pytest_itemcollected(item=item)
        items.append(item)


@pytest.fixture(scope="session")
def parity_engine(pytestconfig: pytest.Config) -> Any:
    """The engine that --parity-engine names, for tests of one's own."""
    target = pytestconfig.stash[_SETTINGS].engine
    if target is None:
        raise pytest.UsageError("the fixture parity_engine needs --parity-engine")
    return importlib.import_module("parity.engines").resolve(target)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    plan = config.stash.get(_PLAN, None)
    results = _results(terminalreporter)
    if plan is None or not results:
        return
    programs: Counter[str] = Counter()
    inaccurate: Counter[str] = Counter()
    for result in results:
        programs.update(result["statuses"])
        inaccurate.update(result["inaccurate_reference"])
    worst = max(results, key=lambda result: float(result["worst"]))
    missing = sorted({result["op"] for result in results if result["unsupported"]})
    write = terminalreporter.write_line
    terminalreporter.section(f"parity: {plan.target} against torch")
    counts = ", ".join(f"{count} {_WORDS.get(status, status)}" for status, count in sorted(programs.items()))
    write(f"{len({result['op'] for result in results})} operators, {sum(programs.values())} programs: {counts}")
    write(f"worst deviation {float(worst['worst']):.2g} of what was allowed ({worst['op']} {worst['dtype']})")
    if inaccurate:
        write(f"torch is the inaccurate side: {', '.join(f'{op} {n}' for op, n in inaccurate.most_common(8))}")
    if missing:
        write(f"unsupported: {', '.join(missing)}")
    write(f"seed {plan.seed}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controller writes the file: workers see only their own share."""
    config = session.config
    plan = config.stash.get(_PLAN, None)
    settings = config.stash[_SETTINGS]
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if plan is None or reporter is None or hasattr(config, "workerinput") or config.getoption("collectonly"):
        return
    if (agreed := config.stash[_AGREED]) is not None:
        reporter.ensure_newline()
        gate = importlib.import_module("parity.pytest_gate")
        code = gate.finish(session, plan, settings, agreed, _results(reporter, histories=True), reporter.write_line)
        if code is not None and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = code
    if (name := settings.json) is None:
        return
    lines = [{"type": "test", **result} for result in _results(reporter)]
    lines.append({"type": "session", "engine": plan.target, "seed": plan.seed, "profile": plan.profile})
    Path(name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _results(reporter: pytest.TerminalReporter, *, histories: bool = False) -> list[dict[str, Any]]:
    """What the tests left in their reports, which is all that comes back from a worker."""
    return [
        dict(content, outcome=report.outcome)
        for status in ("passed", "failed", "skipped", "xfailed")
        for report in reporter.stats.get(status, [])
        for key, content in getattr(report, "user_properties", ())
        if key == "parity" and report.when == "call" and (histories or content["check"] != "history")
    ]


def _option(config: pytest.Config, key: str) -> str | None:
    found = config.getoption(key) or os.environ.get(key.upper()) or config.getini(key)
    return str(found) if found else None


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"
