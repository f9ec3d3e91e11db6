"""Functions of one's own, in every documented shape and in many wrong ones; each program in both libraries."""

from __future__ import annotations

import gc
import weakref

import pytest

import autodiff as ad
from tests.core.side_by_side import alike


def leaf(lib, *values):
    return lib.tensor(list(values) or [1.0, 2.0, 3.0], dtype=lib.float64, requires_grad=True)


def make(lib, forward, backward=None, **others):
    members = {"forward": forward, "backward": backward, **others}
    return type("Mine", (lib.autograd.Function,), {k: staticmethod(f) for k, f in members.items() if f is not None})


def applied(forward, backward=None, *, prepare=lambda x: x, extra=(), **others):
    """A program: the function on a leaf, walked back; what came out, what forward's leaf got."""

    def program(lib):
        x = leaf(lib)
        y = make(lib, forward, backward, **others).apply(prepare(x), *extra)
        y.sum().backward()
        return y, x.grad

    return program


def doubled(ctx, x):
    return x * 2


def kept(ctx, x):
    ctx.save_for_backward(x)
    return x * x


def returned(value):
    return lambda ctx, g: value(g)


def saved_outputs_in_two_orders(lib):
    def forward(ctx, x):
        a, b = x.exp(), x * x
        ctx.save_for_backward(a, b, x, None)
        return a, b

    def backward(ctx, g, h):
        a, _, x, nothing = ctx.saved_tensors
        assert nothing is None
        return g * a + h * 2 * x

    x = leaf(lib)
    a, b = make(lib, forward, backward).apply(x)
    (g,) = lib.autograd.grad((a * b).sum(), x, create_graph=True)
    return g, lib.autograd.grad(g.sum(), x)


def saved_as_they_are(lib):
    seen = []

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        seen.append((x is given, y.requires_grad, y.grad_fn is not None))
        return g

    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(x, y)
        seen.append(len(ctx.saved_tensors))
        return y

    given = leaf(lib)
    make(lib, forward, backward).apply(given).sum().backward()
    return seen


def written_after(forward, backward, which):
    def program(lib):
        x = leaf(lib)
        y = x * 1
        z = make(lib, forward, backward).apply(y)
        (y if which == "input" else z).add_(1)
        z.sum().backward()
        return x.grad

    return program


def output_kept(ctx, x):
    y = x.exp()
    ctx.save_for_backward(y)
    return y


def by_saved(ctx, g):
    return g * ctx.saved_tensors[0]


def asked_for(lib):
    seen = []

    def forward(ctx, x, n, y, z):
        seen.append(ctx.needs_input_grad)
        return x * y

    x, y = leaf(lib), leaf(lib)
    z = make(lib, forward, lambda ctx, g: (g, None, g * 2, None)).apply(x, 3, y, None)
    with lib.no_grad():
        make(lib, forward).apply(x, 3, y, None)
    return seen, lib.autograd.grad(z.sum(), y)


def dirty(ctx, x):
    ctx.mark_dirty(x)
    x.mul_(2)
    return x


def dirty_view(lib):
    x = leaf(lib)
    y = x * 1
    v = y[1:]
    w = make(lib, dirty, lambda ctx, g: g * 2).apply(v)
    return w is v, y, y._version, lib.autograd.grad((y * y).sum(), x)


def dirty_constant(lib):
    def forward(ctx, a, x):
        ctx.mark_dirty(a)
        return a.add_(x)

    a, x = lib.zeros(3, dtype=lib.float64), leaf(lib)
    made = make(lib, forward, lambda ctx, g: (g, g)).apply(a, x)
    made.sum().backward()
    return made is a, a.requires_grad, x.grad, a._version


def as_it_came(lib):
    x = leaf(lib)
    y = make(lib, lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
    y.sum().backward()
    return y is x, x.grad, y._is_view(), y.data_ptr() == x.data_ptr()


def no_tensors_among_outputs(lib):
    x = leaf(lib)
    backward = lambda ctx, g, h, k: g * 2 if h is k is None else None
    y, nothing, text = make(lib, lambda ctx, x: (x * 2, None, "s"), backward).apply(x)
    y.sum().backward()
    return nothing, text, x.grad


def constant_output(lib):
    def forward(ctx, x):
        y, i = x * 2, x > 1
        ctx.mark_non_differentiable(i)
        return y, i

    seen = []
    x = leaf(lib)
    y, i = make(lib, forward, lambda ctx, g, h: (seen.append((repr(h.dtype), h)), g * 2)[1]).apply(x)
    y.sum().backward()
    return i.requires_grad, x.grad, seen


def unmaterialised(lib):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    seen = []
    x = leaf(lib)
    _, y = make(lib, forward, lambda ctx, g, h: (seen.append(g), h)[1]).apply(x)
    y.sum().backward()
    return seen, x.grad


def context_is_node(lib):
    def forward(ctx, x):
        ctx.a = 5
        ctx.save_for_backward(x)
        return x * 1

    y = make(lib, forward, lambda ctx, g: g).apply(leaf(lib))
    seen = [y.grad_fn.a, y.grad_fn.saved_tensors, y.grad_fn.name(), type(y.grad_fn).__name__]
    y.sum().backward()
    return seen, y.grad_fn.saved_tensors


def with_setup(lib):
    def setup_context(ctx, inputs, output):
        ctx.n = inputs[1]

    x = leaf(lib)
    f = make(lib, lambda x, n=4: (x * n, n), lambda ctx, g, _: (g * ctx.n, None), setup_context=setup_context)
    y, n = f.apply(x, n=3)
    y.sum().backward()
    return x.grad, n


def keywords(lib):
    x = leaf(lib)
    y = make(lib, lambda ctx, x, k=1: x * k, lambda ctx, g: (g * 100, None)).apply(k=3, x=x)
    y.sum().backward()
    return y, x.grad


def once(lib):
    backward = lib.autograd.function.once_differentiable(lambda ctx, g: g * 2)
    x, w = leaf(lib), leaf(lib)
    (g,) = lib.autograd.grad((make(lib, doubled, backward).apply(x) * w).sum(), x, create_graph=True)
    g.sum().backward()


def walks_inside(lib):
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        with lib.enable_grad():
            d = x.detach().requires_grad_()
            (d * d).sum().backward()
        return g * d.grad

    x = leaf(lib)
    make(lib, kept, backward).apply(x).sum().backward()
    return x.grad


def made_on_class(lib):
    class Methods(lib.autograd.Function):
        @classmethod
        def forward(cls, ctx, x):
            return x * 2

        @classmethod
        def backward(cls, ctx, g):
            return g * 2

    x = leaf(lib)
    Methods.apply(x).sum().backward()
    return x.grad


PROGRAMS = {
    "a number saved": applied(lambda ctx, x: (ctx.save_for_backward(3), x * 2)[1], returned(lambda g: g)),
    "saved input written": written_after(kept, by_saved, "input"),
    "saved input written, never asked for": written_after(kept, returned(lambda g: g), "input"),
    "saved output written": written_after(output_kept, by_saved, "output"),
    "dirty": applied(dirty, returned(lambda g: g * 2), prepare=lambda x: x * 1),
    "dirty leaf": applied(dirty, returned(lambda g: g * 2)),
    "dirty and dropped": applied(lambda ctx, x: (ctx.mark_dirty(x), x * 1)[1], prepare=lambda x: x * 1),
    "dirty number": applied(lambda ctx, x: (ctx.mark_dirty(3), x * 1)[1], returned(lambda g: g)),
    "input returned and written": lambda l: make(l, lambda ctx, x: x).apply(leaf(l) * 1).mul_(2),
    "view returned and written": lambda l: make(l, lambda ctx, x: x[1:]).apply(leaf(l) * 1).mul_(2),
    "list": lambda l: make(l, lambda ctx, x: [x * 2, x]).apply(leaf(l)),
    "number": lambda l: make(l, lambda ctx, x: 3).apply(leaf(l)),
    "nothing": lambda l: make(l, lambda ctx, x: None).apply(leaf(l)),
    "no gradient": applied(doubled, returned(lambda g: None)),
    "too many": applied(doubled, returned(lambda g: (g, g))),
    "too many, but None": applied(doubled, returned(lambda g: (g, None, None))),
    "too few": applied(lambda ctx, x, y: x * y, returned(lambda g: g), extra=(2,)),
    "gradient of a number": applied(lambda ctx, x, y: x * y, returned(lambda g: (g, g)), extra=(2,)),
    "a number": applied(doubled, returned(lambda g: 2.0)),
    "a list": applied(doubled, returned(lambda g: [g])),
    "wrong shape": applied(doubled, returned(lambda g: g[:2])),
    "expandable": applied(doubled, returned(lambda g: g.sum())),
    "complex": applied(doubled, returned(lambda g: g * (1 + 2j))),
    "other dtype": applied(doubled, returned(lambda g: g.float() if hasattr(g, "float") else g)),
    "no backward": applied(doubled),
    "vjp": applied(doubled, vjp=returned(lambda g: g * 2)),
    "no forward": lambda l: make(l, None).apply(leaf(l)),
    "forward twice": lambda l: make(l, doubled, setup_context=lambda ctx, inputs, output: None).apply(leaf(l)),
    "instance": lambda l: make(l, doubled)()(leaf(l)),
    "unknown keyword": lambda l: make(l, doubled).apply(leaf(l), k=1),
} | {
    f.__name__: f
    for f in (
        saved_outputs_in_two_orders, saved_as_they_are, asked_for, dirty_view, dirty_constant, as_it_came,
        no_tensors_among_outputs, constant_output, unmaterialised, context_is_node, with_setup, keywords, once,
        walks_inside, made_on_class,
    )
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_same_as_torch(name):
    alike(PROGRAMS[name])


def test_a_local_function_goes_with_its_last_use():
    f = make(ad, lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g)
    sum(f.apply(leaf(ad))).sum().backward()
    watched = weakref.ref(f)
    del f
    gc.collect()
    assert watched() is None
