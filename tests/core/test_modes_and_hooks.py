"""Grad modes, inference mode, hooks and Functions of one's own; each program in both libraries."""

from __future__ import annotations

import threading

import pytest

import autodiff as ad
from tests.core.side_by_side import agree


def _leaf(lib):
    return lib.tensor([1.0, 2.0], requires_grad=True)


def nested(lib):
    x = _leaf(lib)
    seen = []
    with lib.no_grad():
        seen.append((x * 2).requires_grad)
        with lib.enable_grad():
            seen.append((x * 2).requires_grad)
        seen.append((x * 2).requires_grad)
    seen.append((x * 2).requires_grad)
    with lib.set_grad_enabled(False):
        seen.append(lib.is_grad_enabled())
    return seen


def decorators(lib):
    x = _leaf(lib)

    @lib.no_grad()
    def called(y):
        return y * 2

    @lib.no_grad
    def bare(y):
        return y * 2

    @lib.no_grad()
    def generator():
        for _ in range(2):
            yield lib.is_grad_enabled()

    modes = []
    for inside in generator():
        modes.append((inside, lib.is_grad_enabled()))
    return called(x).requires_grad, bare(x).requires_grad, modes


def switched_for_good(lib):
    lib.set_grad_enabled(False)
    off = lib.is_grad_enabled()
    lib.set_grad_enabled(True)
    return off, lib.is_grad_enabled()


def restored_after_an_error(lib):
    try:
        with lib.no_grad():
            raise ValueError
    except ValueError:
        pass
    return lib.is_grad_enabled()


def inference(lib):
    x = _leaf(lib)
    with lib.inference_mode():
        y = x * 2
        made = lib.zeros(2)
    return y.requires_grad, y.is_inference(), made.is_inference(), (x * 2).is_inference(), lib.is_grad_enabled()


def leaf_inside_no_grad(lib):
    with lib.no_grad():
        w = lib.tensor([1.0], requires_grad=True)
    (w * 2).backward()
    return w.grad


def hook_replaces(lib):
    x = _leaf(lib)
    y = x * 2
    seen = []
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g.clone()))
    handle = x.register_hook(lambda g: g + 100)
    (y * y).sum().backward()
    handle.remove()
    first = x.grad.clone()
    x.grad = None
    (x * 1).sum().backward()
    return first, seen, x.grad


def hook_removes_itself(lib):
    x = _leaf(lib)
    count = []

    def once(g):
        count.append(1)
        handle.remove()

    handle = x.register_hook(once)
    for _ in range(2):
        (x * 2).sum().backward()
    return len(count)


def node_hooks(lib):
    x = _leaf(lib)
    y = x * 2
    order = []
    y.grad_fn.register_prehook(lambda gs: order.append("before"))
    y.grad_fn.register_hook(lambda gi, go: order.append("after"))
    y.register_hook(lambda g: order.append("tensor"))
    y.sum().backward()
    return order, x.grad


def post_accumulate(lib):
    x = _leaf(lib)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
    (x * x).sum().backward()
    return seen, x.grad


def custom_function(lib):
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, k):
            ctx.save_for_backward(x)
            ctx.k = k
            return x * x * x * k

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * ctx.k * x * x, None

    x = _leaf(lib)
    y = Cube.apply(x, 2.0)
    (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    return y, g, lib.autograd.grad(g.sum(), x), y.grad_fn.name()


def separate_context(lib):
    class Both(lib.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x * y, x + y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.seen = ctx.needs_input_grad

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return g * y + h, g * x + h

    x, y = _leaf(lib), _leaf(lib)
    p, s = Both.apply(x, y)
    (p * p).sum().backward()
    return x.grad, y.grad, p.output_nr, s.output_nr


def unmaterialised(lib):
    class Two(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            assert h is None
            return g * 2

    x = _leaf(lib)
    a, _ = Two.apply(x)
    a.sum().backward()
    return x.grad


def non_differentiable(lib):
    class Sorted(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y, rest = x * 2, x * 0
            ctx.mark_non_differentiable(rest)
            return y, rest

        @staticmethod
        def backward(ctx, g, h):
            return g * 2

    x = _leaf(lib)
    y, rest = Sorted.apply(x)
    y.sum().backward()
    return rest.requires_grad, y.requires_grad, x.grad


def dirty(lib):
    class Double(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = _leaf(lib)
    y = x * 1
    z = Double.apply(y)
    z.sum().backward()
    return z is y, y, x.grad


@pytest.mark.parametrize(
    "program",
    [
        nested,
        decorators,
        switched_for_good,
        restored_after_an_error,
        inference,
        leaf_inside_no_grad,
        hook_replaces,
        hook_removes_itself,
        node_hooks,
        post_accumulate,
        custom_function,
        separate_context,
        unmaterialised,
        non_differentiable,
        dirty,
    ],
)
def test_same_as_torch(program):
    agree(program)


def once(lib):
    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @lib.autograd.function.once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = _leaf(lib)
    (g,) = lib.autograd.grad((Square.apply(x * 1) * x).sum(), x, create_graph=True)
    g.sum().backward()


def too_few(lib):
    class Add(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g

    Add.apply(_leaf(lib), _leaf(lib)).sum().backward()


def inference_saved(lib):
    with lib.inference_mode():
        c = lib.zeros(2)
    return _leaf(lib) * c


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (once, "marked with @once_differentiable"),
        (too_few, "returned an incorrect number of gradients"),
        (inference_saved, "Inference tensors cannot be saved for backward"),
        (lambda lib: lib.zeros(2).register_hook(print), "cannot register a hook on a tensor that doesn't require"),
        (lambda lib: lib.zeros(2).retain_grad(), "can't retain_grad on Tensor that has requires_grad=False"),
    ],
    ids=lambda p: getattr(p, "__name__", str(p)[:30]),
)
def test_same_error_as_torch(program, message):
    agree(program, message)


def test_grad_mode_belongs_to_its_thread():
    seen = []
    with ad.no_grad():
        thread = threading.Thread(target=lambda: seen.append(ad.is_grad_enabled()))
        thread.start()
        thread.join()
        seen.append(ad.is_grad_enabled())
    assert seen == [True, False]
