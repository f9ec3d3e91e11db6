"""Gradients that stay, flags that change, modes that nest, copies; and that nothing lives longer than it must."""

from __future__ import annotations

import copy
import gc
import threading
import tracemalloc
import warnings

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import alike


def leaf(lib, *values):
    return lib.tensor(list(values) or [1.0, 2.0, 3.0], dtype=lib.float64, requires_grad=True)


def gradient_of_other_layout(lib):
    x = lib.ones(2, 3, requires_grad=True)
    held = x.grad = lib.ones(3, 2).t()
    (x * 2).sum().backward()
    return x.grad, x.grad is held, x.grad.stride(), held._version


def gradient_over_itself(lib):
    x = lib.ones(2, 3, requires_grad=True)
    x.grad = lib.ones(1).expand(2, 3)
    (x * 2).sum().backward()


def gradient_zeroed_or_dropped(lib):
    x = leaf(lib)
    found = []
    for reset in (lambda: x.grad.zero_(), lambda: setattr(x, "grad", None), lambda: None):
        (x * x).sum().backward()
        before = x.grad
        found.append(before.clone())
        reset()
        (x * 3).sum().backward()
        found += [x.grad.clone(), x.grad is before]
    return found


def retained_adds_up(lib):
    x = leaf(lib)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    (y * y).sum().backward(retain_graph=True)
    (y * y).sum().backward()
    return y.grad, x.grad


def hooks_outlive_the_flag(lib):
    x, seen = leaf(lib), []
    x.register_hook(lambda g: seen.append(1))
    x.requires_grad_(False)
    x.requires_grad_(True)
    (x * 2).sum().backward()
    return seen


def flag_toggled(lib):
    x = leaf(lib)
    y = x * 2
    x.requires_grad_(False)
    z = x * 3
    x.requires_grad = True
    (y.sum() + (x * 4).sum() + z.sum()).backward()
    return x.grad, z.requires_grad


def inputs_of_every_kind(lib):
    x = leaf(lib)
    y = x * x
    (y * y).sum().backward(inputs=[y, x, x])
    return y.grad, x.grad


def base_and_view(lib):
    x = leaf(lib)
    y = x * 2
    v = y[1:]
    return lib.autograd.grad((v * v).sum() + (y**3).sum(), [v, y, x])


def hook_walks_too(lib):
    x, w = leaf(lib), leaf(lib)
    y = x * 2
    y.register_hook(lambda g: (w * w).sum().backward() or (x * x).sum().backward())
    y.sum().backward()
    return x.grad, w.grad


def hook_in_the_second_order(lib):
    x = leaf(lib)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    return g, lib.autograd.grad(g.sum(), x)


def after_an_error(lib):
    x = leaf(lib)
    y = x * 2
    handle = y.register_hook(lambda g: {}["mine"])
    try:
        y.sum().backward()
    except KeyError:
        handle.remove()
    y.sum().backward()
    return x.grad, lib.is_grad_enabled()


def second_order_without_mode(lib):
    x = leaf(lib)
    y = (x * x * x).sum()
    with lib.no_grad():
        (g,) = lib.autograd.grad(y, x, create_graph=True)
    return g.requires_grad, lib.autograd.grad(g.sum(), x)


def enabled_in_inference(lib):
    with lib.inference_mode():
        with lib.enable_grad():
            inside = (lib.ones(2, requires_grad=True) * 2).requires_grad
        with lib.inference_mode(False):
            outside = (lib.ones(2, requires_grad=True) * 2).requires_grad
    return inside, outside, lib.is_grad_enabled()


def written_in_no_grad_view(lib):
    y = leaf(lib) * 1
    with lib.no_grad():
        v = y[1:]
    v.mul_(2)


def generator_in_generator(lib):
    @lib.no_grad()
    def inner():
        sent = yield lib.is_grad_enabled()
        yield sent, lib.is_grad_enabled()

    @lib.enable_grad()
    def outer():
        it = inner()
        yield next(it), lib.is_grad_enabled()
        yield it.send(5), lib.is_grad_enabled()

    return list(outer()), lib.is_grad_enabled()


def deep_copy(lib):
    x = leaf(lib)
    (x * x).sum().backward()
    y, again = copy.deepcopy([x, x])
    return y, y.grad, y.requires_grad, y is again, y.grad is x.grad


def empty(lib):
    x = lib.ones(0, 3, requires_grad=True)
    y = (x * x).sum(0)
    y.sum().backward()
    return y, x.grad


PROGRAMS = [
    gradient_of_other_layout, gradient_over_itself, gradient_zeroed_or_dropped, retained_adds_up,
    hooks_outlive_the_flag,
    flag_toggled, inputs_of_every_kind, base_and_view, hook_walks_too, hook_in_the_second_order, after_an_error,
    second_order_without_mode, enabled_in_inference, written_in_no_grad_view, generator_in_generator, deep_copy, empty,
    lambda l: copy.deepcopy(leaf(l) * 2),
    lambda l: setattr(l.ones(2), "requires_grad", 1),
    lambda l: l.autograd.grad(leaf(l).sum(), []),
    lambda l: (leaf(l) * 2).backward(np.ones(3)),
    lambda l: (leaf(l) * 2).sum().backward(2.0),
    lambda l: leaf(l).sum().backward(inputs=[]),
    lambda l: l.ones(0, requires_grad=True).backward(),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS)
def test_same_as_torch(program):
    alike(program)


def test_inference_tensors_have_no_version():
    with ad.inference_mode():
        x = ad.ones(2)
    with pytest.raises(RuntimeError, match="do not track version counter"):
        assert x._version


def test_a_gradient_with_a_graph_in_its_leaf_is_a_cycle_and_said_to_be_one():
    x = leaf(ad)
    with pytest.warns(UserWarning, match="reference cycle"):
        (x * x).sum().backward(create_graph=True)
    x.grad = None


# -- memory -----------------------------------------------------------------------------------------------------------


class Two(ad.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(x, y)
        return y, x * 2

    @staticmethod
    def backward(ctx, g, h):
        return g * ctx.saved_tensors[1] + 2 * h


class Written(ad.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 2


def hooked(x):
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: None)
    return (y * y).sum()


def written(x):
    y, c = x * 1, ad.zeros(3, dtype=ad.float64)
    v, w = y[1:], c[1:]
    v.mul_(2)
    y.sin_()
    y[0] = 5
    w.copy_(x[1:])
    c.add_(x)
    return (y * c).sum() + v.sum() * w.sum()


def several(x):
    a, b, c = x.unbind()
    s, _ = x.sort()
    left, right = x.split(2)
    return a * b + c + s.sum() + left.sum() * right.sum() + x.max(0)[0]


def composed(x):
    f, rows = ad.nn.functional, x.reshape(1, 3)
    return f.cross_entropy(rows, ad.tensor([1])) + f.softplus(x).sum() + f.layer_norm(rows, (3,)).sum() + x.std()


KINDS = [hooked, written, several, composed, lambda x: sum(Two.apply(x)).sum(), lambda x: Written.apply(x * 1).sum()]


@pytest.mark.parametrize("use", [lambda x, y: None, lambda x, y: y.backward(), lambda x, y: second(x, y)])
@pytest.mark.parametrize("function", KINDS)
def test_everything_goes_without_the_collector(function, use):
    def once():
        x = leaf(ad)
        use(x, function(x))

    once()
    gc.collect()
    gc.disable()
    try:
        once()
        assert gc.collect() == 0
    finally:
        gc.enable()


def second(x, y):
    (g,) = ad.autograd.grad(y, x, create_graph=True)
    if g.requires_grad:
        g.sum().backward()


def test_training_does_not_grow():
    numbers = np.random.default_rng(0)
    data, wanted = (ad.from_numpy(numbers.normal(size=s)) for s in ((32, 8), (32, 1)))
    weights = [ad.tensor(numbers.normal(size=s), requires_grad=True) for s in ((8, 16), (16,), (16, 1))]

    def step():
        loss = (((data @ weights[0] + weights[1]).tanh() @ weights[2] - wanted) ** 2).mean()
        for w in weights:
            w.grad = None
        loss.backward()
        with ad.no_grad():
            for w in weights:
                w -= 0.01 * w.grad

    for _ in range(20):
        step()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            step()
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_node_used_very_often_and_a_long_chain_of_views():
    x = ad.tensor([1.0], requires_grad=True)
    y = v = x * 1
    for _ in range(10_000):
        v = v.view(1)
    y.mul_(2)
    ad.stack([y * 1 for _ in range(10_000)]).sum().backward(retain_graph=True)
    assert x.grad.item() == 20_000
    v.sum().backward()
    assert x.grad.item() == 20_002


def test_threads_have_graphs_and_modes_of_their_own():
    wrong = []

    def work():
        try:
            for _ in range(50):
                x = leaf(ad)
                y = (x * x).exp().sum()
                with ad.no_grad():
                    assert not (x * 2).requires_grad
                y.backward()
                np.testing.assert_allclose(x.grad.numpy(), 2 * x.detach().numpy() * np.exp(x.detach().numpy() ** 2))
                1 / ad.zeros(2)
        except BaseException as error:
            wrong.append(error)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


@pytest.mark.parametrize("program", ["x.exp()", "x.reshape(100, 1000)", "x.tanh()"])
def test_a_gradient_becomes_its_leafs_without_a_copy(program):
    x = ad.ones(100_000, dtype=ad.float64, requires_grad=True)
    out = eval(program, {"x": x})
    seed = ad.ones(out.shape, dtype=ad.float64)
    tracemalloc.start()
    out.backward(seed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert x.grad is not None
    # A copy would stand beside the gradient itself.
    assert peak < 1.2 * 800_000


def _added_before_it_is_read(lib, kept, write):
    """`y.grad` lies in memory that the graph of x saved: a leaf takes its gradient before any older node runs."""
    x, y = lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)
    constant = lib.ones(2)
    y.grad = x if kept == "leaf" else constant
    loss = (x * (x if kept == "leaf" else constant) - y).sum()
    if not write:
        y.grad = None
    try:
        loss.backward()
    except RuntimeError as error:
        return "modified by an inplace operation" in str(error)
    return x.grad.tolist(), y.grad.tolist()


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("kept", ["leaf", "constant"])
def test_a_gradient_that_a_graph_has_saved(kept, write):
    ours, theirs = (_added_before_it_is_read(lib, kept, write) for lib in (ad, torch))
    assert ours == theirs
    assert (theirs is True) == write
