"""Engines in processes of their own: any target under `--isolate`, commands that speak the protocol, crashes, hangs."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest

from parity.catalogue import CATALOGUE
from parity.cli import main
from parity.compare import compare
from parity.engines import isolated, reference, resolve
from parity.engines.conformance import conform
from parity.engines.interpreter import execute
from parity.errors import EngineError, UsageError
from parity.planning import narrowed, plan
from parity.program import DType, Input, Program, Ref, Step
from parity.report.summary import Summary
from parity.running import run

torch = reference.load()

#: A command that speaks the protocol: it doubles, and ends or sleeps for numbers that ask for it.
SPEAKER = """
import base64, json, os, struct, sys, time
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "load":
        told = {"engine": {"name": "speaker", "version": "3", "dtypes": ["float64"], "order": 0, "scalar": True},
                "calls": {"neg": {"t": "method"}}}
        print(json.dumps(told), flush=True)
        continue
    (given,) = request["program"]["inputs"]
    x = struct.unpack("<d", base64.b64decode(given["base64"]))[0]
    if x == 13:
        os.kill(os.getpid(), 11)
    if x == 14:
        time.sleep(60)
    if x == 15:
        print("not JSON", flush=True)
    back = {"dtype": "float64", "shape": [], "base64": base64.b64encode(struct.pack("<d", -x)).decode()}
    print(json.dumps({"run": {"values": [given, back], "gradients": [], "error": None}}), flush=True)
"""


@pytest.fixture
def speaker(tmp_path):
    path = tmp_path / "speaker.py"
    path.write_text(SPEAKER)
    engine = isolated.load(f"exec:{sys.executable} {path}")
    yield engine
    engine.close()


def negated(x):
    return Program((Input(np.array(float(x)), True),), (Step("neg", (Ref(0),)),), ())


def test_a_command_is_an_engine(speaker):
    assert (speaker.name, speaker.version, speaker.dtypes) == ("speaker", "3", ("float64",))
    assert compare(negated(2), torch, speaker).status == "agrees"
    assert compare(negated(2).with_(steps=(Step("exp", (Ref(0),)),)), torch, speaker).status == "unsupported"


def test_a_crash_is_one_programs_error(speaker):
    verdict = compare(negated(13), torch, speaker)
    assert verdict.status == "differs"
    assert verdict.mismatches[0].subject.type == "Crash"
    assert "signal 11" in verdict.mismatches[0].subject.message
    assert compare(negated(2), torch, speaker).status == "agrees"  # started anew


def test_a_hang_is_one_programs_error(speaker, monkeypatch):
    monkeypatch.setattr(isolated, "PROGRAM_SECONDS", 0.3)
    monkeypatch.setattr(isolated, "GRACE", 0.0)
    assert execute(negated(14), speaker).error.type == "TimeoutError"
    assert execute(negated(2), speaker).values[1] == -2


def test_what_is_not_the_protocol_is_an_adapters_error(speaker, tmp_path):
    with pytest.raises(EngineError, match="answers what is not JSON: b'not JSON'"):
        execute(negated(15), speaker)
    silent = tmp_path / "silent.py"
    silent.write_text("print('{}', flush=True); input()")
    with pytest.raises(EngineError, match="does not say who it is"):
        isolated.load(f"exec:{sys.executable} {silent}")
    with pytest.raises(EngineError, match="the process ended with exit code 7 before any program ran"):
        isolated.load(f"exec:{sys.executable} -c 'raise SystemExit(7)'")
    with pytest.raises(EngineError, match="the process ended with exit code 1 before any program ran"):
        isolated.load("exec:false")  # it is gone before anything can be written
    with pytest.raises(UsageError, match="cannot be started"):
        isolated.load("exec:/nowhere/engine")
    with pytest.raises(UsageError, match="names no command"):
        isolated.load("exec:")


@pytest.fixture(scope="module")
def apart():
    engine = resolve("autodiff", python="")
    yield engine
    engine.close()


def test_any_target_may_be_isolated(apart):
    assert conform(apart) is None
    assert apart.supports("nn.functional.softmax")
    assert not apart.supports("nowhere")
    x = Input(np.array([0.5, -1.25]), True)
    twice = (Step("mul", (Ref(0), Ref(0))), Step("sum", (Ref(1),), {"dim": 0, "dtype": DType("float64")}))
    whole = Program((x,), twice, (Ref(2),), (np.array(1.0),), (np.array([1.0, 2.0]),))
    verdict = compare(whole, torch, apart)
    assert verdict.status == "agrees"
    assert [g.tolist() for g in execute(whole, apart).second] == [[2.0, 4.0]]


def test_a_target_that_is_not_there_is_told_at_once():
    with pytest.raises(UsageError, match="there is no module 'nowhere'"):
        resolve("nowhere", python="")


def test_another_python_is_asked_for_by_its_path(capsys):
    assert main(["doctor", "autodiff", "--python", "/nowhere/python"]) == 4
    assert "--python /nowhere/python: there is no such program" in capsys.readouterr().err
    assert isolated.load("autodiff", sys.executable).name == "autodiff"


def test_a_run_goes_on_after_a_crash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "engine.py").write_text(SPEAKER.replace("x == 13", "-2.1 < x < -1"))
    target = f"exec:{sys.executable} engine.py"
    asked = plan(target, CATALOGUE, profile="notebook", max_examples=12, jobs=1)
    engine = resolve(target)
    decided = narrowed(asked, engine)
    summary = Summary(target, decided.profile, decided.seed)
    reports = []
    run(decided, summary, lambda outcome: reports.append(outcome.report))
    engine.close()
    assert summary.statuses["programs"]["agrees"] > 3
    assert any(report.startswith("CRASH   speaker vs torch") for report in reports if report)


@pytest.mark.skipif(shutil.which("node") is None, reason="node, which runs examples/scalar.js, is not installed")
def test_an_engine_in_javascript(tmp_path, monkeypatch, capsys):
    engine = resolve("exec:node examples/scalar.js")
    assert conform(engine) is None
    engine.close()
    lines = tmp_path / "run.json"
    arguments = ["--profile", "notebook", "--max-examples", "60", "--ops", "add,mul,div,exp,tanh,relu,neg"]
    assert main(["run", "exec:node examples/scalar.js", *arguments, "--json", str(lines), "--jobs", "1"]) == 0
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    agreeing = [record for record in records if record.get("status") == "agrees"]
    assert len(agreeing) > 40
