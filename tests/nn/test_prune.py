"""nn.utils.prune and nn.utils.stateless beside torch's."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch

import autodiff as ad


def lenet(lib):
    lib.manual_seed(0)
    nn = lib.nn
    return nn.Sequential(nn.Conv2d(1, 4, 2), nn.Flatten(), nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 4)).double()


PRUNED = {
    "least": lambda p, m: p.l1_unstructured(m[2], "weight", 0.3),
    "so many of a bias": lambda p, m: p.l1_unstructured(m[2], "bias", amount=2),
    "by importance": lambda p, m: p.l1_unstructured(m[2], "weight", 7, importance_scores=-m[2].weight.abs()),
    "at random": lambda p, m: p.random_unstructured(m[2], "weight", 0.5),
    "rows at random": lambda p, m: p.random_structured(m[2], "weight", 2, dim=0),
    "filters": lambda p, m: p.ln_structured(m[0], "weight", 0.5, 2, 0),
    "columns by the largest": lambda p, m: p.ln_structured(m[2], "weight", 3, float("inf"), -1),
    "none": lambda p, m: p.random_structured(m[2], "weight", 0, 1),
    "a mask": lambda p, m: p.custom_from_mask(m[4], "weight", (m[4].weight > 0)),
    "identity": lambda p, m: p.identity(m[4], "bias"),
    "twice": lambda p, m: p.l1_unstructured(p.random_unstructured(m[2], "weight", 9), "weight", 0.25),
    "rows, then elements": lambda p, m: p.l1_unstructured(p.ln_structured(m[2], "weight", 2, 1, 0), "weight", 5),
    "elements, then rows": lambda p, m: p.ln_structured(p.l1_unstructured(m[2], "weight", 5), "weight", 2, 1, 0),
    "a mask, then rows": lambda p, m: p.random_structured(
        p.custom_from_mask(m[4], "weight", m[4].weight > 0), "weight", 1, 0
    ),
    "together": lambda p, m: p.global_unstructured(
        [(m[0], "weight"), (m[2], "weight"), (m[4], "bias")], p.L1Unstructured, amount=0.4
    ),
    "together, after one": lambda p, m: [
        p.l1_unstructured(m[2], "weight", 0.5),
        p.global_unstructured([(m[0], "weight"), (m[2], "weight")], pruning_method=p.RandomUnstructured, amount=20),
    ],
}


def prune_of(lib):
    return importlib.import_module(f"{lib.__name__}.nn.utils.prune")


def assert_equal(theirs, ours):
    for a, b in zip(theirs, ours, strict=True):
        if isinstance(a, torch.Tensor):
            np.testing.assert_allclose(b.detach().numpy(), a.detach().numpy(), rtol=1e-12, atol=1e-14, strict=True)
        else:
            assert b == a


@pytest.mark.parametrize("name", PRUNED)
def test_a_pruned_model_trains_and_is_made_ordinary_again(name):
    found = []
    for lib in (torch, ad):
        p, m = prune_of(lib), lenet(lib)
        PRUNED[name](p, m)
        told = [p.is_pruned(m), list(m.state_dict()), repr(m), [n for n, _ in m.named_parameters()]]
        x = lib.sin(lib.arange(18.0, dtype=lib.float64)).reshape(2, 1, 3, 3)
        optimizer = lib.optim.SGD(m.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            y = m(x)
            (y**2).sum().backward()
            optimizer.step()
            told += [y, *(t.grad for t in m.parameters())]
        told += m.state_dict().values()
        for inner in m:
            for key in [n.removesuffix("_orig") for n, _ in inner.named_parameters() if n.endswith("_orig")]:
                assert p.remove(inner, key) is inner
                assert isinstance(getattr(inner, key), lib.nn.Parameter)
        told += [p.is_pruned(m), list(m.state_dict()), *m.state_dict().values(), m(x), lib.rand(1)]
        found.append(told)
    assert_equal(*found)


REFUSED = {
    "not pruned": lambda p, m: p.remove(m[2], "weight"),
    "too many": lambda p, m: p.l1_unstructured(m[2], "weight", 999),
    "too large a share": lambda p, m: p.random_unstructured(m[2], "weight", 1.5),
    "less than none": lambda p, m: p.random_unstructured(m[2], "weight", -1),
    "no number": lambda p, m: p.random_unstructured(m[2], "weight", "half"),
    "channels of a vector": lambda p, m: p.ln_structured(m[2], "bias", 1, 2, 0),
    "no such dimension": lambda p, m: p.random_structured(m[2], "weight", 1, 2),
    "another shape": lambda p, m: p.custom_from_mask(m[2], "weight", m[2].bias > 0),
    "importances of another shape": lambda p, m: p.l1_unstructured(m[2], "weight", 1, importance_scores=m[2].bias),
    "no list": lambda p, m: p.global_unstructured(3, p.L1Unstructured, amount=1),
    "channels together": lambda p, m: p.global_unstructured([(m[2], "weight")], p.LnStructured, amount=1, n=2),
    "another parameter": lambda p, m: p.PruningContainer(p.L1Unstructured.apply(m[2], "weight", 1)).add_pruning_method(
        p.L1Unstructured.apply(m[2], "bias", 1)
    ),
    "no method": lambda p, m: p.PruningContainer(p.L1Unstructured.apply(m[2], "weight", 1)).add_pruning_method(3),
    "nothing given": lambda p, m: p.BasePruningMethod(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    found = []
    for lib in (torch, ad):
        m = lenet(lib)
        with pytest.raises(Exception) as raised:  # noqa: PT011
            REFUSED[name](prune_of(lib), m)
        found.append((raised.type, str(raised.value).split()[:3], sorted(m.state_dict())))
    assert found[0] == found[1]


def test_methods_by_themselves():
    found = []
    for lib in (torch, ad):
        p, m = prune_of(lib), lenet(lib)
        t = lib.tensor([1.0, -3.0, 2.0])
        first = p.L1Unstructured.apply(m[2], "weight", 3)
        container = p.RandomStructured.apply(m[2], "weight", 1, 1)
        found.append(
            [
                p.L1Unstructured(2).prune(t),
                p.L1Unstructured(1).prune(t, default_mask=t > 1.5),
                p.L1Unstructured(1).prune(t, importance_scores=-t),
                len(container),
                container[0] is first,
                [(type(x).__name__, x.PRUNING_TYPE) for x in container],
                type(container).__name__,
            ]
        )
    assert_equal(*found)


def test_a_method_of_ones_own():
    found = []
    for lib in (torch, ad):
        p, m = prune_of(lib), lenet(lib)

        class EverySecond(p.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        EverySecond.apply(m[2], "weight")
        EverySecond.apply(m[2], "weight")
        found.append([m[2].weight_mask, m[2].weight])
    assert_equal(*found)


def test_a_module_called_with_other_tensors():
    found = []
    for lib in (torch, ad):
        stateless = importlib.import_module(f"{lib.__name__}.nn.utils.stateless")
        m = lenet(lib)
        x = lib.ones(1, 1, 3, 3, dtype=lib.float64)
        w = lib.ones(4, 5, dtype=lib.float64, requires_grad=True)
        with pytest.warns(FutureWarning, match="torch.func.functional_call"):
            y = stateless.functional_call(m, {"4.weight": w}, x)
        y.sum().backward()
        told = [y, w.grad, m[4].weight.grad is None, m(x)]
        for given, options in (({"5.weight": w}, {"strict": True}), ({"4.weight": 3}, {})):
            with pytest.warns(FutureWarning), pytest.raises(Exception) as raised:  # noqa: PT011
                stateless.functional_call(m, given, (x,), **options)
            told.append(raised.type)
        found.append(told)
    assert_equal(*found)
