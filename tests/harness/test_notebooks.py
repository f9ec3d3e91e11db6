"""Engines of one class, out of notebooks and files: cells, probing, the process they live in, and what a run says."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from parity import notebook
from parity.catalogue import CATALOGUE
from parity.cli import main
from parity.compare import compare
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.classes import load
from parity.engines.interpreter import execute
from parity.engines.wire import program_from_json, program_to_json, run_from_json, run_to_json
from parity.errors import EngineError, ProgramError, UsageError
from parity.planning import items, narrowed, plan
from parity.program import Input, Program, Ref, Step
from parity.running import Examiner

HERE = Path(__file__).parent / "notebooks"
RIGHT = [
    "topological.ipynb:Tensor",
    "switch_on_op.ipynb:Value",
    "function_classes.txt:Tensor",
    "functions_beside.ipynb:Variable",
    "unusual.py:Labelled",
    "unusual.py:Array",
]
#: Where each goes wrong: the check, and who is named.
WRONG = {
    "last_consumer.ipynb:Value": ("gradient", "accumulation", {"add", "mul"}),
    "number_with_grad.ipynb:NumberWithGrad": ("gradient", "accumulation", {"add", "mul"}),
    "simple_tensor.ipynb:SimpleTensor": ("gradient", None, {"add", "mul"}),
    "switch_on_op.ipynb:Value#1": ("value", None, {"sub"}),
}


@pytest.fixture(scope="module")
def reference():
    with torch_reference.settings() as torch:
        yield torch


@pytest.fixture(scope="module")
def engines():
    """Each notebook's engine, started once."""
    started = {}

    def get(target):
        if target not in started:
            started[target] = resolve(str(HERE / target))
        return started[target]

    yield get
    for engine in started.values():
        engine.close()


def class_file(tmp_path, body, name="engine.py"):
    path = tmp_path / name
    path.write_text(body)
    return path


def decided(target, engine, programs):
    asked = plan(target, CATALOGUE, profile="notebook", max_examples=programs, jobs=1)
    return narrowed(asked, engine)


# -- cells


def written(tmp_path, cells):
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    return path


def test_code_cells_are_read_without_what_is_for_the_shell(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["not code"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 5 % 3\n", "if x:\n", "    !ls\n"]},
        {"cell_type": "code", "source": "%%bash\nls"},
        {"cell_type": "code", "source": "%%time\ny = 1"},
        {"cell_type": "code", "source": "text = '''\n%kept\n'''"},
    ]
    found = notebook.cells(written(tmp_path, cells))
    assert [cell.name for cell in found] == ["cell 1", "cell 2", "cell 3", "cell 4"]
    assert found[0].code == "pass\nx = 5 % 3\nif x:\n    pass"
    assert found[1].code == ""
    assert found[2].code == "pass\ny = 1"
    assert found[3].code == "text = '''\n%kept\n'''"


def test_a_text_export_loses_its_outputs(tmp_path):
    text = "Title\n\nIn [1]:\nx = 1\nprint('a b')\n\na b\n\nIn [2]: y = (\n   ...:   2)\n\nOut[2]:\n2\n\n"
    text += "# In[ ]:\n\nz = 3\n"
    path = tmp_path / "export.txt"
    path.write_text(text)
    assert [cell.code.strip() for cell in notebook.cells(path)] == ["x = 1\nprint('a b')", "y = (\n  2)", "z = 3"]


def test_a_python_file_is_its_statements(tmp_path):
    path = tmp_path / "engine.py"
    path.write_text("# %% one\n!pip install x\nimport math\n\n# %%\nbroken(\n# %%\n@wraps\ndef f():\n    pass\nf?\n")
    found = [(cell.name, cell.code) for cell in notebook.cells(path)]
    assert found == [
        ("line 2", "pass"),
        ("line 3", "import math"),
        ("engine.py, from line 5", "# %%\nbroken("),
        ("line 8", "@wraps\ndef f():\n    pass"),
        ("line 11", "pass"),
    ]


def test_what_a_shell_gives_is_left_out():
    code = "files = !ls\na, b = %sx ls\nhelp?\n%time x = 1\n%timeit -n1 x\ny = 5 % x"
    assert notebook.plain(code) == "pass\npass\npass\nx = 1\npass\ny = 5 % x"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("n.ipynb", "{not json", "not JSON"),
        ("n.ipynb", "[]", "no list of cells"),
        ("n.ipynb", '{"cells": 3}', "no list of cells"),
        ("n.txt", "just words", "no `In \\[n\\]:` marks"),
    ],
)
def test_what_is_no_notebook_is_said_to_be_none(tmp_path, name, text, says):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=says):
        notebook.cells(path)


# -- what is found out


def test_anatomies(engines):
    value = engines("last_consumer.ipynb:Value")
    assert value.anatomy["scalar"]
    assert (value.anatomy["value"], value.anatomy["grad"]) == ("v", "g")
    assert value.anatomy["start"] == "None"
    assert value.abilities.calls["add"] == {"tt": "operator"}  # its operands must be values
    assert [cell.cell for cell in value.failed] == ["cell 4"]
    assert "should be 4" in value.failed[0].error

    number = engines("number_with_grad.ipynb:NumberWithGrad")
    assert number.anatomy["value"] == "num"
    assert number.abilities.calls["mul"] == {"tt": "operator", "tn": "operator"}  # no __rmul__

    tensor = engines("function_classes.txt:Tensor")
    assert not tensor.anatomy["scalar"]
    assert tensor.anatomy["start"] == "None"
    assert tensor.abilities.calls["mul"]["tt"] == "mul"  # registered as a method, after the class
    assert not tensor.supports("sub")

    whole = engines("switch_on_op.ipynb:Value")
    assert whole.anatomy["start"] == "0"
    assert set(whole.abilities.calls) >= {"add", "sub", "mul", "div", "pow", "neg", "exp", "relu"}
    assert set(whole.abilities.calls["pow"]) == {"tn"}
    assert [cell.error.partition(":")[0] for cell in whole.failed] == ["KeyboardInterrupt", "SystemExit"]


@pytest.mark.parametrize(
    ("cls", "place", "value", "grad", "backward", "seed"),
    [
        ("Labelled", 1, "value", "gradient", "backward", ""),
        ("Real", 0, "real", "grad", "backward", ""),
        ("Größe", 0, "wert", "ableitung", "zurück", ""),
        ("Array", 0, "value", "grad", "function backward", "array"),
    ],
)
def test_unusual_anatomies(cls, place, value, grad, backward, seed, engines, capsys):
    found = engines(f"unusual.py:{cls}").anatomy
    assert found["differentiates"]
    seen = [found[name] for name in ("place", "value", "grad", "backward", "seed")]
    assert seen == [place, value, grad, backward, seed]
    assert main(["doctor", f"{HERE}/unusual.py:{cls}"]) == 0
    told = capsys.readouterr().out
    assert ("backward(result, an array)" if seed else f".{backward}()") in told
    if place:
        assert "Labelled(None, a number, None, None)" in told or "Labelled((), a number, (), ())" in told


def test_the_axis_of_a_single_number_is_torchs_alone(engines, reference):
    program = Program((Input(np.array(2.0), True),), (Step("sum", (Ref(0), 0)),), (Ref(1),), (np.ones(()),))
    assert compare(program, reference, engines("unusual.py:Array")).status == "unsupported"


def test_a_complex_power_is_no_value_to_compare(tmp_path, reference):
    body = "class V:\n  def __init__(self, x): self.x = x\n  def __pow__(self, n): return V(self.x ** n)\n"
    engine = load(f"{class_file(tmp_path, body)}:V")
    program = Program((Input(np.array(-2.0)),), (Step("pow", (Ref(0), 2.5)),), ())
    assert compare(program, reference, engine).status == "unsupported"
    found = engine.attempt("x = -2\nout = x ** 2.5", ["out"])
    engine.close()
    assert "a real number" in found.raised.message


def test_options_overrule_probing(tmp_path):
    body = "class V:\n  def __init__(self, x): self.data, self.real_one = 0.0 + x, 0.0 + x\n"
    path = class_file(tmp_path, body)
    assert load(f"{path}:V", {"value": "real_one"}).anatomy["value"] == "real_one"
    with pytest.raises(UsageError, match="no attribute 'other'"):
        load(f"{path}:V", {"value": "other"})
    with pytest.raises(UsageError, match="there are value, grad"):
        load(f"{path}:V", {"colour": "red"})


def test_without_gradients_values_are_compared(tmp_path, reference):
    body = (
        "class V:\n  def __init__(self, x): self.x = x\n  def __add__(self, o): return V(self.x + o.x)\n"
        "  def relu(self): return 'no value of this class'\n"
    )
    engine = load(f"{class_file(tmp_path, body)}:V")
    assert not engine.abilities.gradients
    assert not engine.supports("relu")
    one = Program((Input(np.array(1.5)), Input(np.array(2.0))), (Step("add", (Ref(0), Ref(1))),), ())
    assert compare(one, reference, engine).status == "agrees"
    grad = one.with_(inputs=(Input(np.array(1.5), True), one.inputs[1]), outputs=(Ref(2),), cotangents=(np.ones(()),))
    assert compare(grad, reference, engine).missing == ("a first derivative",)


def test_a_class_without_backward_is_run_for_its_values(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    body = "class V:\n  def __init__(self, x): self.x = x\n  def __add__(self, o): return V(self.x + o.x)\n"
    assert main(["run", f"{class_file(tmp_path, body)}:V", "--max-examples", "5", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "only values are compared" in out
    assert "5 programs: 5 agree" in out
    assert "MISTAKE" not in out


def test_whole_numbers_have_no_sign_of_zero(tmp_path, reference):
    body = (
        "class V:\n  def __init__(self, x): self.x = x\n  def __mul__(self, o): return V(self.x * getattr(o, 'x', o))\n"
        "  def relu(self): return V(0 if self.x < 0 else self.x)\n"
    )
    engine = load(f"{class_file(tmp_path, body)}:V")
    steps = (Step("relu", (Ref(0),)), Step("mul", (Ref(1), -1)))
    program = Program((Input(np.array(-1.5)),), steps, ())
    assert execute(program, reference).values[-1].tobytes() == np.array(-0.0).tobytes()
    assert execute(program, engine).values[-1].tobytes() == np.array(0.0).tobytes()
    assert compare(program, reference, engine).status == "agrees"


@pytest.fixture(scope="module")
def planted():
    engine = load(f"{HERE.parent}/planted/tensor.py:Tensor")
    yield engine
    engine.close()


ROWS = Input(np.arange(6.0).reshape(2, 3), True)


@pytest.mark.parametrize(
    ("op", "args", "kwargs"),
    [
        ("getitem", (Ref(0), 1), {}),
        ("getitem", (Ref(0), slice(0, 2)), {}),
        ("getitem", (Ref(0), (slice(None), -1)), {}),
        ("getitem", (Ref(0), [0, 0, 1]), {}),
        ("cat", ((Ref(0), Ref(0)), 1), {}),
        ("cat", ((Ref(0), Ref(0)),), {"dim": 0}),
        ("permute", (Ref(0), (1, 0)), {}),
        ("reshape", (Ref(0), (3, 2)), {}),
        ("sum", (Ref(0), (0, 1)), {"keepdim": True}),
        ("sum", (Ref(0),), {"dim": 1}),
        ("softmax", (Ref(0), 1), {}),
    ],
)
def test_calls_that_are_no_plain_operators(op, args, kwargs, planted, reference):
    program = Program((ROWS,), (Step(op, args, kwargs),), ())
    value = execute(program, reference).values[-1]
    weights = np.arange(1.0, 1 + value.size).reshape(value.shape)
    verdict = compare(program.with_(outputs=(Ref(1),), cotangents=(weights,)), reference, planted)
    assert verdict.status == "agrees", (verdict.missing, verdict.mismatches)


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("getitem", (Ref(0), (0, None))),
        ("getitem", (Ref(0), [True, False])),
        ("cat", ((Ref(0), 2.0),)),
        ("sum", (Ref(0), "all")),
        ("stack", ((Ref(0), Ref(0)),)),
    ],
)
def test_calls_that_nobody_tried_are_not_made(op, args, planted):
    assert not planted.takes(Step(op, args))


def test_what_can_only_be_kept_or_reduced_by_one_dimension_is_asked_for_that(tmp_path):
    body = "import numpy as np\nclass T:\n  def __init__(self, x): self.data = np.asarray(x, float)\n"
    body += "  def sum(self, axis=None):\n    assert axis is None or isinstance(axis, int)\n"
    body += "    return T(self.data.sum(axis))\n"
    engine = load(f"{class_file(tmp_path, body)}:T")
    engine.close()
    assert engine.takes(Step("sum", (Ref(0),), {"dim": 1}))
    assert not engine.takes(Step("sum", (Ref(0),), {"dim": (0, 1)}))
    assert not engine.takes(Step("sum", (Ref(0), 1), {"keepdim": True}))


NO_SUM = """
import numpy as np
class T:
    def __init__(self, x, parents=()): self.data, self.grad, self.parents = np.asarray(x, float), None, parents
    def __mul__(self, o): return T(self.data * o.data, ((self, lambda g: g * o.data), (o, lambda g: g * self.data)))
    def backward(self):
        assert self.data.size == 1
        self.push(np.ones_like(self.data))
    def push(self, g):
        self.grad = g if self.grad is None else self.grad + g
        for p, rule in self.parents: p.push(rule(g))
"""


def test_a_root_that_nobody_can_sum_is_no_failure(tmp_path, reference):
    engine = load(f"{class_file(tmp_path, NO_SUM)}:T")
    two = Program((ROWS, ROWS), (Step("mul", (Ref(0), Ref(1))),), (Ref(2),), (np.ones((2, 3)),))
    one = Input(np.array(3.0), True)
    assert compare(two, reference, engine).missing == ("sum, for backward to start from",)
    assert compare(two.with_(inputs=(one, one), cotangents=(np.ones(()),)), reference, engine).status == "agrees"
    engine.close()


# -- the process


def test_lines_carry_programs_and_runs(reference):
    array = np.array([[1.5, -0.0], [np.nan, np.inf]], np.float32)
    program = Program((Input(array, True),), (Step("mul", (Ref(0), 2.5)),), (Ref(1),), (array,))
    sent = json.loads(json.dumps(program_to_json(program)))
    assert "base64" in sent["inputs"][0]
    assert program_from_json(sent) == program
    run = execute(program, reference)
    back = run_from_json(json.loads(json.dumps(run_to_json(run))), "torch")
    assert [a.tobytes() for a in back.values] == [a.tobytes() for a in run.values]
    assert back.gradients[0].tobytes() == run.gradients[0].tobytes()
    sent["inputs"][0]["base64"] = "AAAA"
    with pytest.raises(ProgramError, match="asks for 16 bytes, got 3"):
        program_from_json(sent)


TROUBLE = """
import os, sys, time
class V:
    def __init__(self, x): self.x, self.g = x, 0.0
    def __mul__(self, o):
        out = V(self.x * o.x)
        out.a, out.b = self, o
        return out
    def backward(self): self.a.g += self.b.x; self.b.g += self.a.x
    def exp(self):
        if self.x == 3.0: os._exit(7)
        return V(2.0)
    def sin(self):
        if self.x == 3.0: sys.exit("enough")
        return V(2.0)
    def cos(self):
        if self.x == 3.0: os.kill(os.getpid(), 11)
        return V(2.0)
    def tan(self):
        while self.x == 3.0: time.sleep(0.01)
        return V(2.0)
print("x" * 100_000)
"""


def one_step(op, value):
    return Program((Input(np.array(value)),), (Step(op, (Ref(0),), {}, "method"),), ())


def test_a_program_that_ends_or_hangs_costs_itself_only(tmp_path, monkeypatch):
    monkeypatch.setattr("parity.engines.child.PROGRAM_SECONDS", 0.3)
    engine = load(f"{class_file(tmp_path, TROUBLE)}:V")
    try:
        for op, kind, says in (
            ("exp", "Crash", "exit code 7"),
            ("cos", "Crash", f"signal {signal.SIGSEGV.value}"),
            ("sin", "SystemExit", "enough"),
            ("tan", "TimeoutError", "0.3 s"),
        ):
            error = execute(one_step(op, 3.0), engine).error
            assert error is not None, op
            assert error.type == kind, op
            assert says in error.message, op
            assert execute(one_step(op, 1.0), engine).values[1] == 2.0
    finally:
        engine.close()


def test_a_cell_that_ends_or_holds_up_the_process_is_stepped_over(tmp_path, monkeypatch):
    monkeypatch.setattr("parity.engines.child.CELL_SECONDS", 0.4)
    cells = ["import os; os._exit(3)", "while True: pass", "bytearray(1 << 40)", TROUBLE]
    path = written(tmp_path, [{"cell_type": "code", "source": code} for code in cells])
    engine = load(f"{path}:V")
    engine.close()
    assert engine.supports("mul")
    said = [cell.error for cell in engine.failed]
    assert len(said) == 3
    assert "exit code 3" in said[0]
    assert "0.4 s" in said[1]
    assert said[2].startswith("MemoryError")


def test_an_import_that_fails_takes_no_cell_with_it(tmp_path):
    """What a picture is drawn with need not be there; what a notebook shows, it shows to nobody."""
    shown = "display(1); get_ipython().run_line_magic('matplotlib', 'inline')\n"
    path = written(tmp_path, [{"cell_type": "code", "source": "import no_such_module\n" + shown + TROUBLE}])
    engine = load(f"{path}:V")
    engine.close()
    assert [cell.error for cell in engine.failed] == ["ModuleNotFoundError: No module named 'no_such_module'"]


def test_where_no_class_is_the_cells_that_failed_are_told(tmp_path):
    path = written(tmp_path, [{"cell_type": "code", "source": code} for code in ("1 / 0", "class V:\n  x = y")])
    with pytest.raises(
        UsageError, match=r"there are: none \(stepped over: cell 1: ZeroDivisionError.*; cell 2: NameError"
    ):
        load(f"{path}:V")


def test_a_slow_cell_is_not_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr("parity.engines.child.CELL_SECONDS", 0.4)
    path = written(tmp_path, [{"cell_type": "code", "source": code} for code in (TROUBLE, "while True: pass")])
    engine = load(f"{path}:V")
    assert engine.slow == ["cell 2"]
    assert execute(one_step("exp", 3.0), engine).error.type == "Crash"
    assert execute(one_step("exp", 1.0), engine).values[1] == 2.0  # in a process that skipped it
    engine.close()
    again = load(f"{path}:V", {"skip": "cell 2+cell 9"})
    again.close()
    assert [(cell.cell, cell.error) for cell in again.failed] == [("cell 2", "not run again")]


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ("__init__(self, x):\n    while True: pass", 4, "V(<number>) takes too long"),
        (
            "__init__(self, x): import os; os._exit(7)",
            4,
            "V(<number>) ends the process: the process ended with exit code 7",
        ),
    ],
)
def test_a_class_that_hangs_or_ends_while_it_is_looked_at(body, code, says, tmp_path, capsys):
    path = class_file(tmp_path, "class V:\n  def " + body)
    assert main(["doctor", f"{path}:V"]) == code
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


# -- runs


@pytest.mark.parametrize("target", RIGHT)
def test_a_right_engine_agrees(target, engines, reference, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = decided(target, engines(target), 150)
    examiner = Examiner(asked, reference, engines(target))
    statuses = [examiner.outcome(item).status for item in items(asked, CATALOGUE)]
    assert statuses.count("agrees") >= 100
    assert set(statuses) <= {"agrees", "unsupported"}


@pytest.mark.parametrize("target", WRONG)
def test_a_wrong_engine_is_found_out(target, engines, reference, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check, mechanism, ops = WRONG[target]
    asked = decided(target, engines(target), 60)
    examiner = Examiner(asked, reference, engines(target))
    for item in items(asked, CATALOGUE):
        outcome = examiner.outcome(item)
        failure = outcome.failure
        if failure is not None and failure["verdict"]["mismatches"][0]["check"] == check:
            break
    else:
        pytest.fail("nothing was found")
    first = failure["verdict"]["mismatches"][0]
    assert first["op"] in ops
    if mechanism is None:
        assert "mechanism " not in outcome.report
    else:
        assert f"mechanism        {mechanism}" in outcome.report


def test_none_for_zeros_is_a_convention(engines, reference):
    """An input that is not used: torch says None, an engine whose gradients start as 0 says 0."""
    engine = engines("switch_on_op.ipynb:Value")
    leaves = tuple(Input(np.array(x), True) for x in (1.5, 2.0, 3.0))
    program = Program(leaves, (Step("mul", (Ref(0), Ref(1))),), (Ref(3),), (np.ones(()),))
    assert execute(program, reference).gradients[2] is None
    assert execute(program, engine).gradients[2] == 0
    assert compare(program, reference, engine).status == "agrees"


# -- the command


@pytest.mark.parametrize(
    ("target", "code", "says"),
    [
        (f"{HERE}/switch_on_op.ipynb:Valu", 4, "the classes there are: Value"),
        (f"{HERE}/switch_on_op.ipynb:Value#3", 4, "there is no Value#3: the file makes 2 classes called Value"),
        (f"{HERE}/switch_on_op.ipynb", 4, "which class?"),
        (f"{HERE}/nothing.ipynb:Value", 4, "there is no file"),
        ("no.such.module:Value", 4, "there is no module"),
        ("a b:Value", 4, "neither a file nor the name of a module"),
    ],
)
def test_bad_targets(target, code, says, capsys):
    for verb in ("run", "doctor"):
        assert main([verb, target]) == code
        assert says in capsys.readouterr().err


def test_a_class_that_cannot_be_built_shows_what_was_tried(tmp_path, capsys):
    path = class_file(tmp_path, "class V:\n  def __init__(self, x): raise KeyError('never')\n")
    assert main(["doctor", f"{path}:V"]) == 4
    said = capsys.readouterr().err
    assert "V(<number>) raises KeyError: 'never'" in said
    assert "V(<list>)" in said


def test_doctor_tells_what_it_found(capsys):
    assert main(["doctor", f"{HERE}/switch_on_op.ipynb:Value"]) == 0
    out = capsys.readouterr().out
    for line in ("built        Value(a number)", "gradient     .grad, starts as 0", "x ** y", "methods      exp, relu"):
        assert line in out


def test_doctor_of_a_module(capsys):
    assert main(["doctor", "autodiff"]) == 0
    assert "conforms" in capsys.readouterr().out


def test_run_and_replay(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    target = f"{HERE}/switch_on_op.ipynb:Value#1"
    assert main(["run", target, "--max-examples", "0", "--jobs", "1"]) == 1
    out = capsys.readouterr().out
    assert out.index("built ") < out.index("VALUE DIFFERS")
    assert "operator         sub" in out
    assert main(["replay"]) == 1  # the kept program names its engine
    assert "VALUE DIFFERS" in capsys.readouterr().out


def test_a_class_of_a_module(tmp_path, monkeypatch):
    class_file(tmp_path, TROUBLE, "mine.py")
    monkeypatch.chdir(tmp_path)
    engine = resolve("mine:V")
    engine.close()
    assert engine.supports("mul")
    assert os.getcwd() == str(tmp_path)
    class_file(tmp_path, "1 / 0", "broken.py")
    with pytest.raises(EngineError, match="ZeroDivisionError"):
        resolve("broken:V")


BY_TENSORS = """
import numpy as np
class T:
    def __init__(self, data, parents=()): self._d, self.grad, self.parents = np.asarray(data), None, parents
    @property
    def data(self): return self._d
    def __mul__(self, o):
        return T(self.data * o.data, ((self, lambda g: g * o.data), (o, lambda g: g * self.data)))
    def __neg__(self): return T(-self.data, ((self, lambda g: -g),))
    def backward(self, grad):
        self.grad = grad if self.grad is None else T(self.grad.data + grad.data)
        for parent, rule in self.parents:
            parent.backward(T(rule(grad.data)))
"""


def test_a_seed_that_is_taken_by_accident_is_not_meant(tmp_path):
    """An array has `.data`, too, but it is memory and no array: only some rules get by with it."""
    engine = load(f"{class_file(tmp_path, BY_TENSORS)}:T")
    engine.close()
    assert (engine.anatomy["seed"], engine.anatomy["grad"], engine.anatomy["start"]) == ("tensor", "grad", "None")
