"""Shrinking: planted faults come down to the steps, elements and numbers that matter, and keep failing."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from parity.catalogue import CATALOGUE
from parity.engines import reference
from parity.engines.decorators import Faulty
from parity.engines.interpreter import execute
from parity.program import Input, Program, Ref, Step
from parity.strategies.drawing import draw_program
from parity.strategies.shrinking import shrink
from parity.strategies.simplest import cost, simpler, simpler_arrays
from parity.strategies.single import draw_op
from parity.strategies.source import Seeded
from parity.strategies.surgery import pruned, without_step

torch = reference.load()


@pytest.fixture(autouse=True)
def _settings():
    with reference.settings():
        yield


def close(a, b):
    if a is None or b is None:
        return a is b
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(close, a, b))
    return a.shape == b.shape and a.dtype == b.dtype and np.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True)


def differs_from(subject):
    def fails(program):
        a, b = execute(program, torch), execute(program, subject)
        if a.error or b.error:
            return False  # a fault in numbers: that it writes what torch saved is another one
        return not all(
            all(map(close, x, y)) for x, y in ((a.values, b.values), (a.gradients, b.gradients), (a.second, b.second))
        )

    return fails


def failing(op, fails, **options):
    """The first drawn program of many steps that contains the operator and fails."""
    for seed in range(3000):
        program, run = draw_program(Seeded(seed), torch, min_steps=12, **options)
        if any(step.op == op for step in program.steps) and run.error is None and fails(program):
            return program
    raise AssertionError("no program fails")


FAULTS = {
    "a gradient": ("sin", lambda g: g * 1.01, 0),
    "the gradient of a second operand": ("mul", lambda g: g * 2, 1),
    "a value": ("exp", lambda y: y * 1.001, None),
    "a reduction's gradient": ("sum", lambda g: g * 3, 0),
    "a gradient along a dimension": ("softmax", lambda g: g * 1.5, 0),
    "a gradient of ties": ("amax", lambda g: (g != 0).to(g.dtype), 0),
    "a matrix product": ("matmul", lambda g: g * 1.1, 1),
    "a second output": ("nn.functional.layer_norm", lambda g: g + 1, 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_shrinks_to_its_step(fault):
    op, change, input = FAULTS[fault]
    fails = differs_from(Faulty(torch, op, change, input=input))
    program = failing(op, fails)
    start = time.process_time()
    small = shrink(program, fails, torch)
    assert time.process_time() - start < 1.0
    assert fails(small)
    assert 1 <= len(small.steps) <= 2
    assert any(step.op == op for step in small.steps)
    # A normalized shape says how large its operands are.
    named = [math.prod(arg) for step in small.steps for arg in step.args if isinstance(arg, tuple)]
    assert sum(leaf.array.size for leaf in small.inputs) <= max(8, 2 * max(named, default=0))
    assert all(step.spelling == "function" for step in small.steps)
    assert all(leaf.layout == "contiguous" for leaf in small.inputs)
    numbers = [x for leaf in small.inputs for x in (*leaf.array.real.flat, *leaf.array.imag.flat)]
    assert all(x == round(x * 4) / 4 for x in numbers), numbers
    if input is None:
        assert small.order == 0
    assert small.second == ()
    assert Program.loads(small.dumps()) == small


def test_steps_that_only_fail_together_stay_together():
    """exp of a sum, as if it were fused wrongly: neither step alone shows it."""

    def fails(program):
        made = {len(program.inputs) + n: step.op for n, step in enumerate(program.steps)}
        return any(
            step.op == "exp" and any(made.get(ref.index) == "sum" for ref in step.refs()) for step in program.steps
        )

    steps = (
        Step("sin", (Ref(0),)), Step("mul", (Ref(2), Ref(1)), {}, "operator"),
        Step("sum", (Ref(3), 1), {}, "method"), Step("tanh", (Ref(4),)),
        Step("exp", (Ref(4),), {}, "method"), Step("cat", ([Ref(5), Ref(6)],)),
        Step("cumsum", (Ref(7), 0)),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    leaves = Input(rng.normal(size=(4, 3)), True, "transposed"), Input(rng.normal(size=3), True)
    program = Program(leaves, steps, (Ref(8),), (rng.normal(size=8),), (np.ones((4, 3)), np.ones(3)))
    assert execute(program, torch).error is None
    small = shrink(program, fails, torch)
    assert [step.op for step in small.steps] == ["sum", "exp"]
    assert small.order == 0
    assert [leaf.array.size for leaf in small.inputs] == [1]


def test_sharing_is_kept_where_it_matters():
    """The gradient of a leaf that is used twice: an engine that forgets the first use."""

    def fails(program):
        run = execute(program, torch)
        if run.error or not run.gradients:
            return False
        uses = [ref.index for step in program.steps for ref in step.refs()]
        return any(
            uses.count(number) > 1 and gradient is not None and np.any(gradient)
            for number, gradient in zip(program.differentiable, run.gradients)
        )

    ops = [op for op, row in CATALOGUE.items() if row.family in ("arithmetic", "elementary", "reduce", "shape")]
    program = failing("mul", fails, ops=ops, regime="smooth", dtypes=("float64",))
    small = shrink(program, fails, torch)
    assert fails(small)
    assert len(small.steps) <= 2
    assert len(small.inputs) <= 2


def test_one_bad_element_among_many_is_found():
    array = np.linspace(-3.0, 3.0, 64)
    array[41] = 1e-310

    def fails(program):
        value = execute(program, torch).values[0]
        return bool(((value != 0) & (np.abs(value) < 1e-300)).any())

    program = Program((Input(array, True),), (Step("exp", (Ref(0),)),), (Ref(1),), (np.ones(64),))
    small = shrink(program, fails, torch)
    assert small.inputs[0].array.size == 1
    assert small.cotangents == ()


def test_programs_that_end_in_an_error_shrink():
    def fails(program):
        run = execute(program, torch)
        return run.error is not None and "in-place" in run.error.message

    for seed in range(3000):
        program, run = draw_program(Seeded(seed), torch, min_steps=8)
        if run.error is not None and len(program.steps) > 4 and fails(program):
            break
    small = shrink(program, fails, torch)
    assert len(small.steps) <= 2
    assert fails(small)


def test_writing_steps_shrink():
    fails = differs_from(Faulty(torch, "sin", lambda y: y * 1.001))
    program, _ = draw_op(Seeded(5), torch, CATALOGUE["sin"], "float64", spelling="inplace")
    assert fails(program)
    small = shrink(program, fails, torch)
    assert [(step.op, step.spelling) for step in small.steps] == [("sin", "function")]


def test_a_program_that_cannot_be_smaller_comes_back():
    program = Program((Input(np.zeros(())),), (Step("exp", (Ref(0),)),), ())
    assert shrink(program, lambda candidate: False, torch) is program


def test_the_budget_holds():
    counts = []
    for seed in range(8):
        asked = []

        def fails(program, asked=asked):
            asked.append(program)
            return len(asked) % 2 == 0

        program, _ = draw_program(Seeded(seed), torch, min_steps=12)
        shrink(program, fails, torch, budget=10)
        counts.append(len(asked))
    assert max(counts) == 10, counts


# -- surgery and numbers


def test_removing_a_step_renumbers_the_rest():
    steps = Step("exp", (Ref(0),)), Step("sin", (Ref(0),)), Step("mul", (Ref(2), Ref(1)))
    program = Program((Input(np.ones(2)),), steps, (Ref(3),), (np.ones(2),))
    shorter = without_step(program, 0, {Ref(1): Ref(0)})
    assert shorter.steps == (Step("sin", (Ref(0),)), Step("mul", (Ref(1), Ref(0))))
    assert shorter.outputs == (Ref(2),)
    lost = without_step(program, 2, {})
    assert lost.outputs == ()
    assert lost.cotangents == ()


def test_pruning_drops_what_no_output_needs():
    leaves = tuple(Input(np.full(2, float(n)), True) for n in range(3))
    steps = Step("exp", (Ref(0),)), Step("sin", (Ref(2),)), Step("mul", (Ref(4), 2.0))
    weights = tuple(np.full(2, 10.0 + n) for n in range(3))
    program = Program(leaves, steps, (Ref(5),), (np.ones(2),), weights)
    small = pruned(program)
    assert [leaf.array[0] for leaf in small.inputs] == [2.0]
    assert small.steps == (Step("sin", (Ref(0),)), Step("mul", (Ref(1), 2.0)))
    assert small.outputs == (Ref(2),)
    assert [weight[0] for weight in small.second] == [12.0]
    assert execute(small, torch).error is None


def test_numbers_only_get_simpler():
    for x in (0.0, -0.0, 1.0, -3.7, 0.3125, 1e-9, 1e300, float("inf"), float("nan"), 7, -2, True, 1 + 2j):
        for zero_last in (False, True):
            for y in simpler(x, zero_last):
                assert type(y) is type(x)
                assert cost(y) < cost(x)
    assert simpler(3.7, False)[:2] == [0.0, 1.0]
    assert simpler(3.7, True)[0] == 1.0


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "complex64"])
def test_simpler_arrays_keep_shape_and_dtype(dtype):
    array = np.array([[0, 1, 5], [7, 1, 0]]).astype(dtype)
    for found in simpler_arrays(array, False):
        assert found.shape == array.shape
        assert found.dtype == array.dtype
        assert sum(map(cost, found.ravel().tolist())) < sum(map(cost, array.ravel().tolist()))
