"""Blame: a fault planted in one operator of a longer program is found there, at the right input."""

from __future__ import annotations

import numpy as np
import pytest

from parity.compare import compare
from parity.compare.alone import alone
from parity.compare.localize import localize
from parity.engines.decorators import Faulty, Traced
from parity.engines.interpreter import execute
from parity.program import Ref, Step

from .test_compare import TORCH, program

RNG = np.random.default_rng(2)
A = RNG.uniform(0.5, 1.5, (3, 3))
B = RNG.uniform(0.5, 1.5, (3, 3))

#: Every operator once, on a way from both inputs to the output.
STEPS = (
    ("sin", (Ref(0),)),
    ("atan2", (Ref(2), Ref(1))),
    ("mm", (Ref(3), Ref(0))),
    ("sub", (Ref(4), Ref(1))),
    ("cat", ([Ref(5), Ref(3)], 1)),
    ("add", (Ref(6), 0.5)),
    Step("tanh", (Ref(7),), {}, "inplace"),
    ("softmax", (Ref(8), 1)),
    ("mul", (Ref(9), Ref(6))),
)


def blamed(drawn, op, change, input):
    subject = Faulty(TORCH, op, change, input=input)
    verdict = compare(drawn, TORCH, subject)
    assert verdict.status == "differs"
    found = localize(drawn, TORCH, subject, verdict.mismatches[0])
    return found.op, found.input


@pytest.mark.parametrize(
    ("op", "input"),
    [("sin", 0), ("atan2", 0), ("atan2", 1), ("mm", 0), ("mm", 1), ("sub", 1), ("cat", 0), ("cat", 1),
     ("add", 0), ("softmax", 0), ("mul", 0), ("mul", 1)],
)  # fmt: skip
@pytest.mark.parametrize("change", [lambda g: g * 1.001, lambda g: -g])
def test_a_wrong_rule_is_found(op, input, change):
    assert blamed(program([A, B], *STEPS), op, change, input) == (op, input)


@pytest.mark.parametrize("op", ["sin", "atan2", "mm", "sub", "cat", "add", "softmax", "tanh", "mul"])
def test_a_wrong_value_is_found(op):
    assert blamed(program([A, B], *STEPS), op, lambda y: y * 1.001, None) == (op, None)


@pytest.mark.parametrize("input", [0, 1])
def test_an_error_on_the_way_back_is_blamed_on_the_input_that_raises_it(input):
    def refuse(g):
        raise ValueError("no gradient of this shape")

    assert blamed(program([A, B], *STEPS), "mm", refuse, input) == ("mm", input)


def test_a_fault_that_only_second_derivatives_show():
    drawn = program([A], ("sin", (Ref(0),)), ("mul", (Ref(1), Ref(1))))

    def fades(g):
        return g if not g.requires_grad else g + 1e-3 * (g - g.detach())

    subject = Faulty(TORCH, "sin", fades, input=0)
    verdict = compare(drawn, TORCH, subject)
    assert verdict.mismatches[0].check == "second"
    assert localize(drawn, TORCH, subject, verdict.mismatches[0]).op == "sin"


def test_a_fault_at_a_tie_stays_at_the_tie():
    ties = np.array([[1.0, 2.0], [2.0, 0.0]])
    drawn = program([ties, ties[::-1]], ("maximum", (Ref(0), Ref(1))), ("mul", (Ref(2), 2.0)), regime="exact")
    assert blamed(drawn, "maximum", lambda g: g * 2, 1) == ("maximum", 1)


def test_a_step_alone_keeps_values_and_gradient():
    drawn = program([A, B], *STEPS)
    run = execute(drawn, Traced(TORCH))
    single = alone(drawn, run, 2)
    assert single is not None
    assert [step.op for step in single.steps] == ["mm"]
    again = execute(single, TORCH)
    assert again.values[-1].tobytes() == run.values[4].tobytes()
    assert single.cotangents[0].tobytes() == run.intermediate[4].tobytes()
    assert single.order == drawn.order


def test_nobody_is_blamed_where_every_step_agrees():
    drawn = program([A, B], *STEPS)
    verdict = compare(drawn, TORCH, Faulty(TORCH, "sin", lambda g: g * 1.001, input=0))
    assert localize(drawn, TORCH, TORCH, verdict.mismatches[0]).op == ""
