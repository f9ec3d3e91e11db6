"""Gradients of saved results that look at the argument too: more exact than the result alone, never led astray."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import autodiff

#: An operator, an argument at which its result has lost the gradient, and that gradient.
LOST = {
    "tanh": (22.0, 4 * math.exp(-44.0)),
    "sigmoid": (40.0, math.exp(-40.0)),
    "expm1": (-40.0, math.exp(-40.0)),
}
WRITTEN = {
    "after": lambda lib, op, x: (lambda h: (getattr(h, op)(), h.add_(1.5))[0])(x * 1),
    "behind its back": lambda lib, op, x: (lambda h: (getattr(h, op)(), h.data.mul_(3))[0])(x * 1),
    "in place": lambda lib, op, x: getattr(x * 1, f"{op}_")(),
}


@pytest.mark.parametrize("op", LOST)
@pytest.mark.parametrize("count", [1, 4, 100, 70_000])
def test_the_argument_tells_what_the_result_has_lost(op, count):
    at, slope = LOST[op]
    x = autodiff.full((count,), at, dtype=autodiff.float64, requires_grad=True)
    getattr(x, op)().sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), slope, rtol=1e-14)
    y = getattr(x, op)()
    (g,) = autodiff.autograd.grad(y.sum(), x, create_graph=True)
    np.testing.assert_array_equal(g.detach().numpy(), x.grad.numpy())


@pytest.mark.parametrize("op", [*LOST, "rsqrt"])
@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("shape", [(), (6,), (50,), (5000,)])
def test_an_argument_written_over_is_not_believed(op, how, shape):
    values = np.random.default_rng(0).uniform(0.1, 3, shape)
    found = []
    for lib in (torch, autodiff):
        x = lib.tensor(values.tolist(), dtype=lib.float64, requires_grad=True)
        WRITTEN[how](lib, op, x).sum().backward()
        found.append(np.asarray(x.grad.numpy()))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-13)


@pytest.mark.parametrize("op", [*LOST, "rsqrt"])
def test_the_second_derivative_goes_by_the_result_as_torchs_does(op):
    shown = []
    for lib in (torch, autodiff):
        x = lib.tensor([0.3, 1.7], dtype=lib.float64, requires_grad=True)
        y = getattr(x, op)()
        y.retain_grad()
        (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
        g.sum().backward()
        shown.append((g.grad_fn.name(), len(g.grad_fn.next_functions), y.grad.tolist(), x.grad.tolist()))
    assert shown[1][:2] == shown[0][:2]
    np.testing.assert_allclose(shown[1][2:], shown[0][2:], rtol=1e-13)


@pytest.mark.parametrize("op", ["rsqrt", "expm1"])
def test_what_is_infinite_by_the_result_is_no_number_by_an_argument_written_over(op):
    """An infinite slope allows any doubt: what lies in the argument's memory now must not pass for it."""
    for x in (1e-310, 1000.0):
        slopes = []
        for lib in (torch, autodiff):
            leaf = lib.tensor([x], dtype=lib.float64, requires_grad=True)
            y = leaf * 1
            getattr(y, f"{op}_")().backward(lib.ones(1, dtype=lib.float64))
            z = leaf * 1
            result = getattr(z, op)()
            z.fill_(3.0)
            result.backward(lib.ones(1, dtype=lib.float64))
            slopes.append(leaf.grad.tolist())
        assert slopes[1] == pytest.approx(slopes[0], rel=1e-14)
