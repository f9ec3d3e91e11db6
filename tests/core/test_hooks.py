"""Hooks on tensors, nodes and leaves: their order, what they may return, what they may do; each in both libraries."""

from __future__ import annotations

import contextlib
import functools

import pytest

from tests.core.side_by_side import same

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


def leaf(lib, *values):
    return lib.tensor(list(values) or [1.0, 2.0], requires_grad=True)


def tells(seen, what):
    """A hook that notes that it ran, with the gradient."""
    return lambda g: seen.append((what, g))


def accumulator(lib, x):
    return x.view_as(x).grad_fn.next_functions[0][0]


# -- order ------------------------------------------------------------------------------------------------------------


@program
def of_all_kinds_on_one_tensor(lib):
    x, seen = leaf(lib), []
    y = x * 2
    y.grad_fn.register_prehook(lambda gs: seen.append("prehook"))
    y.grad_fn.register_hook(lambda gi, go: seen.append("posthook"))
    y.register_hook(tells(seen, "tensor"))
    y.retain_grad()
    y.register_hook(lambda g: g * 3)
    y.register_hook(tells(seen, "last"))
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 7,))
    y.sum().backward()
    return seen, y.grad, x.grad


@program
def of_all_kinds_on_a_leaf(lib):
    x, seen = leaf(lib), []
    node = accumulator(lib, x)
    x.register_post_accumulate_grad_hook(lambda p: seen.append(("accumulated", p.grad.clone())))
    node.register_hook(lambda gi, go: seen.append(("posthook", gi, go)))
    node.register_prehook(lambda go: seen.append(("prehook", go)))
    x.register_hook(lambda g: g * 10)
    x.register_hook(tells(seen, "tensor"))
    (x * x).sum().backward()
    (x * x).sum().backward(inputs=[x])
    return seen, x.grad


@program
def leaves_run_as_soon_as_they_are_complete(lib):
    x, y, seen = leaf(lib), leaf(lib), []
    a = y * 3
    b = x * 2
    for name, t in {"a": a, "b": b, "x": x, "y": y}.items():
        t.register_hook(lambda g, name=name: seen.append(name))
    (a * b).sum().backward()
    return seen


@pytest.mark.parametrize("count", range(2, 12))
def test_leaves_of_one_operator(count):
    def of(lib):
        seen, leaves = [], [leaf(lib) for _ in range(count)]
        for i, x in enumerate(leaves):
            x.register_hook(lambda g, i=i: seen.append(i))
        (lib.cat(leaves) * lib.cat([x * 2 for x in leaves[: count // 2]] + leaves[count // 2 :])).sum().backward()
        return seen

    same(of)


@program
def several_results(lib):
    x, seen = lib.ones(2, 2, requires_grad=True), []
    a, b = (x * 1).unbind(0)
    b.register_hook(tells(seen, "b"))
    a.register_hook(tells(seen, "a"))
    b.register_hook(tells(seen, "b again"))
    a.retain_grad()
    b.retain_grad()
    a.grad_fn.register_prehook(lambda gs: seen.append(("pre", gs)))
    a.grad_fn.register_hook(lambda gi, go: seen.append(("post", gi, go)))
    a.sum().backward()
    return seen, a.grad, b.grad


@program
def on_one_of_several_results(lib):
    x = lib.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, _ = (x * 1).sort()
    values.register_hook(lambda g: g * 5)
    values.retain_grad()
    (values * values).sum().backward()
    return values.grad, x.grad


@program
def roots_that_lead_to_one_another(lib):
    x, seen = leaf(lib), []
    y = x * 2
    y.register_hook(tells(seen, "y"))
    lib.autograd.backward([y, y, y.sum()], [lib.ones(2), lib.ones(2) * 2, None])
    a, b = (x * 3).unbind()
    a.register_hook(tells(seen, "a"))
    b.register_hook(tells(seen, "b"))
    lib.autograd.backward([b, a])
    return seen, x.grad


@program
def inputs_that_have_no_gradient(lib):
    x, seen = leaf(lib), []
    for z in (
        lib.where(x > 1, x * x, x),
        x.gather(0, lib.tensor([1])),
        x.masked_fill(x > 1, 0.0),
        x[lib.tensor([1])],
        x**2,
    ):
        z.grad_fn.register_hook(lambda gi, go: seen.append(gi))
        seen.append(len(z.grad_fn.next_functions))
        z.sum().backward()
    return seen


# -- what was changed in place ----------------------------------------------------------------------------------------


@program
def before_and_after_a_write(lib):
    x, seen = leaf(lib), []
    y = x * 2
    y.register_hook(tells(seen, "old"))
    y.mul_(5)
    y.register_hook(tells(seen, "new"))
    y.sum().backward()
    return seen


@program
def retained_across_a_write(lib):
    x = leaf(lib)
    y = x * 2
    y.retain_grad()
    y.mul_(5)
    y.sum().backward()
    return y.grad, y.retains_grad


@program
def on_a_view_whose_base_is_written(lib):
    x, seen = leaf(lib), []
    y = x * 2
    v = y[:1]
    v.retain_grad()
    v.register_hook(tells(seen, "view"))
    y.mul_(5)
    (y.sum() + v.sum()).backward()
    return seen, v.grad, v.retains_grad


@program
def on_a_base_whose_view_is_written(lib):
    x, seen = leaf(lib), []
    y = x * 2
    y.retain_grad()
    y.register_hook(tells(seen, "base"))
    y[:1].mul_(5)
    y.sum().backward()
    return seen, y.grad, y.retains_grad


# -- what was asked for -----------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize("which", ["y", "x", "yx", "xy", "yy"])
@pytest.mark.parametrize("how", ["grad", "inputs", "retained"])
def test_what_was_asked_for(which, how):
    def of(lib):
        x, seen = leaf(lib), []
        y = x * 2
        y.register_hook(lambda g: g * 10)
        x.register_hook(lambda g: g + 1)
        y.grad_fn.register_prehook(lambda gs: seen.append("pre"))
        y.grad_fn.register_hook(lambda gi, go: seen.append("post"))
        if how == "retained":
            y.retain_grad()
        asked = [{"x": x, "y": y}[name] for name in which]
        if how == "grad":
            return lib.autograd.grad((y * y).sum(), asked), seen
        (y * y).sum().backward(inputs=asked)
        return y.grad, x.grad, y.retains_grad, seen

    same(of)


@program
def grad_keeps_what_is_retained(lib):
    x = leaf(lib)
    y = x * 2
    y.retain_grad()
    return lib.autograd.grad((y * y * 3).sum(), x), y.grad


# -- gradients that are none ------------------------------------------------------------------------------------------


def nothing(lib, passes=None):
    class Nothing(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return passes and g

    return Nothing.apply


@program
def none_reaches_every_hook(lib):
    x, seen = leaf(lib), []
    y = x * 2
    y.register_hook(tells(seen, "tensor"))
    y.grad_fn.register_hook(lambda gi, go: seen.append((gi, go)))
    y.grad_fn.register_prehook(lambda go: seen.append(go))
    x.register_hook(tells(seen, "leaf"))
    x.register_post_accumulate_grad_hook(lambda p: seen.append(("accumulated", p.grad)))
    y.retain_grad()
    nothing(lib)(y).sum().backward()
    return seen, x.grad, y.grad


@program
def none_becomes_zeros_in_a_function(lib):
    x = leaf(lib)
    nothing(lib)(nothing(lib, True)(x)).sum().backward()
    return x.grad


@program
def none_beside_a_gradient(lib):
    x = leaf(lib)
    y = x * 2
    (nothing(lib)(y) + y * 3).sum().backward()
    return x.grad


# -- removal, addition, re-entry --------------------------------------------------------------------------------------


@program
def removed_by_another_while_running(lib):
    x, seen = leaf(lib), []
    y = x * 2

    def first(g):
        seen.append(1)
        second.remove()

    y.register_hook(first)
    second = y.register_hook(lambda g: seen.append(2))
    y.register_hook(lambda g: seen.append(3))
    for _ in range(2):
        y.sum().backward(retain_graph=True)
    return seen


@program
def removed_and_added_while_running(lib):
    x, seen = leaf(lib), []
    y = x * 2

    def once(gi, go):
        seen.append("once")
        handle.remove()
        handle.remove()
        y.grad_fn.register_hook(lambda gi, go: seen.append("added"))
        x.register_hook(lambda g: seen.append("leaf"))

    handle = y.grad_fn.register_hook(once)
    for _ in range(2):
        y.sum().backward(retain_graph=True)
    return seen


@program
def handle_as_a_context(lib):
    x, seen = leaf(lib), []
    with x.register_hook(lambda g: seen.append(1)):
        x.sum().backward()
    x.sum().backward()
    return seen


@program
def walks_within(lib):
    x, w, seen = leaf(lib), leaf(lib), []
    y = x * 2
    z = y * w

    def inner(g):
        with lib.enable_grad():
            (w * x).sum().backward()
        seen.append((w.grad.clone(), x.grad.clone()))

    y.register_hook(inner)
    z.sum().backward()
    return seen, x.grad, w.grad


@program
def walk_within_on_the_same_graph(lib):
    x, seen = leaf(lib), []
    y = x * x
    z = (y * 3).sum()

    def again(g):
        if len(seen) < 3:
            seen.append(g.clone())
            z.backward(retain_graph=True)

    y.register_hook(again)
    z.backward(retain_graph=True)
    return seen, x.grad


@program
def under_create_graph(lib):
    x, seen = leaf(lib), []
    y = x * x
    y.register_hook(lambda g: seen.append((g.requires_grad, lib.is_grad_enabled())) or g * x)
    y.grad_fn.register_hook(lambda gi, go: (gi[0] * y, *gi[1:]))
    (g,) = lib.autograd.grad((y * y).sum(), x, create_graph=True)
    return g, lib.autograd.grad(g.sum(), x), seen


@program
def grad_mode_within(lib):
    x, seen = leaf(lib), []
    y = x * x
    y.register_hook(lambda g: seen.append((lib.is_grad_enabled(), (g * x).requires_grad)))
    y.sum().backward()
    return seen, lib.is_grad_enabled()


@program
def partial_object(lib):
    x, seen = leaf(lib), []
    x.register_hook(functools.partial(lambda seen, g: seen.append(g), seen))
    x.sum().backward()
    return seen


@program
def leaves_before_an_error(lib):
    x, y = leaf(lib), leaf(lib)

    class Fails(lib.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("mine")

    a, b = Fails.apply(y), x * 2
    with contextlib.suppress(ValueError):
        (a * b).sum().backward()
    return x.grad, y.grad


@program
def leaves_before_an_error_in_a_hook(lib):
    x, y = leaf(lib), leaf(lib)
    a, b = y * 3, x * 2
    a.register_hook(lambda g: {}["mine"])
    with contextlib.suppress(KeyError):
        (a * b).sum().backward()
    return x.grad, y.grad, lib.is_grad_enabled()


@program
def flags_and_metadata(lib):
    x = leaf(lib)
    y = x * 2
    before = y.retains_grad, x.retains_grad
    y.retain_grad()
    x.retain_grad()
    y.grad_fn.metadata["mine"] = 1
    return before, y.retains_grad, x.retains_grad, y.grad_fn.metadata, isinstance(y.grad_fn, lib.autograd.graph.Node)


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_as_torch(program):
    same(program)


# -- what a hook may return -------------------------------------------------------------------------------------------


def hooked(where, hook):
    def of(lib):
        x = leaf(lib)
        y = x * 2
        if where == "tensor":
            y.register_hook(lambda g: hook(lib, g))
        elif where == "leaf":
            x.register_hook(lambda g: hook(lib, g))
        elif where == "before":
            y.grad_fn.register_prehook(lambda gs: hook(lib, gs))
        elif where == "after":
            y.grad_fn.register_hook(lambda gi, go: hook(lib, gi))
        else:
            x.register_post_accumulate_grad_hook(lambda p: hook(lib, p))
        y.sum().backward()
        return x.grad

    return of


SIZE, TYPE = "has changed the size of value", "has changed the type of value (was torch.FloatTensor got torch."
COUNT = "has returned an incorrect number of values (got "


@pytest.mark.parametrize(
    ("where", "hook", "message"),
    [
        ("tensor", lambda l, g: 1, "expected Variable, but hook returned 'int'"),
        ("tensor", lambda l, g: (g,), "expected Variable, but hook returned 'tuple'"),
        ("tensor", lambda l, g: l.ones(3), SIZE),
        ("tensor", lambda l, g: l.ones(1), SIZE),
        ("tensor", lambda l, g: g.double(), TYPE + "DoubleTensor)"),
        ("tensor", lambda l, g: g.double().repeat(2), TYPE + "DoubleTensor)"),
        ("tensor", lambda l, g: {}["mine"], "mine"),
        ("leaf", lambda l, g: l.ones(3), "hook '<lambda>' " + SIZE),
        ("leaf", lambda l, g: "g", "expected Variable, but hook returned 'str'"),
        ("before", lambda l, gs: 1, "expected tuple, but hook returned 'int'"),
        ("before", lambda l, gs: gs[0], "expected tuple, but hook returned 'Tensor'"),
        ("before", lambda l, gs: list(gs), "expected tuple, but hook returned 'list'"),
        ("before", lambda l, gs: (l.ones(3),), SIZE),
        ("before", lambda l, gs: (gs[0].long(),), TYPE + "LongTensor)"),
        ("before", lambda l, gs: (gs[0], gs[0]), COUNT + "2, but expected 1)"),
        ("after", lambda l, gs: 1, "expected tuple, but hook returned 'int'"),
        ("after", lambda l, gs: gs[0], "expected tuple, but hook returned 'Tensor'"),
        ("after", lambda l, gs: list(gs), "expected tuple, but hook returned 'list'"),
        ("after", lambda l, gs: (l.ones(3), None), SIZE),
        ("after", lambda l, gs: (gs[0].double(), None), TYPE + "DoubleTensor)"),
        ("after", lambda l, gs: (gs[0],), COUNT + "1, but expected 2)"),
        ("after", lambda l, gs: gs + gs, COUNT + "4, but expected 2)"),
        ("after", lambda l, gs: (gs[0], gs[0]), "can't replace a None gradient with a non-None value"),
        ("accumulated", lambda l, p: 1, "expected Variable, but hook returned 'int'"),
    ],
)
def test_what_no_hook_may_return(where, hook, message):
    same(hooked(where, hook), message)


@pytest.mark.parametrize(
    ("where", "hook"),
    [
        ("tensor", lambda l, g: g * 3),
        ("tensor", lambda l, g: g.expand(2)),
        ("before", lambda l, gs: (gs[0] * 3,)),
        ("before", lambda l, gs: (None,)),
        ("after", lambda l, gs: (gs[0] * 3, None)),
        ("after", lambda l, gs: (None, None)),
    ],
)
def test_what_a_hook_may_return(where, hook):
    same(hooked(where, hook))


def test_a_callable_object_has_no_name():
    def of(lib):
        class Hook:
            def __call__(self, g):
                return lib.ones(3)

        x = leaf(lib)
        x.register_hook(Hook())
        x.sum().backward()

    same(of, "hook '<unknown>' has changed the size of value")


NODES = {
    "group_norm": lambda lib, x: lib.nn.functional.group_norm(x, 2),
    "layer_norm": lambda lib, x: lib.nn.functional.layer_norm(x, (3,)),
    "attention": lambda lib, x: lib.nn.functional.scaled_dot_product_attention(x, x, x),
    "cross_entropy": lambda lib, x: lib.nn.functional.cross_entropy(x[0, :, :, 0].T, lib.tensor([0, 1, 2])),
    "solve": lambda lib, x: lib.linalg.solve(x[0, 0] + lib.eye(3), lib.ones(3, 1)),
    "svdvals": lambda lib, x: lib.linalg.svdvals(x[0, 0] + lib.eye(3)),
}


@pytest.mark.parametrize("name", NODES)
def test_hooks_of_a_node_see_as_many_gradients_as_torchs(name):
    def seen(lib):
        x = lib.ones(2, 4, 3, 3, requires_grad=True)
        out, counts = NODES[name](lib, x), []
        out.grad_fn.register_prehook(lambda given: counts.append(len(given)))
        out.grad_fn.register_hook(lambda made, given: counts.append((len(made), len(given))))
        out.sum().backward()
        return counts

    same(seen)
