"""Grades: what counts, what is counted, and what a notebook that misbehaves costs."""

from __future__ import annotations

import json
import os
import time

import pytest

from parity.cli import main
from parity.engines import reference as torch_reference
from parity.errors import UsageError
from parity.grading import Rubric, grade, rubric
from parity.report.grade import grades_markdown, grades_text
from tests.harness.planted.mistakes import PLANTED, RIGHT

QUICK = Rubric(programs=10)


@pytest.fixture(scope="module")
def reference():
    with torch_reference.settings() as torch:
        yield torch


def written(tmp_path, name, *cells):
    path = tmp_path / name
    listed = [{"cell_type": "code", "source": code} for code in cells]
    path.write_text(json.dumps({"cells": listed, "nbformat": 4}))
    return str(path)


def changed(mistake):
    _, kind, changes = PLANTED[mistake]
    text = RIGHT[kind]
    for right, wrong in changes:
        text = text.replace(right, wrong)
    return text


def test_a_right_notebook_has_all_points(tmp_path, reference):
    found = grade(written(tmp_path, "right.ipynb", RIGHT["value"]), QUICK, reference)
    assert found.cls == "Value"
    assert found.points == 100
    assert found.flawless
    assert found.values[0] == found.values[1] > 20
    assert found.gradients[0] == found.gradients[1] > 20


def test_mistakes_cost_and_are_named(tmp_path, reference):
    target = written(tmp_path, "wrong.ipynb", changed("reflected swapped"))
    found = grade(target, Rubric(cls="Tensor", operators=("add", "sub", "sinh"), programs=5), reference)
    assert found.lacking == ("sinh",)
    assert [name.split()[0] for name in found.mistakes] == ["10"]
    assert found.values[0] < found.values[1]
    assert found.gradients[0] == found.gradients[1]  # judged where the values are right
    assert not found.flawless
    forgiven = grade(target, Rubric(operators=("add",), mistakes=(1,), programs=5), reference)
    assert forgiven.mistakes == ()
    assert forgiven.points == 100
    assert forgiven.others[0].startswith("10 ")


def test_wrong_gradients_are_no_wrong_values(tmp_path, reference):
    found = grade(written(tmp_path, "wrong.ipynb", changed("overwritten, of scalars")), QUICK, reference)
    assert found.values[0] == found.values[1]
    assert found.gradients[0] < found.gradients[1]


def test_a_notebook_that_misbehaves_costs_its_limits_alone(tmp_path, reference, monkeypatch):
    monkeypatch.setattr("parity.engines.child.CELL_SECONDS", 0.5)
    left = tmp_path / "left"
    cells = [
        "while True: pass",
        "import os; os._exit(3)",
        "hoard = bytearray(1 << 40)",
        "import sys; sys.exit('enough')",
        "print('x' * 1_000_000)",
        "input()",
        f"import subprocess; open({str(left)!r}, 'w').write(str(subprocess.Popen(['sleep', '60']).pid))",
        RIGHT["value"],
        "1 / 0",
    ]
    found = grade(written(tmp_path, "wild.ipynb", *cells), QUICK, reference)
    assert found.points == 100
    deadline = time.monotonic() + 5
    while _runs(int(left.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(int(left.read_text()))


def _runs(pid):
    """Whether the process is there and is no zombie that waits for its parent."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


HANGING = RIGHT["value"].replace(
    "        order, seen, todo =", "        while {}:\n            pass\n        order, seen, todo ="
)


def test_programs_that_hang_end_with_the_notebooks_time(tmp_path, reference, monkeypatch):
    monkeypatch.setattr("parity.engines.child.PROGRAM_SECONDS", 0.1)
    target = written(tmp_path, "hangs.ipynb", HANGING.format("self._op == '+'"))
    found = grade(target, Rubric(programs=200, seconds=1.0), reference)
    assert "programs in 1 s" in found.error
    assert 0 < found.gradients[0] < found.gradients[1]


def test_a_backward_that_never_ends_leaves_the_values(tmp_path, reference, monkeypatch):
    monkeypatch.setattr("parity.engines.child.PROGRAM_SECONDS", 0.1)
    found = grade(written(tmp_path, "hangs.ipynb", HANGING.format("True")), Rubric(cls="Value", programs=5), reference)
    assert found.values[0] == found.values[1] > 20
    assert found.gradients == (0, 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{not json", "not JSON"),
        (json.dumps({"cells": [{"cell_type": "code", "source": "class A: pass"}]}), "the classes there are: A"),
        (json.dumps({"cells": []}), "no code"),
    ],
)
def test_what_cannot_be_graded_says_why(tmp_path, reference, text, says):
    path = tmp_path / "n.ipynb"
    path.write_text(text)
    found = grade(str(path), QUICK, reference)
    assert says in found.error
    assert found.points == 0
    assert found.error in grades_text([found])


def test_rubrics(tmp_path):
    path = tmp_path / "rubric.toml"
    path.write_text(
        'class = "Value"\noperators = ["add", "mul"]\nmistakes = [1, 3]\nseconds = 2.5\n[points]\nmistake = 10\n'
    )
    found = rubric(path)
    assert (found.cls, found.operators, found.mistakes, found.seconds) == ("Value", ("add", "mul"), (1, 3), 2.5)
    assert found.points == {"operators": 20, "values": 30, "gradients": 50, "mistake": 10}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("class = ", "no rubric"),
        ("colour = 1", "there is no 'colour' in a rubric"),
        ('operators = ["ad"]', "unknown operator 'ad', did you mean 'add'"),
        ("operators = 3", "operators can't be 3"),
        ("mistakes = [45]", "there is no mistake 45"),
        ("mistakes = [true]", "mistakes is a list of int"),
        ("programs = -1", "programs is 0 or more"),
        ("[points]\nvalue = 3", "points are operators, values, gradients, mistake"),
    ],
)
def test_rubrics_that_say_nothing(tmp_path, text, says):
    path = tmp_path / "rubric.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=says.replace("'", ".").replace("[", r"\[")):
        rubric(path)


def test_the_command(tmp_path, capsys):
    target = written(tmp_path, "anna.ipynb", changed("reflected swapped"))
    (tmp_path / "rubric.toml").write_text('operators = ["add", "sub"]\nprograms = 5\n')
    options = ["--rubric", f"{tmp_path}/rubric.toml", "--markdown", f"{tmp_path}/t.md", "--json", f"{tmp_path}/t.json"]
    assert main(["grade", target, *options]) == 1
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2
    assert "2 of 2" in out[1]
    assert "10 the reflected operator has its operands swapped: -" in out[1]
    (record,) = map(json.loads, (tmp_path / "t.json").read_text().splitlines())
    assert record["type"] == "grade"
    assert record["supported"] == ["add", "sub"]
    assert (tmp_path / "t.md").read_text().count("\n") == 3
    assert main(["grade", f"{tmp_path}/nobody.ipynb"]) == 4
    assert "there is no file" in capsys.readouterr().err


def test_a_table(tmp_path, reference):
    found = grade(written(tmp_path, "right.ipynb", RIGHT["value"]), Rubric(programs=0, operators=("add",)), reference)
    assert grades_markdown([found]).splitlines()[1].startswith("| --- |")
    assert os.fspath(tmp_path) in grades_text([found])
