"""Functions become programs: every spelling that people write, and values from the reference's run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from parity.engines import reference
from parity.engines.interpreter import execute
from parity.errors import UsageError
from parity.leaves import as_array, weights
from parity.program import DType, Input, Program, Ref, Step
from parity.recording import record

TORCH = reference.load()


def recorded(function, *values, **options) -> Program:
    return record(function, [Input(np.asarray(value), True) for value in values], TORCH, **options)


def steps(program: Program) -> list[tuple]:
    return [(step.op, step.args, dict(step.kwargs), step.spelling) for step in program.steps]


def test_operators_with_numbers_on_either_side() -> None:
    program = recorded(lambda x, b: 3 * (2 / x) ** 2 + b - 2, 4.0, 1.0)
    assert steps(program) == [
        ("div", (2, Ref(0)), {}, "operator"),
        ("pow", (Ref(2), 2), {}, "operator"),
        ("mul", (3, Ref(3)), {}, "operator"),
        ("add", (Ref(4), Ref(1)), {}, "operator"),
        ("sub", (Ref(5), 2), {}, "operator"),
    ]
    run = execute(program, TORCH)
    assert float(run.values[-1]) == 3 * 0.25 - 1
    # d/dx 12/x² = -24/x³, times the random weight of the backward pass.
    assert float(run.gradients[0]) == pytest.approx(-24 / 64 * float(program.cotangents[0]), rel=1e-15)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda lib, x: lib.sin(x), ("sin", (Ref(0),), {}, "function")),
        (
            lambda lib, x: lib.nn.functional.softmax(x, dim=0),
            ("nn.functional.softmax", (Ref(0),), {"dim": 0}, "function"),
        ),
        (
            lambda lib, x: lib.sum(x, dtype=lib.float32),
            ("sum", (Ref(0),), {"dtype": DType("float32")}, "function"),
        ),
        (lambda x: x.sum(0, keepdim=True), ("sum", (Ref(0), 0), {"keepdim": True}, "method")),
        (lambda x: torch.exp(x), ("exp", (Ref(0),), {}, "function")),
        (lambda x: torch.nn.functional.softplus(x), ("nn.functional.softplus", (Ref(0),), {}, "function")),
        (
            lambda x: torch.nn.functional.softmax(x, dim=0),
            ("nn.functional.softmax", (Ref(0),), {"dim": 0}, "function"),
        ),
        (
            lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
            ("nn.functional.gelu", (Ref(0),), {"approximate": "tanh"}, "function"),
        ),
        (lambda x: x[1:, None], ("getitem", (Ref(0), (slice(1, None), None)), {}, "operator")),
        (lambda x: -x, ("neg", (Ref(0),), {}, "operator")),
        (lambda x: 2.0**x, ("pow", (2.0, Ref(0)), {}, "operator")),
        (lambda x: np.float64(2) - x, ("sub", (2.0, Ref(0)), {}, "operator")),
        (lambda x: x @ x, ("matmul", (Ref(0), Ref(0)), {}, "operator")),
        (lambda x: x.clamp(min=0), ("clamp", (Ref(0),), {"min": 0}, "method")),
    ],
)
def test_one_step(function, expected) -> None:
    program = recorded(function, [0.5, 2.0, 3.0])
    assert steps(program) == [expected]
    assert program.outputs == (Ref(1),)
    assert execute(program, TORCH).error is None


def test_several_outputs_by_number_and_by_name() -> None:
    program = recorded(lambda x: (x.max(0).values, x.split(1)[2]), [1.0, 2.0, 3.0])
    assert program.outputs == (Ref(1, 0), Ref(2, 2))
    assert [cotangent.shape for cotangent in program.cotangents] == [(), (1,)]


def test_a_function_of_lists_takes_recorded_tensors() -> None:
    program = recorded(lambda lib, x, y: lib.cat([x, y * 2]), [1.0], [2.0])
    assert program.steps[-1].args == ([Ref(0), Ref(2)],)


def test_inplace_and_augmented_steps_keep_their_spelling() -> None:
    def function(x):
        y = x * 2
        y += 1
        y.mul_(x)
        y[0] = 5.0
        return y

    program = recorded(function, [1.0, 2.0])
    assert [(step.op, step.spelling) for step in program.steps[1:]] == [
        ("add", "augmented"),
        ("mul", "inplace"),
        ("setitem", "operator"),
    ]
    run = execute(program, TORCH)
    assert run.values[program.outputs[0].index].tolist() == [5.0, 10.0]


def test_constants_become_inputs_without_grad() -> None:
    constant = np.array([1.0, -1.0])
    program = recorded(lambda x: constant * (x + torch.tensor([2.0, 3.0], dtype=torch.float64)), [1.0, 2.0])
    assert [leaf.requires_grad for leaf in program.inputs] == [True, False, False]
    assert execute(program, TORCH).values[-1].tolist() == [3.0, -5.0]
    Program.loads(program.dumps())


def test_a_branch_follows_the_reference() -> None:
    function = lambda x: x * 2 if x > 0 else x * 3
    assert recorded(function, 1.0).steps[-1].args == (Ref(0), 2)
    assert recorded(function, -1.0).steps[-1].args == (Ref(0), 3)


def test_second_order_has_a_weight_for_every_input() -> None:
    program = recorded(lambda x, y: x * y, [1.0, 2.0], 3.0, order=2)
    assert program.order == 2
    assert [weight.shape for weight in program.second] == [(2,), ()]
    assert all(value is not None for value in execute(program, TORCH).second)


def test_weights_hide_nothing() -> None:
    drawn = weights(np.random.default_rng(0), np.zeros(1000))
    assert np.abs(drawn).min() > 0.4
    assert {-1.0, 1.0} == set(np.sign(drawn))
    assert len(np.unique(np.abs(drawn))) > 990


def test_the_same_seed_records_the_same_program() -> None:
    first, again, other = (recorded(lambda x: x.exp(), [1.0, 2.0], seed=seed) for seed in (1, 1, 2))
    assert first.id == again.id != other.id


@pytest.mark.parametrize(
    "value", [[[1.0, 2.0]], torch.tensor([1.0]), [torch.tensor(1.0), torch.tensor(2.0)], np.float32(3)]
)
def test_values_are_arrays_lists_and_tensors(value) -> None:
    assert isinstance(as_array(value), np.ndarray)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: 3.0, "must return what it computed"),
        (lambda x: None, "must return what it computed"),
        (lambda lib, x: lib.sum(x, dtype=lib.sin), "only dtypes can be recorded"),
    ],
)
def test_what_cannot_be_recorded_is_said(function, message) -> None:
    with pytest.raises(UsageError, match=message):
        recorded(function, 1.0)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no method 'nonsense'"):
        recorded(lambda x: x.nonsense(), 1.0)
    with pytest.raises(AttributeError, match="the reference has no 'nonsense'"):
        recorded(lambda lib, x: lib.nonsense(x), 1.0)


def test_a_step_is_kept_as_plain_data() -> None:
    program = recorded(lambda x: x[torch.tensor([0, 1])], [1.0, 2.0])
    assert isinstance(program.steps[0], Step)
    assert Program.loads(program.dumps()) == program
