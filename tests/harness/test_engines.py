"""Adapter and interpreter: spellings, values in time, aliases, errors, gradients, decorators, the door."""

from __future__ import annotations

import subprocess
import sys
import types

import numpy as np
import pytest

from parity.engines import reference, resolve
from parity.engines.conformance import CHECKS, conform
from parity.engines.decorators import Faulty, Traced
from parity.engines.interpreter import execute, missing
from parity.engines.protocol import Gradients, Rules, Values
from parity.engines.torchlike import TorchLike
from parity.errors import EngineError, UsageError
from parity.program import DType, Input, Program, Ref, Step

torch = reference.load()
X = np.array([[1.0, -2.0, 0.5], [4.0, 0.25, -1.5]])
Y = np.array([3.0, -1.0, 2.0])
SEED = np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 4.0]])


def program(*steps, inputs=(X, Y), needs=(True, True), output=None, seed=SEED, second=()):
    leaves = tuple(Input(array, need) for array, need in zip(inputs, needs))
    outputs = (Ref(len(leaves) + len(steps) - 1) if output is None else output,)
    if seed is None:
        return Program(leaves, steps, ())
    return Program(leaves, steps, outputs, (seed,), second)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("sub", (Ref(0), Ref(1))), X - Y),
        (Step("sub", (Ref(0), Ref(1)), {"alpha": 2}), X - 2 * Y),
        (Step("sub", (Ref(0), Ref(1)), {}, "method"), X - Y),
        (Step("sub", (Ref(0), Ref(1)), {}, "operator"), X - Y),
        (Step("sub", (2.0, Ref(0)), {}, "operator"), 2.0 - X),
        (Step("neg", (Ref(0),), {}, "operator"), -X),
        (Step("nn.functional.relu", (Ref(0),)), np.maximum(X, 0)),
        (Step("getitem", (Ref(0), (slice(None), 1)), {}, "operator"), X[:, 1]),
        (Step("cat", ([Ref(0), Ref(0)], 1)), np.concatenate([X, X], 1)),
        (Step("zeros_like", (Ref(0),), {"dtype": DType("int32")}), np.zeros((2, 3), np.int32)),
    ],
)
def test_spellings_that_make_a_value(step, expected):
    run = execute(program(step, seed=None), torch)
    assert run.error is None
    assert run.values[2].dtype == expected.dtype
    np.testing.assert_array_equal(run.values[2], expected)
    assert run.aliases == [0 if step.op == "getitem" else None]
    assert run.touched == []


@pytest.mark.parametrize(
    ("step", "expected", "into"),
    [
        (Step("mul", (Ref(0), Ref(1)), {}, "inplace"), X * Y, 0),
        (Step("mul", (Ref(0), Ref(1)), {}, "augmented"), X * Y, 0),
        (Step("setitem", (Ref(0), 0, Ref(1)), {}, "inplace"), np.array([Y, X[1]]), 0),
        (Step("mul", (Ref(0), Ref(1)), {"out": Ref(2)}, "out"), X * Y, 2),
    ],
)
def test_spellings_that_write(step, expected, into):
    inputs = (X, Y, np.zeros_like(X))
    run = execute(program(step, inputs=inputs, needs=(False,) * 3, seed=None), torch)
    assert run.error is None
    np.testing.assert_array_equal(run.values[3], expected)
    np.testing.assert_array_equal(run.values[into], inputs[into], "values are those of their time")
    assert run.aliases == [into]
    assert run.touched == [into]


def test_values_in_between_are_those_of_their_time():
    steps = Step("mul", (Ref(0), 2.0)), Step("add", (Ref(2), 1.0), {}, "inplace"), Step("exp", (Ref(2),))
    run = execute(program(*steps), torch)
    np.testing.assert_array_equal(run.values[2], 2 * X)
    np.testing.assert_array_equal(run.values[3], 2 * X + 1)
    np.testing.assert_allclose(run.values[4], np.exp(2 * X + 1), rtol=1e-15)
    assert run.aliases == [None, 2, None]


def test_aliases_name_the_first_value_with_that_memory():
    steps = (
        Step("transpose", (Ref(0), 0, 1)),
        Step("getitem", (Ref(2), 0), {}, "operator"),
        Step("unbind", (Ref(3),)),
        Step("add", (Ref(3), 0)),
    )
    assert execute(program(*steps, seed=None), torch).aliases == [0, 0, 0, None]


@pytest.mark.parametrize(
    ("steps", "type", "moment"),
    [
        ([Step("mul", (Ref(0), 2.0)), Step("matmul", (Ref(2), Ref(1))), Step("add", (Ref(3), Ref(0)))],
         "RuntimeError", "step 2"),
        ([Step("add", (Ref(0), 1.0), {}, "inplace")], "RuntimeError", "step 0"),
        ([Step("exp", (Ref(0),)), Step("mul", (Ref(2), 2.0), {}, "inplace")], "RuntimeError", "backward"),
        ([Step("nonsense", (Ref(0),))], "AttributeError", "step 0"),
    ],
)  # fmt: skip
def test_errors_tell_type_and_moment(steps, type, moment):
    run = execute(program(*steps), torch)
    assert (run.error.type, run.error.moment) == (type, moment)
    assert run.error.message
    if moment.startswith("step"):
        assert len(run.values) == 2 + int(moment[5:])
        assert run.gradients == []


def test_gradients_of_first_and_second_order():
    weights = (np.full((2, 3), 2.0), np.array([1.0, -1.0, 3.0]))
    run = execute(program(Step("mul", (Ref(0), Ref(0))), Step("mul", (Ref(2), Ref(1))), second=weights), torch)
    # f = sum(seed x² y); the second pass differentiates sum(wx df/dx) + sum(wy df/dy)
    np.testing.assert_allclose(run.gradients[0], SEED * 2 * X * Y)
    np.testing.assert_allclose(run.gradients[1], (SEED * X * X).sum(0))
    wx, wy = weights
    np.testing.assert_allclose(run.second[0], SEED * 2 * Y * wx + SEED * 2 * X * wy)
    np.testing.assert_allclose(run.second[1], (SEED * 2 * X * wx).sum(0))


def test_unused_inputs_and_outputs_without_grad():
    run = execute(program(Step("exp", (Ref(0),))), torch)
    assert run.gradients[1] is None
    argmax = Program(
        (Input(X, True),), (Step("argmax", (Ref(0),)), Step("exp", (Ref(0),))), (Ref(1), Ref(2)),
        (np.array(1), SEED),
    )  # fmt: skip
    run = execute(argmax, torch)
    assert run.error is None
    assert run.requires_grad == [True, False, True]
    np.testing.assert_allclose(run.gradients[0], SEED * np.exp(X))


def test_several_outputs_are_told_apart():
    run = execute(program(Step("sort", (Ref(0),)), output=Ref(2, 0)), torch)
    assert isinstance(run.values[2], tuple)
    assert run.requires_grad[2] == (True, False)
    np.testing.assert_array_equal(run.values[2][0], np.sort(X))


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "stepped", "expanded"])
def test_layouts_reach_the_engine(layout):
    array = np.repeat(X[:, :1], 3, axis=1)
    leaf = Input(array, True, layout)
    assert torch.tensor(leaf.materialise(), True).stride() == {
        "contiguous": (3, 1), "transposed": (1, 2), "stepped": (6, 2), "expanded": (1, 0),
    }[layout]  # fmt: skip
    run = execute(Program((leaf,), (Step("mul", (Ref(0), Ref(0))),), (Ref(1),), (SEED,)), torch)
    np.testing.assert_array_equal(run.gradients[0], 2 * SEED * array)


def test_symbolic_tensors_of_torch_are_read():
    run = execute(
        Program((Input(np.array([1 + 2j, 3 - 1j])),), (Step("conj", (Ref(0),)), Step("imag", (Ref(1),))), ()),
        torch,
    )
    np.testing.assert_array_equal(run.values[1], [1 - 2j, 3 + 1j])
    np.testing.assert_array_equal(run.values[2], [-2.0, 1.0])


def test_what_a_module_lacks_is_missing_not_wrong():
    tiny = resolve("tests.harness.tiny")
    steps = (
        Step("mul", (Ref(0), Ref(1)), {}, "operator"),
        Step("sin", (Ref(2),)),
        Step("add", (Ref(2), Ref(2))),
    )
    assert missing(program(*steps), tiny) == ("sin",)
    assert missing(program(Step("add", (Ref(0), Ref(1)), {}, "inplace")), tiny) == ("add (inplace)",)
    assert missing(program(*steps, inputs=(X.astype(np.float32), Y)), tiny) == ("sin", "float32")
    assert missing(program(*steps), torch) == ()
    assert not tiny.supports("softmax")
    assert not tiny.supports("mul", "augmented")
    assert not tiny.supports("mul", "out")
    assert torch.supports("mul", "out")
    assert torch.supports("setitem", "inplace")
    assert not torch.supports("exp", "operator")


def test_an_engine_that_knows_only_backward():
    tiny = resolve("tests.harness.tiny")
    p = program(Step("mul", (Ref(0), Ref(1))), Step("add", (Ref(2), Ref(0)), {}, "operator"))
    run, expected = execute(p, tiny), execute(p, torch)
    assert run.error is None
    np.testing.assert_allclose(run.gradients[0], expected.gradients[0])
    np.testing.assert_allclose(run.gradients[1], expected.gradients[1])
    assert not tiny.shares_memory or run.aliases == [None, None]


def test_capabilities():
    assert isinstance(torch, Values)
    assert isinstance(torch, Gradients)
    assert not isinstance(torch, Rules)
    module = types.ModuleType("ruled")
    module.__dict__.update({name: getattr(torch.module, name) for name in ("from_numpy", "autograd", "Tensor")})
    record = types.SimpleNamespace(op="sin", input="input", file="rules.py", line=3)
    module.graph = types.SimpleNamespace(
        rules=lambda: [record], rule=lambda op, input: record if op == "sin" else None, replaced=None
    )
    ruled = TorchLike(module)
    assert isinstance(ruled, Rules)
    assert ruled.rules()[0].line == 3
    assert ruled.rule("cos", 0) is None


# -- decorators


def test_faulty_changes_one_value():
    p = program(Step("exp", (Ref(0),)), Step("mul", (Ref(2), Ref(1))))
    good, bad = execute(p, torch), execute(p, Faulty(torch, "exp", lambda y: y * 1.5))
    np.testing.assert_allclose(bad.values[2], 1.5 * good.values[2])
    np.testing.assert_allclose(bad.gradients[0], 1.5 * good.gradients[0])


@pytest.mark.parametrize("spelling", ["inplace", "augmented"])
def test_faulty_changes_a_value_in_place(spelling):
    p = program(Step("mul", (Ref(0), Ref(1)), {}, spelling), needs=(False, False), seed=None)
    run = execute(p, Faulty(torch, "mul", lambda y: y + 1))
    np.testing.assert_allclose(run.values[2], X * Y + 1)
    assert run.aliases == [0]


@pytest.mark.parametrize("input", [0, 1])
def test_faulty_changes_one_gradient_in_both_orders(input):
    weights = (np.ones((2, 3)), np.ones(3))
    p = program(Step("exp", (Ref(0),)), Step("mul", (Ref(2), Ref(1))), second=weights)
    good, bad = execute(p, torch), execute(p, Faulty(torch, "mul", lambda g: g * 1.5, input=input))
    for a, b in zip(good.values, bad.values):
        np.testing.assert_array_equal(a, b)
    for number in (0, 1):
        factor = 1.5 if number == input else 1.0
        np.testing.assert_allclose(bad.gradients[number], factor * good.gradients[number])
    assert not np.allclose(bad.second[1], good.second[1])


def test_traced_tells_the_gradient_at_every_value():
    p = program(Step("exp", (Ref(0),)), Step("mul", (Ref(2), Ref(1))), Step("argmax", (Ref(3),)), output=Ref(3))
    run = execute(p, Traced(torch))
    np.testing.assert_allclose(run.intermediate[3], SEED)
    np.testing.assert_allclose(run.intermediate[2], SEED * Y)
    np.testing.assert_allclose(run.intermediate[0], SEED * Y * np.exp(X))
    assert run.intermediate[4] is None
    assert execute(p, torch).intermediate is None


# -- the door


def test_resolve_names_what_is_wrong(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="no module 'no_such_engine'"):
        resolve("no_such_engine")
    with pytest.raises(UsageError, match="not the name of a module"):
        resolve("rm -rf /")
    with pytest.raises(UsageError, match=r"json is not like torch: it has no tensor.* and no autograd"):
        resolve("json")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "breaks_on_import.py").write_text("1 / 0\n")
    with pytest.raises(EngineError, match="breaks on import: ZeroDivisionError") as caught:
        resolve("breaks_on_import")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    (tmp_path / "needs_another.py").write_text("import another_that_is_not_there\n")
    with pytest.raises(EngineError, match="another_that_is_not_there"):
        resolve("needs_another")
    assert resolve("torch") is torch


def test_settings_come_back():
    t = torch.module
    t.set_num_threads(2)
    state = t.get_rng_state()
    with reference.settings():
        assert t.get_num_threads() == 1
        t.set_default_dtype(t.float64)
        t.rand(3)
    assert t.get_num_threads() == 2
    assert t.get_default_dtype() == t.float32
    assert (t.get_rng_state() == state).all()


def test_importing_parity_is_light():
    code = (
        "import sys, parity, parity.engines, parity.catalogue, parity.strategies, parity.strategies.drawing;"
        "print(sorted({'torch', 'hypothesis', 'sympy', 'flint'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


# -- conformance


def test_torch_conforms():
    assert conform(torch) is None


class Broken:
    """torch, except for what a test replaces."""

    def __init__(self, **changes):
        for name in (
            "tensor",
            "call",
            "array",
            "dtype",
            "supports",
            "grad",
            "requires_grad",
            "name",
            "version",
        ):
            setattr(self, name, changes.get(name, getattr(torch, name)))


def doubled(outputs, inputs, seeds, create_graph):
    found = torch.grad(outputs, inputs, seeds, create_graph)
    for place, leaf in enumerate(inputs):
        if getattr(leaf, "kept", None) is not None and found[place] is not None:
            found[place] = found[place] + leaf.kept
        leaf.kept = found[place]
    return found


def last_use_only(op, args, kwargs, spelling):
    if op == "mul" and args[0] is args[1]:
        args = (args[0].detach(), args[1])
    return torch.call(op, args, kwargs, spelling)


def shapeless(op, args, kwargs, spelling):
    args = [a if a.ndim != 1 or a.shape[0] != 2 else a[:1] for a in args]
    return torch.call(op, args, kwargs, spelling)


def overwriting(op, args, kwargs, spelling):
    result = torch.call(op, args, kwargs, spelling)
    args[0].detach().add_(1)
    return result


BREAKS = {
    "dtype map": {"dtype": lambda name: torch.dtype("float32")},
    "round trip": {"array": lambda value: torch.array(value).astype(np.float32)},
    "requires grad": {"requires_grad": lambda value: True},
    "values": {"call": overwriting},
    "gradients": {"grad": lambda o, i, s, c: torch.grad(o, i, [torch.module.ones_like(x) for x in s], c)},
    "unused inputs": {
        "grad": lambda o, i, s, c: [torch.module.zeros(3) if g is None else g for g in torch.grad(o, i, s, c)]
    },
    "graph reuse": {"call": last_use_only},
    "zeroing": {"grad": doubled},
    "errors": {"call": shapeless},
}


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_of_conformance_can_fail(check):
    finding = conform(Broken(**BREAKS[check]))
    assert finding is not None
    assert finding.check == check, str(finding)
