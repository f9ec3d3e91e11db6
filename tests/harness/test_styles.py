"""Engines in styles that are met less often: found out, and told right; what ends the process is stepped over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from parity.catalogue import CATALOGUE
from parity.cli import main
from parity.compare import compare
from parity.diagnosis import diagnose
from parity.engines import reference as torch_reference
from parity.engines.classes import load
from parity.planning import items, narrowed, plan
from parity.program import Input, Program
from parity.report.doctor import doctor_text
from parity.running import Examiner

STYLES = Path(__file__).parent / "notebooks" / "styles.py"


@pytest.fixture(scope="module")
def reference():
    with torch_reference.settings() as torch:
        yield torch


@pytest.fixture
def engine(request):
    started = load(f"{STYLES}:{request.param}")
    yield started
    started.close()


FOUND = {
    "Row": {"build": "list", "rank": 1, "grad": "grad", "backward": "backward"},
    "Pulled": {"grad": "grad()", "backward": "set grad_value"},
    "ByLeaf": {"grad": "[]", "backward": "function gradients"},
    "Matrix": {"build": "list", "rank": 2, "grad": "grad", "backward": "backward"},
    "Asked": {"grad": "[]", "backward": "ask grad"},
    "Axes": {"build": "array", "rank": 0, "seed": "array"},
    "Taped": {"filling": ["Tape()"], "place": 1, "grad": "grad", "backward": "tape propagate"},
}


@pytest.mark.parametrize("engine", FOUND, indirect=True)
def test_styles_are_found_out_and_told_right(engine, reference, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("parity.engines.child.PROGRAM_SECONDS", 0.5)
    found = FOUND[engine.name]
    assert {name: engine.anatomy[name] for name in found} == found
    assert [finding for finding in diagnose(engine) if finding.kind == "mistake"] == []
    target = f"{STYLES}:{engine.name}"
    asked = narrowed(plan(target, CATALOGUE, profile="notebook", max_examples=60, jobs=1), engine)
    examiner = Examiner(asked, reference, engine)
    statuses = [examiner.outcome(item).status for item in items(asked, CATALOGUE)]
    assert statuses.count("agrees") >= 10
    assert set(statuses) <= {"agrees", "unsupported"}


DEADLY = """
import os, sys, time
class V:
    def __init__(self, x, slopes=()): self.x, self.g, self.slopes = x, 0.0, slopes
    def __mul__(self, o): return V(self.x * o.x, ((self, o.x), (o, self.x)))
    def __add__(self, o):
        if not isinstance(o, V): os._exit(3)
        return V(self.x + o.x, ((self, 1.0), (o, 1.0)))
    def exp(self): os._exit(7)
    def sin(self): sys.exit("enough")
    def cos(self):
        while True: time.sleep(0.01)
    def tanh(self):
        while True:
            try: time.sleep(60)
            except Exception: pass
    def backward(self, g=1.0):
        self.g += g
        for operand, slope in self.slopes: operand.backward(g * slope)
"""


ENDING = """
import os, sys
class V:
    def __init__(self, x):
        if isinstance(x, float) and x > 1e9: sys.exit(1)
        self.data, self.grad = x, 0.0
    def __mul__(self, o): return V(self.data * o.data)
    def backward(self): os._exit(9)
"""


def test_a_backward_that_ends_the_process_is_no_agreement(tmp_path, monkeypatch, capsys):
    """Values are compared all the same, and inputs that can't be made end nothing."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "engine.py"
    path.write_text(ENDING)
    assert main(["run", f"{path}:V", "--max-examples", "20", "--jobs", "1"]) == 3
    told = capsys.readouterr()
    assert "20 programs: 20 agree" in told.out
    assert "x.backward() ends the process: the process ended with exit code 9" in told.out + told.err


def test_an_input_that_ends_the_process_is_a_difference(tmp_path, reference):
    path = tmp_path / "engine.py"
    path.write_text(ENDING)
    engine = load(f"{path}:V")
    program = Program((Input(np.array(2e9)),), (), ())
    verdict = compare(program, reference, engine)
    engine.close()
    assert verdict.status == "differs"
    assert "raises SystemExit in input 0" in verdict.mismatches[0].reason


def test_calls_that_end_or_hold_up_the_process_are_stepped_over(tmp_path, monkeypatch):
    monkeypatch.setattr("parity.engines.channel.TRYING", 1.0)
    path = tmp_path / "engine.py"
    path.write_text(DEADLY)
    engine = load(f"{path}:V")
    told = " ".join(doctor_text(engine, CATALOGUE).split())
    for says in (
        "operators +, *",
        "unsupported x.exp(): it ends the process: the process ended with exit code 7",
        "unsupported x + 2: it ends the process: the process ended with exit code 3",
        "unsupported x.sin(): it raises SystemExit",
        "unsupported x.cos(): it takes too long",
        "unsupported x.tanh(): it",
    ):
        assert says in told
    assert engine.supports("mul")
    assert not engine.supports("exp")
    assert engine.attempt("x = 3\nout = x.exp()", ["out"]).lacks == "exp"
    engine.close()
