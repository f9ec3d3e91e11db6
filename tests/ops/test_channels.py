"""Running statistics of channels: what training writes into them, and what a version counter sees of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.ops.same_as_torch import as_array, refusal

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 2, 4)) * 2 + 1
MEAN, VARIANCE = RNG.normal(size=2), RNG.uniform(0.5, 2, size=2)


@pytest.mark.parametrize("momentum", [0.1, 0.0, 1.0])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
def test_training_moves_running_statistics(name, dtype, momentum):
    found = []
    for lib in (torch, ad):
        x, mean, variance = (lib.tensor(a.tolist(), dtype=getattr(lib, dtype)) for a in (X, MEAN, VARIANCE))
        y = getattr(lib.nn.functional, name)(x, mean, variance, None, None, True, momentum)
        found.append([y, mean, variance])
        versions = mean._version, variance._version
        assert versions == ((0, 0) if name == "batch_norm" else (1, 1))
    for theirs, ours in zip(*found):
        np.testing.assert_allclose(as_array(ours), as_array(theirs), rtol=1e-5, atol=1e-6 if dtype == "float32" else 0)


@pytest.mark.parametrize(
    ("function", "given"),
    [
        ("batch_norm", lambda t: (t.ones(3, 2), t.ones(2), None, None, None, True)),
        ("batch_norm", lambda t: (t.ones(3, 2), None, None)),
        ("batch_norm", lambda t: (t.ones(1, 2), None, None, None, None, True)),
        ("batch_norm", lambda t: (t.ones(3, 2), t.ones(3), t.ones(2))),
        ("batch_norm", lambda t: (t.ones(3, 2), t.ones(2), t.ones(2), t.ones(3))),
        ("batch_norm", lambda t: (t.ones(3, 2), t.ones(2), t.ones(2), None, None, True, 0.1, 0.0)),
        ("batch_norm", lambda t: (t.ones(3, 2), t.ones(2), t.ones(2), None, None, False, 0.1, -1.0)),
        ("batch_norm", lambda t: (t.ones(3, 2).long(), t.ones(2), t.ones(2))),
        ("batch_norm", lambda t: (t.ones(3, 2).double(), t.ones(2), t.ones(2))),
        ("batch_norm", lambda t: (t.ones(3, 2), t.ones(2).double(), t.ones(2).double())),
        ("batch_norm", lambda t: (t.ones(3, 2), t.ones(2), t.ones(2).double())),
        ("instance_norm", lambda t: (t.ones(3, 2, 1),)),
        ("instance_norm", lambda t: (t.ones(3, 2, 4), None, None, None, None, False)),
        ("instance_norm", lambda t: (t.ones(3, 2, 4), None, None, t.ones(3))),
        ("group_norm", lambda t: (t.ones(3, 2, 4), 3)),
        ("group_norm", lambda t: (t.ones(3, 2, 4), 2, t.ones(3))),
        ("group_norm", lambda t: (t.ones(1, 2), 2)),
        ("group_norm", lambda t: (t.ones(2), 2)),
        ("group_norm", lambda t: (t.ones(3, 2, 4).long(), 2)),
        ("local_response_norm", lambda t: (t.ones(3, 2), 2)),
    ],
)
def test_refusals_are_torchs(function, given):
    said = [refusal(getattr(lib.nn.functional, function), *given(lib)) for lib in (torch, ad)]
    assert said[1] == said[0]


@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])  # torch's group_norm raises then
def test_a_bias_without_a_weight(name):
    found = []
    for lib in (torch, ad):
        x = lib.tensor(X.tolist(), dtype=lib.float64, requires_grad=True)
        bias = lib.tensor(MEAN.tolist(), dtype=lib.float64, requires_grad=True)
        y = getattr(lib.nn.functional, name)(x, None, None, None, bias, True)
        found.append([y, *lib.autograd.grad((y * y * y).sum(), [x, bias])])
    for theirs, ours in zip(*found):
        np.testing.assert_allclose(as_array(ours), as_array(theirs), atol=1e-10)
