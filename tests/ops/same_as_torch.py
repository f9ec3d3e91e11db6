"""One expression, `lib` being torch, then autodiff: results, gradients, layouts and errors must agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autodiff as ad


def answer(lib: Any, expression: str, array: Any) -> Any:
    """What the expression gives with x over this array, requiring grad if it can, or its exception."""
    x = lib.from_numpy(np.array(array))
    if x.is_floating_point() or x.is_complex():
        x.requires_grad_()
    try:
        return x, eval(expression, {"lib": lib, "np": np, "x": x, "tensor": lib.tensor})
    except Exception as error:
        return x, error


def as_array(t: Any) -> Any:
    return t.detach().resolve_conj().numpy() if isinstance(t, torch.Tensor) else np.asarray(t.detach())


def assert_alike(theirs: Any, ours: Any) -> None:
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        assert type(ours) is type(theirs), f"{theirs!r} but here {ours!r}"
    elif isinstance(theirs, torch.Tensor):
        a, b = as_array(theirs), as_array(ours)
        assert (b.dtype, b.shape) == (a.dtype, a.shape)
        np.testing.assert_array_equal(b, a)
        assert ours.requires_grad == theirs.requires_grad
        if theirs.grad_fn is not None:
            assert ours.grad_fn.name() == theirs.grad_fn.name()
            assert ours._is_view() == theirs._is_view()
        if a.size:
            assert ours.stride() == theirs.stride()
    elif isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs)
        for a, b in zip(theirs, ours):
            assert_alike(a, b)
    else:
        assert repr(ours) == repr(theirs)


def results(value: Any) -> list[Any]:
    found = list(value) if isinstance(value, (tuple, list)) else [value]
    return [t for t in found if isinstance(t, (torch.Tensor, ad.Tensor)) and t.requires_grad]


def gradient(lib: Any, x: Any, value: Any, *, create_graph: bool) -> Any:
    """The gradient under random weights, the same for both."""
    random = np.random.default_rng(1)
    outs = results(value)
    seeds = [lib.from_numpy(np.asarray(random.standard_normal(tuple(o.shape))).astype(as_array(o).dtype)) for o in outs]
    return as_array(lib.autograd.grad(outs, [x], seeds, create_graph=create_graph, retain_graph=True)[0])


def check(expression: str, array: Any) -> None:
    """Assert that values, dtypes, layouts, graph nodes, errors and gradients agree."""
    (tx, theirs), (ax, ours) = answer(torch, expression, array), answer(ad, expression, array)
    assert_alike(theirs, ours)
    if not isinstance(theirs, Exception) and results(theirs):
        wanted = gradient(torch, tx, theirs, create_graph=False)
        for create_graph in (False, True):
            np.testing.assert_allclose(
                gradient(ad, ax, ours, create_graph=create_graph), wanted, rtol=1e-12, atol=1e-13
            )


def refusal(call: Callable[..., Any], *given: Any) -> tuple[type, str]:
    """The exception that a call raises, and what it says."""
    try:
        call(*given)
    except Exception as error:
        return type(error), str(error)
    raise AssertionError("nothing was refused")
