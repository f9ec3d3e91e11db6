"""The pytest plugin: ids, selection, options from three places, processes, results in reports, exit codes."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch  # noqa: F401  before pytester's snapshots of sys.modules: torch cannot be imported twice

import parity.pytest_suite  # for the same reason, and that no table is filled twice:
import parity.truth.evaluation  # noqa: F401
from parity.catalogue import CATALOGUE
from parity.pytest_suite import PARTS
from parity.report.cells import checks_of, dtypes_of
from tests.harness.conftest import FORWARDING, WRONG_EXP

pytest_plugins = ["pytester"]

#: Where the project is not installed, its entry point is not there either.
_INSTALLED = any(point.name == "parity" for point in importlib.metadata.entry_points(group="pytest11"))
PLUGIN = [] if _INSTALLED else ["-p", "parity.pytest_plugin"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{pytester.path}")
    pytester.syspathinsert()

    def run(*arguments: str, subprocess: bool = False) -> pytest.RunResult:
        start = pytester.runpytest_subprocess if subprocess else pytester.runpytest_inprocess
        return start(*PLUGIN, "-p", "no:cacheprovider", *arguments)

    return run


def test_loading_the_plugin_imports_neither_torch_nor_hypothesis() -> None:
    heavy = "{'torch', 'hypothesis', 'numpy'}"
    code = f"import sys, parity.pytest_plugin; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_without_an_engine_nothing_is_added(run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(): pass")
    result = run("-v")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*parity:*")


def test_a_test_for_each_operator_dtype_and_check(run) -> None:
    result = run("--parity-engine=torch", "--parity-ops=exp,argmax,add", "--parity-dtypes=float64,int64", "-v")
    result.assert_outcomes(passed=4 + 2 + 4)
    ids = re.findall(r"^(parity::\S+) PASSED", result.stdout.str(), re.MULTILINE)
    assert ids == [
        *(f"parity::add[{case}]" for case in ("int64-value", "float64-value", "float64-gradient", "float64-second")),
        *(f"parity::argmax[{case}]" for case in ("int64-value", "float64-value")),
        *(f"parity::exp[{case}]" for case in ("int64-value", "float64-value", "float64-gradient", "float64-second")),
    ]
    result.stdout.fnmatch_lines(
        [
            "parity: engine torch, ops exp,argmax,add, dtypes float64,int64, profile dev, seed 0, max-*",
            "parity: torch 2.13*, numpy *, hypothesis *",
            "*parity: torch against torch*",
            "3 operators, * programs: * agree*",
            "worst deviation *",
            "seed 0",
        ]
    )


def test_a_wrong_rule_fails_in_its_own_test_only(run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(halfexp1=FORWARDING + WRONG_EXP)
    result = run("--parity-engine=halfexp1", "--parity-ops=exp,sin", "--parity-dtypes=float64", "-v")
    out = result.stdout.str()
    assert re.search(r"parity::exp\[float64-value\] PASSED", out)
    assert re.search(r"parity::exp\[float64-gradient\] FAILED", out)
    assert re.search(r"parity::sin\[float64-gradient\] PASSED", out)
    assert not re.search(r"second\].*GRADIENT DIFFERS", out)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["GRADIENT DIFFERS   halfexp1 vs torch 2.13*", "*As a test to keep*", "*assert_parity*"]
    )
    assert len(list((pytester.path / ".parity").glob("*.json"))) >= 1


def test_selection_by_k_x_and_lf(run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(halfexp2=FORWARDING + WRONG_EXP)
    options = [
        "--parity-engine=halfexp2",
        "--parity-ops=exp,sin",
        "--parity-dtypes=float64",
        "--parity-max-examples=20",
        "-p",
        "cacheprovider",
    ]
    run(*options, "-k", "sin and gradient").assert_outcomes(passed=1, deselected=5)
    first = run(*options, "-x", "-v")
    assert first.parseoutcomes().get("failed") == 1
    assert "parity::sin" not in first.stdout.str()
    run(*options)
    again = run(*options, "--lf", "-v")
    assert not re.search(r"parity::sin\[.*PASSED", again.stdout.str())
    assert re.search(r"parity::exp\[float64-gradient\] FAILED", again.stdout.str())


def test_two_processes_bring_everything_back(run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(lacking2=FORWARDING + "MISSING = frozenset({'stack'})")
    options = ["--parity-engine=lacking2", "--parity-ops=add,stack", "--parity-dtypes=float32"]
    options += ["--parity-profile=nightly", "--parity-max-examples=5"]
    result = run(*options, "-n2", "-p", "xdist", "--parity-json=out.jsonl", "--junitxml=out.xml", subprocess=True)
    result.assert_outcomes(passed=3, skipped=3)
    result.stdout.fnmatch_lines(["2 operators, * programs: * agree", "unsupported: stack"])
    records = [json.loads(line) for line in (pytester.path / "out.jsonl").read_text().splitlines()]
    assert [record["type"] for record in records].count("test") == 6
    # A seed that is drawn is the same in every process.
    header, summary = re.findall(r"seed (\d+)", result.stdout.str())
    assert header == summary
    assert records[-1] == {"type": "session", "engine": "lacking2", "seed": int(header), "profile": "nightly"}
    assert {record["op"] for record in records if record.get("unsupported")} == {"stack"}
    assert 'name="parity"' in (pytester.path / "out.xml").read_text()


def test_options_come_from_the_command_line_the_environment_and_the_ini_file(run, pytester, monkeypatch) -> None:
    pytester.makeini("[pytest]\nparity_engine = torch\nparity_ops = add\nparity_seed = 3\nparity_dtypes = float64\n")
    monkeypatch.setenv("PARITY_OPS", "exp")
    monkeypatch.setenv("PARITY_SEED", "4")
    result = run("--parity-seed=5", "--parity-max-examples=1")
    result.stdout.fnmatch_lines(["parity: engine torch, ops exp, dtypes float64, profile dev, seed 5, max-examples 1"])
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--parity-engine=nonsense"], "there is no module 'nonsense'"),
        (["--parity-engine=torch", "--parity-ops=sinn"], "unknown operator 'sinn', did you mean 'sin'?"),
        (["--parity-engine=torch", "--parity-dtypes=float"], "unknown dtype 'float'"),
        (
            ["--parity-engine=torch", "--parity-profile=x"],
            "unknown profile 'x'; there are dev, gate, nightly",
        ),
        (["--parity-engine=torch", "--parity-seed=x"], "--parity-seed: expected a number"),
    ],
)
def test_usage_errors_are_4_and_say_what_exists(run, arguments, complaint) -> None:
    result = run(*arguments)
    assert result.ret == 4
    assert complaint in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_broken_adapter_ends_the_session_with_3(run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(broken3=FORWARDING + "def from_numpy(array): raise KeyError('adapter')")
    result = run("--parity-engine=broken3", "--parity-ops=add,sin")
    assert result.ret == 3
    assert result.stdout.str().count("KeyError: 'adapter'") <= 3
    assert "broken adapter" in result.stdout.str()


def test_the_fixture_gives_the_engine_to_tests_of_ones_own(run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(parity_engine): assert parity_engine.name == 'torch'")
    run("--parity-engine=torch", "-k", "own").assert_outcomes(passed=1, deselected=parity_tests())
    result = run()
    assert "the fixture parity_engine needs --parity-engine" in result.stdout.str()


def test_histories_are_tests_of_their_own(run) -> None:
    run("--parity-engine=torch", "-k", "histories and 3").assert_outcomes(passed=1, deselected=parity_tests() - 1)
    # Whoever asks for some operators alone gets no histories.
    of_exp = sum(len(checks_of(CATALOGUE["exp"], dtype)) for dtype in dtypes_of(CATALOGUE["exp"], None))
    run("--parity-engine=torch", "--parity-ops=exp", "-k", "histories").assert_outcomes(deselected=of_exp)


def parity_tests() -> int:
    return PARTS + sum(len(checks_of(spec, dtype)) for spec in CATALOGUE.values() for dtype in dtypes_of(spec, None))
