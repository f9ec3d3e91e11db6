"""The tape goes when its last reference goes, without the garbage collector, whatever was hung on it."""

from __future__ import annotations

import contextlib
import gc
import weakref

import pytest

import autodiff as ad
from autodiff.utils.checkpoint import checkpoint, set_checkpoint_early_stop

graph = ad.autograd.graph


def hooks_on_nodes(x):
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: None)
    y.grad_fn.register_prehook(lambda go: None)
    y.grad_fn.metadata["mine"] = 1
    return (y * y).sum()


def hooks_on_leaves(x):
    x.register_post_accumulate_grad_hook(lambda p: None)
    (x * 1).grad_fn.next_functions[0][0].register_hook(lambda gi, go: None)
    return (x * x).sum()


def hooks_on_several(x):
    a, b = x * 2, x.unbind()[0]
    graph.register_multi_grad_hook([a, b, x], lambda gs: None)
    graph.register_multi_grad_hook([a, b], lambda g: None, mode="any")
    a.retain_grad()
    b.retain_grad()
    return a.sum() * b


def edges(x):
    y = x * x
    edge = graph.get_gradient_edge(y)
    return (y * 2).sum() * edge.output_nr + y.sum()


def packed(x):
    with graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
        y = (x * x).exp().reshape(1, 3)
        return ad.nn.functional.softplus(y).sum() + Keeps.apply(x).sum() + y.std() + y.max(1)[0].sum()


class Keeps(ad.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g + 0 * x * y


def packed_later(x):
    y = x * x
    raw = y.grad_fn._raw_saved_self
    raw.register_hooks(lambda t: t.detach(), lambda t: t)
    return y.sum() + y.grad_fn._saved_other.sum()


def on_the_cpu(x):
    with graph.save_on_cpu(), graph.allow_mutation_on_saved_tensors():
        pass
    with graph.save_on_cpu():
        return (x.exp() * x).sum()


def in_a_region(x):
    return checkpoint(lambda a: (a * a).sin().exp(), x, use_reentrant=False).sum()


def in_nested_regions(x):
    def inner(a):
        return checkpoint(lambda b: b.sin() * b, a * a, use_reentrant=False) * a

    with set_checkpoint_early_stop(False):
        return checkpoint(inner, x, use_reentrant=False).sum()


def in_a_region_with_hooks(x):
    def function(a):
        b = a * a
        b.register_hook(lambda g: None)
        return b.exp()

    return checkpoint(function, x, use_reentrant=False).sum()


def watched(x):
    with ad.autograd.set_detect_anomaly(True):
        y = (x * x).exp()
        return y.sum()


def stale_views(x):
    y = x * 1
    v, w = y[1:], y.reshape(1, 3)
    v.retain_grad()
    y.mul_(2)
    return v.sum() + w.sum()


def views_without_a_way(x):
    y = x * 1
    with ad.no_grad():
        v = y[1:]
    with ad.inference_mode():
        w = y[1:]
    return (v * 2).sum() + w.sum() + y.sum()


KINDS = [
    hooks_on_nodes, hooks_on_leaves, hooks_on_several, edges, packed, packed_later, on_the_cpu, in_a_region,
    in_nested_regions, in_a_region_with_hooks, watched, stale_views, views_without_a_way,
]  # fmt: skip


def backward(x, y):
    y.backward()


def retained(x, y):
    y.backward(retain_graph=True)
    y.backward()


def asked(x, y):
    ad.autograd.grad(y, [x])


def second(x, y):
    (g,) = ad.autograd.grad(y, x, create_graph=True)
    if g.requires_grad:
        g.sum().backward()


def failing(x, y):
    y.register_hook(lambda g: {}["mine"])
    with contextlib.suppress(KeyError):
        y.backward()


@pytest.fixture(scope="module", autouse=True)
def frozen():
    """What exists already is not looked at: a collection costs next to nothing then."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("use", [lambda x, y: None, backward, retained, asked, second, failing])
@pytest.mark.parametrize("function", KINDS)
def test_everything_goes_without_the_collector(function, use):
    def once():
        x = ad.tensor([1.0, 2.0, 3.0], dtype=ad.float64, requires_grad=True)
        gone.append(weakref.ref(x))
        use(x, function(x))

    gone = []
    once()
    gc.collect()
    gc.disable()
    try:
        once()
        assert gone[-1]() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_a_backward_used_goes_with_it():
    x = ad.ones(3, requires_grad=True)
    kept = []
    with graph.saved_tensors_hooks(lambda t: kept.append(weakref.ref(d := t.detach())) or d, lambda t: t):
        y = (x * x).exp().sum()
    assert all(ref() is not None for ref in kept)
    y.backward()
    assert all(ref() is None for ref in kept)


def test_a_region_keeps_nothing_until_it_is_needed():
    inside = []

    def function(a):
        b = a.exp()
        inside.append(weakref.ref(b))
        return b.exp().exp()

    x = ad.ones(3, requires_grad=True)
    y = checkpoint(function, x, use_reentrant=False)
    assert inside[0]() is None
    y.sum().backward()
    assert len(inside) == 2
    assert inside[1]() is None
