"""Reductions, ranks, bins and norms: conventions, errors and accuracy that drawn programs do not show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autodiff
from tests.core.side_by_side import agree
from tests.ops.same_as_torch import check

TIED = np.array([[2.0, 1.0, 2.0, 2.0, 1.0], [3.0, 3.0, 1.0, 1.0, 0.0]])
LOST = np.array([1.0, np.nan, 2.0, np.nan, 2.0])


@pytest.mark.parametrize(
    ("expression", "array"),
    [
        # ties
        ("lib.median(x)", TIED),
        ("lib.nanmedian(x)", LOST),
        ("lib.median(x)", LOST),
        ("lib.mode(x, 0)", TIED),
        ("lib.mode(x)", TIED),
        ("lib.cummax(x, 1)", TIED),
        ("lib.cummin(x, 0)", TIED),
        ("lib.aminmax(x)", TIED),
        ("lib.aminmax(x, dim=1, keepdim=True)", TIED),
        ("lib.norm(x, float('inf'))", TIED),
        ("lib.norm(x, -float('inf'), 1)", TIED),
        # nothing, and one
        ("lib.median(x)", np.zeros(0)),
        ("lib.median(x)", np.zeros(0, np.int64)),
        ("lib.nanmean(x)", np.array([np.nan])),
        ("lib.norm(x)", np.zeros(3)),
        ("lib.trapezoid(x)", np.ones((2, 1))),
        ("lib.cumulative_trapezoid(x)", np.ones((2, 1))),
        ("lib.diff(x, 5)", np.ones(3)),
        ("lib.var_mean(x, 1, correction=2)[1]", np.ones((2, 2))),
        ("lib.quantile(x, lib.tensor([0.5, 0.25], dtype=lib.float64), 0, True)", np.array(3.0)),
        ("lib.unique(x, return_inverse=True, return_counts=True)", np.zeros(0, np.int64)),
        ("lib.histc(x, 3)", np.zeros(0)),
        ("lib.bincount(x, minlength=3)", np.zeros(0, np.int64)),
        # dtypes
        ("lib.all(x, (0, 1))", np.ones((2, 2), np.uint8)),
        ("lib.any(x, 1, keepdim=True)", np.ones((2, 2), np.uint8)),
        ("lib.diff(x, 2)", np.array([True, False, False, True])),
        ("lib.diff(x)", np.array([3, 1], np.uint8)),
        ("lib.gradient(x, spacing=2)", np.array([1, 2, 4])),
        ("lib.cov(x, fweights=tensor([1, 2, 1]))", np.array([[1, 2, 4], [2, 0, 1]])),
        ("lib.nansum(x)", np.array([True, True])),
        ("lib.bincount(x, tensor([1.0, 2.0]))", np.array([1, 1])),
        ("lib.bincount(x, tensor([1, 2]))", np.array([1, 1])),
        # searching where nothing is in order
        ("lib.searchsorted(x, tensor([2.0, 4.0, 0.0, 6.0]))", np.array([5.0, 1.0, 3.0, 2.0])),
        ("lib.searchsorted(x, tensor([0.0, 1.0, np.nan]), right=True)", np.array([1.0, np.nan])),
        ("lib.searchsorted(x, tensor([1.5, 2.5]), sorter=tensor([1, 2, 0]))", np.array([3.0, 1.0, 2.0])),
        ("lib.histogram(x, tensor([0.0, 1.0, 3.0], dtype=lib.float64))", np.array([0.5, 1.0, 3.0])),
        ("lib.histogram(x, 2, weight=tensor([1.0, 2.0, 3.0], dtype=lib.float64), density=True)", np.arange(3.0)),
        ("lib.isin(2, x)", np.array([1, 2])),
        ("lib.bucketize(2, x)", np.array([1, 2])),
        # slices
        ("lib.unique(x, dim=1, return_inverse=True, return_counts=True)", np.array([[3, 1, 3], [1, 2, 1]])),
        ("lib.unique_consecutive(x, True, True, 0)", np.array([[1, 1], [1, 1], [2, 1]])),
    ],
)
def test_like_torch(expression: str, array: Any) -> None:
    if any(name in expression for name in ("trapezoid", "lib.unique", "histogram", "quantile")):
        agree_in_values(expression, array)
    else:
        check(expression, array)


def agree_in_values(expression: str, array: Any) -> None:
    """Without gradients: torch has none, or takes another way to the same one."""
    results = [eval(expression, {"lib": m, "np": np, "x": m.from_numpy(array), "tensor": m.tensor})
               for m in (torch, autodiff)]  # fmt: skip
    theirs, ours = ([*r] if isinstance(r, tuple) else [r] for r in results)
    for a, b in zip(theirs, ours, strict=True):
        assert str(a.dtype) == str(b.dtype)
        np.testing.assert_array_equal(b.numpy(), a.numpy())


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda m: m.ones(0).norm(float("inf")), "cannot compute the inf norm on an empty tensor"),
        (lambda m: m.ones(3, dtype=m.int64).norm(), "Expected a floating point or complex tensor as input. Got Long"),
        (lambda m: m.norm(m.ones(3, dtype=m.float64), dtype=m.float32), "without narrowing"),
        (lambda m: m.norm(m.ones(2), "x"), "Order x not supported."),
        (lambda m: m.ones(3).renorm(2, 0, 1.0), "needs at least 2 dimensions"),
        (lambda m: m.dist(m.ones(2, dtype=m.int64), m.ones(2, dtype=m.int64)), "Got Long instead"),
        (lambda m: m.quantile(m.ones(3), 1.5), "must be in the range [0, 1] but got 1.5"),
        (lambda m: m.quantile(m.ones(0), 0.5), "input tensor must be non-empty"),
        (lambda m: m.quantile(m.ones(3), m.tensor([[0.5]])), "must be a scalar or 1D tensor"),
        (lambda m: m.kthvalue(m.ones(3), 4), "selected number k out of range for dimension 0"),
        (lambda m: m.aminmax(m.ones(0)), "over an empty dimension"),
        (lambda m: m.cov(m.ones(3), fweights=m.ones(3)), "expected fweights to have integral dtype"),
        (lambda m: m.diff(m.tensor(1.0)), "at least one-dimensional"),
        (lambda m: m.trapezoid(m.ones(3), m.ones(2)), "one `x` value for each sample point"),
        (lambda m: m.gradient(m.ones(1)), "at least edge_order+1"),
        (lambda m: m.searchsorted(m.ones(2), m.ones(2), side="left", right=True), "can't be set to opposites"),
        (lambda m: m.histc(m.tensor([1.0, float("inf")])), "is not finite"),
        (lambda m: m.bincount(m.tensor([-1])), "1-d non-negative integral inputs"),
        (lambda m: m.unique(m.ones(0, 3), dim=1), "There are 0 sized dimensions"),
        (lambda m: m.isin(m.tensor([True]), m.tensor([True])), "Unsupported input type"),
    ],
)
def test_errors(program: Callable[[Any], Any], message: str) -> None:
    agree(program, message)


@pytest.mark.parametrize("name", ["unique", "unique_consecutive", "histogram"])
def test_what_torch_records_and_does_not_differentiate(name: str) -> None:
    raised = []
    for m in (torch, autodiff):
        x = m.tensor([1.0, 2.0], requires_grad=True)
        y = getattr(m, name)(x, 2)[0] if name == "histogram" else getattr(m, name)(x)
        assert y.requires_grad
        with pytest.raises((RuntimeError, NotImplementedError)) as caught:
            y.sum().backward()
        raised.append((type(caught.value), str(caught.value), y.grad_fn.name()))
    assert raised[0] == raised[1]


@pytest.mark.parametrize("name", ["median", "nanmedian", "kthvalue", "mode", "aminmax", "cummax", "cummin"])
def test_results_have_names(name: str) -> None:
    """And print as torch's."""
    shown = []
    for m in (torch, autodiff):
        x = m.tensor([[1.0, 2.0], [3.0, 0.0]])
        found = m.aminmax(x, dim=0) if name == "aminmax" else getattr(m, name)(x, 1)
        shown.append((type(found).__name__, repr(found)))
    assert shown[0] == shown[1]


def test_a_quantile_has_a_gradient_by_its_share() -> None:
    for m in (torch, autodiff):
        q = m.tensor([0.3, 0.6], requires_grad=True)
        m.quantile(m.tensor([1.0, 4.0, 2.0]), q).sum().backward()
        np.testing.assert_array_equal(q.grad.numpy(), [2.0, 4.0])


def test_norms_neither_overflow_nor_vanish() -> None:
    for scale in (1e200, 1e-200):
        for p in (2, 3, 1.5):
            x = autodiff.tensor([3 * scale, 4 * scale], dtype=autodiff.float64)
            exact = float(torch.norm(torch.tensor([3.0, 4.0], dtype=torch.float64), p)) * scale
            assert abs(x.norm(p).item() / exact - 1) < 1e-14


def test_the_nuclear_norm_is_the_sum_of_singular_values() -> None:
    a, grads = np.random.default_rng(0).normal(size=(2, 3, 4)), []
    for m in (torch, autodiff):
        x = m.tensor(a, requires_grad=True)
        y = m.norm(x, "nuc", (0, 2), True)
        y.sum().backward()
        grads.append((y.detach().numpy(), x.grad.numpy(), y.grad_fn.name()))
    np.testing.assert_allclose(grads[1][0], grads[0][0], rtol=1e-12)
    np.testing.assert_allclose(grads[1][1], grads[0][1], rtol=1e-11)


@pytest.mark.parametrize("n", [2048, 5000])
def test_long_recurrences_in_blocks(n: int) -> None:
    rng = np.random.default_rng(n)
    x = np.sign(rng.normal(size=n)) * rng.uniform(0.9, 1.1, size=n)
    x[n // 2] = 0.0
    seed, grads = rng.normal(size=n), []
    for m in (torch, autodiff):
        leaf = m.tensor(x, requires_grad=True)
        m.cumprod(leaf, 0).backward(m.tensor(seed))
        grads.append(leaf.grad.numpy())
    np.testing.assert_allclose(grads[1], grads[0], rtol=1e-9, atol=1e-12)
