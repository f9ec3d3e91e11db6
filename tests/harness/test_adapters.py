"""Engines that are not like torch: tables of words, functional engines, released engines where they are installed."""

from __future__ import annotations

import importlib.util
import inspect
import math
from pathlib import Path

import numpy as np
import pytest

import autodiff
from parity.catalogue import CATALOGUE
from parity.cli import main
from parity.compare import compare
from parity.engines import ADAPTERS, adapted, reference, resolve
from parity.engines.conformance import conform
from parity.engines.dialect import Dialect, Row
from parity.engines.functional import Functional
from parity.engines.interpreter import execute, missing
from parity.errors import UsageError
from parity.program import Input, Program, Ref, Step
from parity.report.card import card_text

torch = reference.load()
ROWS = {
    "add": "input, other: input + other",
    "mul": "input, other: input * other",
    "sin": "input: ad.sin(input)",
    "sum": "input, dim=None, *, keepdim=False: ad.sum(input, dim, keepdim)",
    "unbind": "input, dim=0: ad.unbind(input, dim)",
    "erf": "input: ad.nowhere.erf(input)",
    "broadcast_to": "input, size: ad.broadcast_to(input, size) if min(size) >= 0 else NotImplemented",
}


class Fake(Functional):
    """A functional engine that is always there: autodiff's own transforms behind a table of words."""

    def __init__(self, rows=ROWS):
        super().__init__("fake", "1.0", Dialect(rows, {"ad": autodiff}))

    def own(self, array):
        return autodiff.from_numpy(array)

    def array(self, value):
        return value.value.numpy()

    def inexact(self, value):
        return value.dtype.is_floating_point

    def vjp(self, function, primals, cotangents):
        return autodiff.func.vjp(function, *primals)[1](tuple(cotangents))


class Doubling(Fake):
    """The same, wrong: every gradient comes twice."""

    def vjp(self, function, primals, cotangents):
        return [2 * gradient for gradient in super().vjp(function, primals, cotangents)]


def program(*steps, x=(0.5, -1.25), second=False, output=None, cotangent=None):
    leaves = (Input(np.array(x), True), Input(np.array([2.0, 3.0]), True))
    outputs = (Ref(len(leaves) + len(steps) - 1) if output is None else output,)
    seed = np.array([1.0, -2.0]) if cotangent is None else cotangent
    weights = tuple(np.array([0.5, 1.5]) for _ in leaves) if second else ()
    return Program(leaves, steps, outputs, (seed,), weights)


TWICE = (Step("mul", (Ref(0), Ref(1))), Step("sin", (Ref(2),)), Step("mul", (Ref(3), Ref(0))))


def test_a_functional_engine_conforms():
    assert conform(Fake()) is None
    assert conform(Doubling()).check == "gradients"


@pytest.mark.parametrize("second", [False, True])
def test_calls_are_replayed_in_both_orders(second):
    drawn = program(*TWICE, second=second)
    assert compare(drawn, torch, Fake()).status == "agrees"
    run = execute(drawn, Fake())
    assert [g is not None for g in run.second] == [True, True] * second
    assert compare(drawn, torch, Doubling()).mismatches[0].check == "gradient"


def test_outputs_of_several_are_taken_one_by_one():
    part = program(Step("unbind", (Ref(0),)), output=Ref(2, 1), cotangent=np.array(3.0))
    run = execute(part, Fake())
    assert run.error is None
    assert run.gradients[0].tolist() == [0.0, 3.0]
    assert run.gradients[1] is None


@pytest.mark.parametrize(
    ("step", "lacks"),
    [
        (Step("erf", (Ref(0),)), ("erf",)),  # a name that the library has not
        (Step("cosh", (Ref(0),)), ("cosh",)),
        (Step("sum", (Ref(0),), {"dtype": None}), ("sum",)),  # an argument that the row has not
        (Step("mul", (Ref(0), 2.0), spelling="inplace"), ("mul",)),
        (Step("sum", (Ref(0), 0), {"keepdim": True}), ()),
    ],
)
def test_what_the_table_has_not_is_unsupported(step, lacks):
    asked = program(step).with_(outputs=(), cotangents=())
    assert missing(asked, Fake()) == lacks
    assert compare(asked, torch, Fake()).status == ("unsupported" if lacks else "agrees")


def test_a_row_may_refuse_arguments():
    kept, refused = (program(Step("broadcast_to", (Ref(0), (*size, 2)))) for size in ([3], [-1]))
    cotangent = np.ones((3, 2))
    assert compare(kept.with_(cotangents=(cotangent,)), torch, Fake()).status == "agrees"
    assert compare(refused.with_(outputs=(), cotangents=()), torch, Fake()).status == "unsupported"


def test_long_chains_are_no_recursion():
    steps = tuple(Step("add", (Ref(2 + n - 1 if n else 0), Ref(1))) for n in range(3000))
    assert execute(program(*steps), Fake()).gradients[1].tolist() == [3000.0, -6000.0]


@pytest.mark.parametrize(
    ("row", "args", "kwargs", "text"),
    [
        ("input: np.sin(input)", ["x"], {}, "np.sin(x)"),
        ("input, other: input * other", ["x + 1", "-2.0"], {}, "(x + 1) * -2.0"),
        ("input, dim=None: np.sum(input, axis=dim)", ["x"], {}, "np.sum(x, axis=None)"),
        ("input, *, alpha=1: input * (1 if alpha == 1 else alpha)", ["x"], {"alpha": "2"}, "x * 2"),
        ("equation, *operands: np.einsum(equation, *operands)", ["'i,i'", "x", "y"], {}, "np.einsum('i,i', *(x, y))"),
    ],
)
def test_rows_write_themselves(row, args, kwargs, text):
    written = Row(row, {"np": np}).written(args, kwargs)
    assert written == text
    given = {"x": np.array([1.0, 2.0]), "y": np.array([3.0, 4.0]), "np": np}
    found = Row(row, given).call(*[eval(arg, given) for arg in args], **{k: eval(v) for k, v in kwargs.items()})
    np.testing.assert_array_equal(eval(written, given), found)


def test_a_module_may_offer_its_own_adapter(tmp_path, monkeypatch):
    (tmp_path / "offering.py").write_text("from tests.harness.test_adapters import Fake\n\nparity_engine = Fake\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert isinstance(resolve("offering"), Functional)


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("parity.engines.importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"mygrad is not installed: pip install 'autodiff-parity\[mygrad\]'"):
        resolve("mygrad")


def test_adapters_are_short():
    folder = Path(inspect.getfile(reference)).parent / "adapters"
    for target in ADAPTERS:
        lines = (folder / f"{target.replace('.', '_')}.py").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 60, target


# -- released engines

_PLAIN = ("add", "mul", "sub", "div")


#: In processes of their own: torch.compile changes how this interpreter calls functions, for good.
_APART = {"torch.compile": "tests.harness.planted.compiled"}


@pytest.fixture(params=list(ADAPTERS))
def released(request):
    if importlib.util.find_spec(ADAPTERS[request.param]) is None:
        pytest.skip(f"{ADAPTERS[request.param]} is not installed")
    return resolve(_APART[request.param], python="") if request.param in _APART else adapted(request.param, {})


def test_released_engines_conform(released):
    if hasattr(released, "anatomy"):
        pytest.skip("a class is examined instead, by probing")
    assert conform(released) is None


def test_released_engines_compute_and_differentiate(released):
    shape = () if hasattr(released, "anatomy") else (2,)
    x, y = (np.full(shape, value) for value in (0.75, -1.5))
    for op in _PLAIN:
        assert released.supports(op), op
        drawn = Program((Input(x, True), Input(y, True)), (Step(op, (Ref(0), Ref(1))),), (Ref(2),), (np.ones(shape),))
        assert compare(drawn, torch, released).status == "agrees", op
    assert math.isfinite(float(execute(drawn, released).gradients[0].sum()))


# -- stubs and cards


def test_a_stub_is_an_adapter(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "frost"]) == 0
    (tmp_path / "frost.py").write_text("from numpy import *\n__version__ = '7'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    engine = resolve("frost_parity")
    assert (engine.name, engine.version) == ("frost", "7")
    assert engine.supports("sin")
    assert conform(engine).check == "gradients"  # its vjp is to be filled in
    assert main(["init", "frost"]) == 4
    assert "frost_parity.py is there already" in capsys.readouterr().err
    assert main(["init", "two words"]) == 4


def test_a_card_tells_what_was_measured():
    text = card_text(Fake(), torch, CATALOGUE, {"fake": "1.0"}, "conforms")
    assert "- **Orders of derivative**: 0, 1, 2." in text
    assert "(read off the record of its calls)" in text
    assert "- *arithmetic*: add, mul" in text
    assert "| maximum" not in text  # it has none
    rows = {**ROWS, "relu": "input: ad.relu(input)", "ge": "input, other: ad.ge(input, other)"}
    text = card_text(Doubling(rows), torch, CATALOGUE, {"fake": "1.0"}, "does not")
    assert "- **Orders of derivative**: 0." in text
    assert "| relu at 0 | 0 | 0 |" in text
    assert "| nan >= 0 | False | False |" in text


@pytest.mark.parametrize("target", ADAPTERS)
def test_a_card_is_kept(target):
    assert (Path("docs/cards") / f"{target.replace('.', '-')}.md").is_file()


@pytest.mark.parametrize(
    ("target", "option", "complaint"),
    [
        ("torch.compile", {"backend": "gcc"}, "torch.compile has no backend 'gcc'; it has .*inductor"),
        ("torch.compile", {"color": "red"}, "torch.compile has no engine option 'color'; it has backend"),
        ("torch.func", {"backend": "eager"}, "torch.func has no engine option 'backend'; it has none"),
        ("torch", {"backend": "eager"}, "torch is no class of a file or a module: it takes no engine options"),
    ],
)
def test_options_that_an_engine_has_not(target, option, complaint):
    with pytest.raises(UsageError, match=complaint):
        resolve(target, option)
