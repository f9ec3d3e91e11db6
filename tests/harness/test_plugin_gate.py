"""The gate's rules under pytest: --parity-baseline and its kin."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from parity.catalogue import CATALOGUE
from parity.gate import baseline
from parity.report import document
from tests.harness.conftest import FORWARDING, WRONG_EXP
from tests.harness.test_plugin import run  # noqa: F401  the fixture

pytest_plugins = ["pytester"]
MODULES = ("parity.pytest_suite", "parity.pytest_gate", "parity.running")


@pytest.fixture
def gate(run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):  # noqa: F811
    """Runs the tests of a catalogue of one operator, of a module that is right or wrong."""
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    rows = {"exp": replace(CATALOGUE["exp"], dtypes="f")}
    for module in MODULES:
        monkeypatch.setattr(f"{module}.CATALOGUE", rows)
    monkeypatch.setattr("parity.pytest_suite.PARTS", 0)
    pytester.makepyfile(right=FORWARDING, wrong=FORWARDING + WRONG_EXP)

    def gate(engine: str, *options: str) -> pytest.RunResult:
        few = ("--parity-max-examples=3", f"--parity-baseline={baseline.FILE}")
        return run(f"--parity-engine={engine}", *few, *options)

    return gate


def listed() -> dict:
    return json.loads(Path(baseline.FILE).read_text())


def rename(target: str, **changes) -> None:
    Path(baseline.FILE).write_text(json.dumps(listed() | {"target": target} | changes))


def test_what_is_listed_is_expected_and_what_passes_now_fails(gate, pytester: pytest.Pytester) -> None:
    result = gate("wrong", "--parity-report=parity-report.json")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*GATE FAILS*"])
    report = document.read(Path("parity-report.json"))
    assert {cell.op for cell in report.cells if cell.status == "differs"} == {"exp"}
    assert {finding.op for finding in report.findings} == {"exp"}
    assert report.findings[0].program is not None

    assert gate("wrong", "--parity-rewrite=update").ret == 1  # the tests that found it fail all the same
    assert {entry["op"] for entry in listed()["known"]} == {"exp"}
    again = gate("wrong")
    assert again.ret == 0
    outcomes = again.parseoutcomes()
    assert outcomes["xfailed"] == len(listed()["known"])
    assert "failed" not in outcomes
    reasons = [entry | {"reason": "it is a test"} for entry in listed()["known"]]
    assert gate("wrong", "--parity-strict=1").ret == 1
    rename("wrong", known=reasons)
    assert gate("wrong", "--parity-strict=1").ret == 0

    rename("right")
    mended = gate("right")
    assert mended.ret == 1
    assert "failed" not in mended.parseoutcomes()
    mended.stdout.fnmatch_lines(["in the baseline, and passes now*", "  exp float* gradient is listed as known*"])
    assert gate("right", "--parity-rewrite=shrink").ret == 0
    assert listed()["known"] == []
    assert gate("right").ret == 0


@pytest.mark.parametrize(
    "part",
    [["-k", "exp"], ["--parity-ops=exp"], ["--parity-dtypes=float32"], ["--deselect=parity::exp[float32-value]"]],
)
def test_a_partial_run_rewrites_nothing(gate, part: list[str]) -> None:
    result = gate("right", "--parity-rewrite=update", *part)
    assert result.ret == 4
    name = part[0].partition("=")[0]
    result.stderr.fnmatch_lines([f"ERROR: the baseline is not rewritten after a run about a part only ({name})*"])
    assert not Path(baseline.FILE).exists()


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("--parity-rewrite=grow", "expected shrink or update, got 'grow'"),
        ("--parity-fail-worse=little", "expected a factor of 1 or more"),
    ],
)
def test_usage(gate, option: str, complaint: str) -> None:
    result = gate("right", option)
    assert result.ret == 4
    assert complaint in result.stderr.str()
