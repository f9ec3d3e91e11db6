"""Activations in place, in training and in torch's refusals: what no row of the catalogue can say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad
from parity.compare.yardstick import RUNS, allowed, deviation

VALUES = np.array([[-4.0, -3.0, -0.5, -0.0], [0.0, 0.25, 0.5, 6.5], [1.0, 3.0, 6.0, -1.0]])

WRITING = {
    "relu6": lambda F, x: F.relu6(x, inplace=True),
    "relu_": lambda F, x: F.relu_(x),
    "elu": lambda F, x: F.elu(x, 0.5, True),
    "elu_": lambda F, x: F.elu_(x, 2.0, 1.5, 0.5),
    "celu_": lambda F, x: F.celu_(x, 2.0),
    "selu_": lambda F, x: F.selu_(x),
    "hardtanh_": lambda F, x: F.hardtanh_(x, -0.5, 3.0),
    "leaky_relu_": lambda F, x: F.leaky_relu_(x, 0.25),
    "rrelu_": lambda F, x: F.rrelu_(x),
    "threshold_": lambda F, x: F.threshold_(x, 0.25, -2.0),
    "silu": lambda F, x: F.silu(x, inplace=True),
    "mish": lambda F, x: F.mish(x, inplace=True),
    "hardswish": lambda F, x: F.hardswish(x, inplace=True),
    "hardsigmoid": lambda F, x: F.hardsigmoid(x, inplace=True),
}

FORMS = {"silu": lambda F, x: F.silu(x), "mish": lambda F, x: F.mish(x)}


def written(lib, name, afterwards):
    """What the gradient is, its node's name, or the error, after writing once more into the result."""
    x = lib.tensor(VALUES, requires_grad=True)
    y = x * 1
    assert WRITING[name](lib.nn.functional, y) is y
    node = type(y.grad_fn).__name__
    values = y.detach().numpy().copy()
    if afterwards:
        y.mul_(2)
    try:
        y.sum().backward()
    except RuntimeError as error:
        return node, values, str(error).partition("[")[0]
    return node, values, x.grad.numpy()


@pytest.mark.parametrize("afterwards", [False, True])
@pytest.mark.parametrize("name", WRITING)
def test_in_place_forms_save_what_torch_saves(name, afterwards):
    (node, values, result), (their_node, their_values, theirs) = (written(lib, name, afterwards) for lib in (ad, torch))
    assert node == their_node
    np.testing.assert_allclose(values, their_values, rtol=1e-15)
    if isinstance(theirs, str):
        assert result == theirs
    else:
        np.testing.assert_allclose(result, theirs, rtol=1e-7 if name == "hardsigmoid" else 1e-14)


@pytest.mark.parametrize("name", ["mish", "silu"])
def test_second_derivatives_are_those_of_the_form_that_writes_nowhere(name):
    """Bit for bit: there torch's cancel far out, and programs hold ours against the truth."""
    values = VALUES[VALUES != 0] + 0.125
    pairs = zip(*(second_derivatives(ad, form, values, values[::-1]) for form in (WRITING[name], FORMS[name])))
    for written, plain in pairs:
        np.testing.assert_array_equal(written, plain)


@pytest.mark.parametrize("name", sorted(set(WRITING) - {"hardsigmoid", "mish", "silu"}))
def test_second_derivatives_of_in_place_forms(name):
    """By the input and by what comes in, away from kinks and ties; the yardstick says how far from torch's."""
    values = VALUES[VALUES != 0] + 0.125
    ours, theirs = (second_derivatives(lib, WRITING[name], values, values[::-1]) for lib in (ad, torch))
    random = np.random.default_rng(0)
    nudged = []
    for _ in range(RUNS):
        signs = random.choice([-1, 1], (2, values.size)) * np.finfo(values.dtype).eps
        moved = values * (1 + signs[0]), values[::-1] * (1 + signs[1])
        nudged.append(second_derivatives(torch, WRITING[name], *moved))
    for part, (a, b) in enumerate(zip(ours, theirs)):
        spread = np.max([deviation(b, run[part]) for run in nudged], axis=0)
        assert (deviation(a, b) <= allowed(b, spread)).all()


def second_derivatives(lib, form, values, incoming):
    """By x and by the gradient that comes in, of the first gradient; zeros where there is none."""
    x, g = lib.tensor(values, requires_grad=True), lib.tensor(incoming.copy(), requires_grad=True)
    (first,) = lib.autograd.grad(form(lib.nn.functional, x * 1), x, g, create_graph=True)
    found = lib.autograd.grad((first * lib.tensor(values**2)).sum(), [x, g], allow_unused=True)
    # A second derivative that is 0 everywhere may be left out.
    return [np.zeros_like(values) if d is None else d.numpy() for d in found]


def test_rrelu_in_training_draws_a_slope_for_what_is_not_positive():
    x = ad.tensor(VALUES, requires_grad=True)
    y = ad.rrelu(x, 0.25, 0.5, training=True)
    y.sum().backward()
    slope = x.grad.numpy()
    assert (slope[VALUES > 0] == 1).all()
    assert ((slope >= 0.25) & (slope < 0.5))[VALUES <= 0].all()
    assert len(set(slope[VALUES <= 0])) > 1
    np.testing.assert_array_equal(y.detach().numpy(), VALUES * slope)


def test_gumbel_softmax_draws_by_the_scores():
    ad.manual_seed(0)
    scores = ad.tensor(np.log([0.1, 0.2, 0.7]) * np.ones((4000, 1)), requires_grad=True)
    hard = ad.nn.functional.gumbel_softmax(scores, tau=0.5, hard=True)
    np.testing.assert_allclose(hard.detach().numpy().mean(0), [0.1, 0.2, 0.7], atol=0.03)
    assert set(np.unique(hard.detach().numpy().round(12))) == {0.0, 1.0}
    (hard[:, 0]).sum().backward()
    assert (scores.grad.numpy() != 0).all()  # the soft one's gradient


REFUSED = {
    "hardtanh of bool": lambda F, x: F.hardtanh(x > 0),
    "bounds": lambda F, x: F.hardtanh(x, 1, -1),
    "whole numbers": lambda F, x: F.elu(x.int()),
    "celu of 0": lambda F, x: F.celu(x, 0.0),
    "rrelu": lambda F, x: F.rrelu(x, 0.5, 0.25),
    "softshrink": lambda F, x: F.softshrink(x, -1.0),
    "odd": lambda F, x: F.glu(x, 0),
    "0-dim": lambda F, x: F.glu(x[0, 0]),
    "prelu's shape": lambda F, x: F.prelu(x, x[0, :3]),
    "prelu's dimensions": lambda F, x: F.prelu(x, x[:, :1]),
    "prelu's dtype": lambda F, x: F.prelu(x, x[0].float()),
    "gumbel": lambda F, x: F.gumbel_softmax(x.int()),
    "complex silu": lambda F, x: F.silu((x * 1j).requires_grad_()),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused_in_its_words(name):
    raised = []
    for lib in (torch, ad):
        with pytest.raises((RuntimeError, ValueError, NotImplementedError)) as caught:
            REFUSED[name](lib.nn.functional, lib.tensor(VALUES))
        raised.append((caught.type, str(caught.value)))
    assert raised[0] == raised[1]


def test_hardsigmoid_has_no_second_derivative():
    for lib in (torch, ad):
        x = lib.tensor(VALUES, requires_grad=True)
        (g,) = lib.autograd.grad(lib.nn.functional.hardsigmoid(x).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="derivative for aten::hardsigmoid_backward is not implemented"):
            lib.autograd.grad(g.sum(), x)
