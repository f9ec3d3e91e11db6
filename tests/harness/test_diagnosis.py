"""Mistakes by name: each planted in a right engine of a notebook's style, whose diagnosis names it first."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from parity.cli import main
from parity.diagnosis import MISTAKES, diagnose, explaining, findings, from_differences, page
from parity.engines.anatomy import examine
from parity.engines.handmade import Handmade
from parity.engines.subject import Surroundings
from parity.engines.worker import tried
from parity.notebook import cells
from tests.harness.planted.mistakes import PLANTED, RIGHT

NOTEBOOKS = Path(__file__).parent / "notebooks"


class Here:
    """An engine in this process: one of its own for each would take a second."""

    def __init__(self, path, name):
        namespace = {"__name__": "__main__"}
        for cell in cells(path):
            with contextlib.suppress(Exception, KeyboardInterrupt, SystemExit):
                exec(cell.code, namespace)
        around = Surroundings(namespace)
        self.engine = Handmade(namespace[name], examine(namespace[name], around=around), name, around)

    def attempt(self, lines, looks, times=1):
        seconds = (
            0.5 if "range(60)" in lines else 30
        )  # one trial is there to hang; others have the time of a busy machine
        return tried(self.engine, {"lines": lines, "looks": looks, "times": times, "seconds": seconds})


def engine_of(tmp_path, kind, changes=()):
    text = RIGHT[kind]
    for right, wrong in changes:
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    path = tmp_path / ("engine.txt" if kind == "functions" else "engine.py")
    path.write_text(text)
    return Here(path, "Value" if kind == "value" else "Tensor")


def named(engine):
    return [finding.number for finding in diagnose(engine) if finding.number]


@pytest.mark.parametrize("mistake", PLANTED)
def test_each_mistake_is_named_first(mistake, tmp_path):
    number, kind, changes = PLANTED[mistake]
    first = next(findings(engine_of(tmp_path, kind, changes)), None)
    assert first is not None
    assert first.number == number


@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_engine_has_no_mistake(kind, tmp_path):
    assert named(engine_of(tmp_path, kind)) == []


def test_every_mistake_is_planted_and_numbered_once():
    assert sorted(mistake.number for mistake in MISTAKES) == list(range(1, 45))
    assert {number for number, *_ in PLANTED.values()} == set(range(1, 45))


def notebook(target):
    name, _, cls = target.partition(":")
    return Here(NOTEBOOKS / name, cls)


@pytest.mark.parametrize(
    ("target", "numbers"),
    [
        ("last_consumer.ipynb:Value", [1, 30]),
        ("number_with_grad.ipynb:NumberWithGrad", [3, 30, 8]),
        ("simple_tensor.ipynb:SimpleTensor", [4, 20]),
        ("switch_on_op.ipynb:Value", [8]),  # it has no __rtruediv__
        ("topological.ipynb:Tensor", []),
        ("function_classes.txt:Tensor", []),
        ("functions_beside.ipynb:Variable", []),
        ("flagged.ipynb:Tensor", [3, 20, 30, 41]),
        ("unusual.py:Labelled", [30]),
        ("unusual.py:Real", [2, 30, 8]),
        ("unusual.py:Größe", [2, 30]),
        ("unusual.py:Array", [2, 30]),
    ],
)
def test_notebooks(target, numbers):
    found = named(notebook(target))
    assert found[:1] == numbers[:1]
    assert sorted(found) == sorted(numbers)


def conventions(engine):
    return [finding.name for finding in diagnose(engine) if finding.kind == "convention"]


def test_conventions_are_told_apart_from_mistakes(tmp_path):
    changes = [
        ("lambda g: g * (x > 0)", "lambda g: g * (x >= 0)"),
        ("g * top / top.sum()", "g * (np.arange(top.size) == top.argmax())"),
    ]
    engine = engine_of(tmp_path, "tensor", changes)
    assert named(engine) == []
    assert {"another subgradient of relu at 0", "at a tie of max one element gets all"} <= set(conventions(engine))
    assert "a value that is not used has the gradient 0, not None" in conventions(engine_of(tmp_path, "value"))


def test_implicit_ones_are_a_convention(tmp_path):
    _, kind, changes = PLANTED["implicit seed"]
    (finding,) = [f for f in diagnose(engine_of(tmp_path, kind, changes)) if f.number]
    assert (finding.number, finding.kind) == (38, "convention")


def test_a_mistake_tells_how_it_was_seen_and_what_to_do(tmp_path):
    _, kind, changes = PLANTED["ties"]
    (finding,) = [f for f in diagnose(engine_of(tmp_path, kind, changes)) if f.number]
    assert finding.lines() == [
        "MISTAKE 23: at a tie every one gets all, or none: max",
        "    x = [2, 2]",
        "    out = x.max(); out.backward()",
        "    seen      x.grad is [1, 1]; right is [0.5, 0.5] or [1, 0] or [0, 1]",
        "    probe     two equal elements: together they get 2 or 0, not 1",
        "    remedy    the gradient is shared among the elements that tie (torch), or goes to one of them",
    ]


def test_a_run_names_mistakes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    target = f"{NOTEBOOKS}/switch_on_op.ipynb:Value#1"
    assert main(["run", target, "--max-examples", "0", "--jobs", "1"]) == 1
    assert "MISTAKE 10: the reflected operator has its operands swapped: -" in capsys.readouterr().out


def test_a_mistake_alone_is_a_failure_and_a_limit_is_none(tmp_path, monkeypatch, capsys):
    """No program goes backward twice: inner gradients that are kept show in the diagnosis alone."""
    monkeypatch.chdir(tmp_path)
    for mistake, code, says in (("inner gradients kept, of scalars", 1, "MISTAKE 5"), ("recursion", 0, "LIMIT 30")):
        engine_of(tmp_path, *PLANTED[mistake][1:])
        assert main(["run", f"{tmp_path}/engine.py:Value", "--max-examples", "0", "--jobs", "1"]) == code
        assert says in capsys.readouterr().out


def test_the_page_is_current():
    assert page.main(["--check"]) == 0


def test_differences_of_programs_name_what_no_trial_showed():
    """A mechanism that programs were blamed on names its mistake, unless one of its kind was found."""
    (late,) = from_differences([], {"accumulation": "parity replay 1234"})
    assert (late.number, late.kind, late.trigger) == (1, "mistake", "parity replay 1234")
    assert from_differences([late], {"accumulation": "parity replay 1234"}) == []
    assert from_differences([], {"views": "parity replay 1234"}) == []


def test_a_report_names_its_mistake(tmp_path):
    _, kind, changes = PLANTED["reflected swapped"]
    found = diagnose(engine_of(tmp_path, kind, changes))
    known = explaining(found, "", "sub")
    assert known is not None
    assert known.number == 10
    assert explaining(found, "", "add") is None
    assert explaining(found, "accumulation", "add") is None


def test_the_example_is_told_what_is_wrong_with_it():
    engine = Here(NOTEBOOKS.parents[2] / "examples" / "forty_lines.ipynb", "Value")
    assert [f.number for f in diagnose(engine) if f.kind == "mistake"] == [1, 10, 13, 5]
