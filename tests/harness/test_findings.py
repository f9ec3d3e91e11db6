"""Findings: the page is current, each program and script is whole, and only what is proved is kept."""

from __future__ import annotations

import ast
import json

import numpy as np
import pytest

import autodiff
from parity import findings
from parity.cli import main
from parity.engines import reference
from parity.errors import UsageError
from parity.program import Input, Program, Ref, Step
from tests.harness.test_adapters import ROWS, Doubling, Fake

KEPT = findings.everything()
torch = reference.load()


def test_the_page_is_current():
    assert findings.PAGE.read_text(encoding="utf-8") == findings.page(KEPT)
    assert len(KEPT) >= 20


@pytest.mark.parametrize("found", KEPT, ids=lambda found: found.path.stem)
def test_each_is_proved_and_has_a_script(found):
    about = found.about
    assert about["truth"]
    assert about["engine says"] != about["truth"]
    assert len(found.program.steps) <= (4 if found.program.history else 3)
    script = found.path.with_suffix(".py").read_text(encoding="utf-8")
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(ast.parse(script))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in ([ast.alias(node.module)] if isinstance(node, ast.ImportFrom) else node.names)
    }
    assert imported <= {"numpy", "torch", about["engine"].partition(".")[0]}


def sine(x=0.5):
    one = np.array(1.0)
    return Program((Input(np.array(x), True),), (Step("sin", (Ref(0),)),), (Ref(1),), (one,))


@pytest.fixture
def preamble(monkeypatch):
    """The fake engine of the adapters' tests, so that scripts can be written in its words."""
    text = "import autodiff as ad\n\n\ndef gradients(function, leaves, seed):\n    return [2 * numpy.cos(leaves[0])]\n"
    monkeypatch.setattr("parity.emit.foreign.PREAMBLES", {"fake": text})


def test_a_finding_is_kept_with_a_script_that_runs(tmp_path, preamble, capsys):
    said = {"title": "gradient of `sin`: twice", "rank": "gradient"}
    path = findings.keep(sine(), torch, Doubling(ROWS), target="fake", root=tmp_path, **said)
    assert path.name.startswith("fake-sin-gradient-")
    about = json.loads(path.read_text())["about"]
    assert (about["engine says"], about["torch says"], about["truth"]) == ("1.75516512", "0.877582562", "0.877582562")
    script = path.with_suffix(".py").read_text()
    assert "    out = ad.sin(x)" in script
    exec(compile(script, "script", "exec"), {"autodiff": autodiff})
    assert capsys.readouterr().out.split()[:2] == ["torch", "0.8775825618903728"]
    (found,) = findings.everything(tmp_path)
    assert "gradient of `sin`: twice" in findings.page([found])
    assert findings.seen(found.program, torch, Doubling(ROWS), "fake") is not None
    assert findings.seen(found.program, torch, Fake(ROWS), "fake") is None


def test_what_is_not_proved_is_not_kept(tmp_path, preamble):
    said = {"target": "fake", "title": "none", "root": tmp_path}
    with pytest.raises(UsageError, match="nothing shows that fake is wrong"):
        findings.keep(sine(), torch, Fake(ROWS), rank="gradient", **said)
    with pytest.raises(UsageError, match="there is no rank 'bad'"):
        findings.keep(sine(), torch, Doubling(ROWS), rank="bad", **said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("program", "wrong"),
    [
        (Program((Input(np.array(5.52007)),), (Step("special.bessel_j0", (Ref(0),)),), ()), True),
        (Program((Input(np.array(0.3)),), (Step("special.bessel_j0", (Ref(0),)),), ()), False),
        (Program((Input(np.array(3.14159)),), (Step("sin", (Ref(0),)),), ()), False),
    ],
)
def test_torch_is_wrong_only_far_off(program, wrong):
    assert (findings.seen(program, torch, None, "torch") is not None) is wrong


def test_torch_is_wrong_where_it_refuses_a_gradient_that_there_is():
    """Behind one number, not behind two, the slice of the gradient begins at an odd element."""

    def behind(count):
        leaves = Input(np.array([0.5 + 0.25j]), True), Input(np.zeros(count))
        steps = Step("view_as_real", (Ref(0),)), Step("flatten", (Ref(2),)), Step("cat", ([Ref(1), Ref(3)],))
        return Program(leaves, steps, (Ref(4),), (np.ones(2 + count),))

    refused = findings.seen(behind(1), torch, None, "torch")
    assert refused.reference.moment == "backward"
    assert refused.truth == 1 + 1j
    assert findings.seen(behind(2), torch, None, "torch") is None


def test_torch_is_wrong_where_a_history_ends_its_process(tmp_path):
    """A retained later result: written afterwards it ends the process; the first result does not."""
    leaves = Input(np.arange(4.0).reshape(2, 2), True), Input(np.ones(2))

    def written(result):
        steps = (
            Step("var_mean", (Ref(0), 1)),
            Step("retain_grad", (Ref(2, result),)),
            Step("setitem", (Ref(2, result), 0, 2.0)),
            Step("backward", ([Ref(4)], [Ref(1)])),
        )
        return Program(leaves, steps, (), history=True)

    said = {"target": "torch", "title": "a retained result", "rank": "ends", "truth": "0", "root": tmp_path}
    path = findings.keep(written(1), torch, None, **said)
    assert json.loads(path.read_text())["about"]["torch says"] == "raises Crash: signal SIGSEGV"
    assert "t1[1].retain_grad()" in path.with_suffix(".py").read_text()
    with pytest.raises(UsageError, match="nothing shows that torch is wrong"):
        findings.keep(written(0), torch, None, **said)


def test_the_command_asks_for_what_it_needs(capsys):
    assert main(["finding"]) == 4
    assert "needs the id of a kept program, or --page, or --check" in capsys.readouterr().err
