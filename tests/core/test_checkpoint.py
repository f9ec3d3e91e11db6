"""utils.checkpoint, with and without re-entry, each program in both libraries."""

from __future__ import annotations

import contextlib
import importlib

import pytest

from tests.core.side_by_side import alike, same

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


def door(lib):
    return importlib.import_module(f"{lib.__name__}.utils.checkpoint")


def leaf(lib, *values):
    return lib.tensor(list(values) or [1.0, 2.0, 3.0], dtype=lib.float64, requires_grad=True)


def region(x, y):
    return (x * y).sin().exp() * x


def run(lib, function, *args, **kwargs):
    return door(lib).checkpoint(function, *args, **kwargs)


@pytest.mark.parametrize("reentrant", [True, False])
def test_gradients_and_how_often_it_runs(reentrant):
    def of(lib):
        x, y, calls = leaf(lib), leaf(lib, 0.5, 0.25, 2.0), []

        def watched(a, b):
            calls.append((a.requires_grad, lib.is_grad_enabled()))
            return region(a, b)

        z = run(lib, watched, x * 2, y, use_reentrant=reentrant)
        before = list(calls)
        (z * z).sum().backward()
        return z, x.grad, y.grad, before, calls, z.grad_fn.name()

    same(of)


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("preserve", [True, False])
def test_the_same_random_numbers(reentrant, preserve):
    def of(lib):
        x, drawn = leaf(lib), []

        def noisy(a):
            noise = lib.rand(3)
            drawn.append(noise.clone())
            return a * noise.double() * a

        lib.manual_seed(3)
        run(lib, noisy, x, use_reentrant=reentrant, preserve_rng_state=preserve).sum().backward()
        return x.grad, drawn, lib.rand(2)

    same(of)


@program
def twice_with_a_retained_graph(lib):
    x, calls = leaf(lib), []
    z = run(lib, lambda a: calls.append(1) or region(a, a), x, use_reentrant=False).sum()
    z.backward(retain_graph=True)
    z.backward(retain_graph=True)
    return x.grad, len(calls)


@program
def second_derivatives(lib):
    x = leaf(lib)
    z = run(lib, region, x, x, use_reentrant=False).sum()
    (g,) = lib.autograd.grad(z, x, create_graph=True)
    return g, lib.autograd.grad(g.sum(), x)


@program
def keyword_arguments(lib):
    x = leaf(lib)
    z = run(lib, lambda a, *, by: a * a * by, x, use_reentrant=False, by=x)
    z.sum().backward()
    return x.grad


@program
def grad_and_inputs(lib):
    x, y = leaf(lib), leaf(lib)
    z = run(lib, region, x, y, use_reentrant=False).sum()
    first = lib.autograd.grad(z, x, retain_graph=True)
    z.backward(inputs=[y])
    return first, x.grad, y.grad


@program
def nested(lib):
    x, calls = leaf(lib), []

    def inner(a):
        calls.append("inner")
        return a.sin() * a

    def outer(a):
        calls.append("outer")
        return run(lib, inner, a.exp(), use_reentrant=False).cos() * a

    run(lib, outer, x, use_reentrant=False).sum().backward()
    return x.grad, calls


@program
def nested_reentrant(lib):
    x, calls = leaf(lib), []

    def inner(a):
        calls.append("inner")
        return a.sin() * a

    def outer(a):
        calls.append("outer")
        return run(lib, inner, a.exp(), use_reentrant=True).cos() * a

    run(lib, outer, x, use_reentrant=True).sum().backward()
    return x.grad, calls


@pytest.mark.parametrize("stops", [True, False])
def test_early_stop(stops):
    def of(lib):
        x, seen = leaf(lib), []

        def function(a):
            b = a.sin().exp()
            seen.append("saved")
            c = b + 1
            seen.append("rest")
            return c

        with door(lib).set_checkpoint_early_stop(stops):
            z = run(lib, function, x, use_reentrant=False)
        z.sum().backward()
        return seen, x.grad, run(lib, function, x, use_reentrant=False, early_stop=stops).sum().backward(), seen

    same(of)


@program
def contexts(lib):
    x, seen = leaf(lib), []

    @contextlib.contextmanager
    def tells(name):
        seen.append(f"enter {name}")
        yield
        seen.append(f"leave {name}")

    z = run(lib, region, x, x, use_reentrant=False, context_fn=lambda: (tells("forward"), tells("again")))
    seen.append("between")
    z.sum().backward()
    return seen, x.grad


@program
def several_outputs_and_other_arguments(lib):
    x = leaf(lib)
    for reentrant in (True, False):
        a, b, c = run(lib, lambda t, k, n: (t * t * k, t.exp(), k), x, 3, None, use_reentrant=reentrant)
        (a * b).sum().backward()
    return x.grad, c


@program
def under_no_grad(lib):
    x = leaf(lib)
    with lib.no_grad():
        return run(lib, region, x, x, use_reentrant=False).requires_grad


@program
def sequential(lib):
    x, steps = leaf(lib), [lambda t: t.sin(), lambda t: t * t, lambda t: t.exp(), lambda t: t + 1, lambda t: t.cos()]
    for reentrant in (True, False):
        door(lib).checkpoint_sequential(steps, 2, x, use_reentrant=reentrant).sum().backward()
    return x.grad


@program
def leaves_that_are_no_argument(lib):
    x, w = leaf(lib), leaf(lib)
    for reentrant in (True, False):
        run(lib, lambda a: a * w * w, x, use_reentrant=reentrant).sum().backward()
    return x.grad, w.grad


@program
def one_region_with_a_part_unused(lib):
    x, calls = leaf(lib), []

    def function(a):
        calls.append(1)
        return a.sin(), a.exp() * a

    a, b = run(lib, function, x, use_reentrant=False)
    a.sum().backward()
    b.sum().backward()
    return x.grad, len(calls)


@program
def backward_inside(lib):
    x = leaf(lib)

    def function(a):
        b = a.detach().requires_grad_()
        (b * b).sum().backward()
        return a * b.grad * a

    run(lib, function, x, use_reentrant=False).sum().backward()
    return x.grad


@program
def hooks_within(lib):
    x, seen = leaf(lib), []

    def function(a):
        b = a * a
        b.register_hook(lambda g: seen.append(g.clone()))
        return b.exp()

    run(lib, function, x, use_reentrant=False).sum().backward()
    return x.grad, seen


@program
def under_users_own_hooks(lib):
    x, packed = leaf(lib), []
    with lib.autograd.graph.saved_tensors_hooks(lambda t: packed.append(tuple(t.shape)) or t, lambda t: t):
        z = run(lib, region, x, x * 2, use_reentrant=False)
    z.sum().backward()
    return x.grad, packed


@program
def warns_where_nothing_requires_grad(lib):
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        return run(lib, lambda a: a * 2, lib.ones(2), use_reentrant=True)


@program
def unsaid(lib):
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        z = run(lib, lambda a: a * 2, leaf(lib))
    return z.grad_fn.name()


@pytest.mark.filterwarnings("ignore:None of the inputs")
@pytest.mark.parametrize("program", PROGRAMS)
def test_same_as_torch(program):
    same(program)


def flipping(lib, first, second, **kwargs):
    x, calls = leaf(lib), []

    def function(a):
        calls.append(1)
        return first(a) if len(calls) == 1 else second(a)

    run(lib, function, x, use_reentrant=False, **kwargs).sum().backward()
    return x.grad


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda l: flipping(l, lambda a: a.exp().exp(), lambda a: a.exp()), "A different number of tensors was saved"),
        (lambda l: flipping(l, lambda a: a.exp(), lambda a: a.reshape(3, 1).exp()), "different metadata"),
        (
            lambda l: flipping(l, lambda a: a.exp(), lambda a: a.exp().exp(), early_stop=False),
            "trying to save more tensors during recomputation",
        ),
        (
            lambda l: flipping(l, lambda a: a.exp().exp(), lambda a: a.exp(), determinism_check="none"),
            "A different number of tensors was saved",
        ),
        (
            lambda l: l.autograd.grad(run(l, lambda a: a.exp(), leaf(l), use_reentrant=True).sum(), [leaf(l)]),
            "appears to not have been used",
        ),
        (lambda l: grad_of_reentrant(l), "When use_reentrant=True, torch.utils.checkpoint is incompatible"),
        (lambda l: inputs_of_reentrant(l), "When use_reentrant=True, torch.utils.checkpoint is incompatible"),
        (lambda l: run(l, region, leaf(l), use_reentrant=True, by=1), "Unexpected keyword arguments: by"),
        (
            lambda l: run(l, region, leaf(l), leaf(l), use_reentrant=True, debug=True),
            "Passing `context_fn` or `debug` is only supported",
        ),
        (
            lambda l: run(l, region, leaf(l), leaf(l), use_reentrant=False, determinism_check="x"),
            "determinism_check should be one of",
        ),
        (
            lambda l: run(
                l, region, leaf(l), leaf(l), use_reentrant=False, debug=True,
                context_fn=lambda: (contextlib.nullcontext(),) * 2,
            ),
            "debug=True is incompatible",
        ),
        (lambda l: detached_reentrant(l), "none of output has requires_grad=True"),
        (lambda l: argument_written(l), "modified by an inplace operation"),
        (lambda l: saved_tensors_twice(l), "already unpacked once"),
        (lambda l: door(l).detach_variable([1]), "Only tuple of tensors is supported"),
        (lambda l: door(l).checkpoint_sequential([abs], 1, leaf(l), use_reentrant=False, by=2), "Unexpected keyword"),
    ],
)  # fmt: skip
def test_same_error_as_torch(program, message):
    same(program, message)


def grad_of_reentrant(lib):
    x = leaf(lib)
    return lib.autograd.grad(run(lib, lambda a: a.exp(), x, use_reentrant=True).sum(), [x])


def inputs_of_reentrant(lib):
    x = leaf(lib)
    run(lib, lambda a: a.exp(), x, use_reentrant=True).sum().backward(inputs=[x])


def detached_reentrant(lib):
    x = leaf(lib)
    run(lib, lambda a: a.detach() * 2, x, use_reentrant=True).sum().backward()


def argument_written(lib):
    x = leaf(lib) * 1
    z = run(lib, lambda a: a.exp(), x, use_reentrant=False)
    x.mul_(2)
    z.sum().backward()


def saved_tensors_twice(lib):
    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            (x,) = ctx.saved_tensors
            return g * 2 * x

    x = leaf(lib)
    run(lib, Square.apply, x, use_reentrant=False).sum().backward()


def test_debug_says_where_tensors_were_saved():
    import autodiff as ad

    with pytest.raises(door(ad).CheckpointError) as caught:
        flipping(ad, lambda a: a.exp().exp(), lambda a: a.exp(), debug=True)
    text = str(caught.value)
    assert "saved during the original forward" in text
    assert text.count("test_checkpoint.py") == 3
    assert "exp().exp()" in text


def test_an_error_within_leaves_no_hooks_behind():
    def of(lib):
        x = leaf(lib)
        for reentrant in (True, False):
            with contextlib.suppress(ZeroDivisionError):
                run(lib, lambda a: a * (1 / 0), x, use_reentrant=reentrant)
        (x * x).sum().backward()
        return x.grad, lib.is_grad_enabled()

    same(of)


def test_types_of_errors_in_the_second_run():
    alike(lambda lib: flipping(lib, lambda a: a.exp(), lambda a: a * (1 / 0)))
