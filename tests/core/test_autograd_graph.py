"""autograd.graph: places in the graph, what nodes save and how it is packed; each program in both libraries."""

from __future__ import annotations

import contextlib

import pytest

import autodiff as ad
from tests.core.side_by_side import same

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


def leaf(lib, *values):
    return lib.tensor(list(values) or [1.0, 2.0], requires_grad=True)


# -- places -----------------------------------------------------------------------------------------------------------


@program
def edges_for_tensors(lib):
    x, edge = leaf(lib), lib.autograd.graph.get_gradient_edge
    y = x * 2
    z = (y * y).sum()
    first = lib.autograd.grad(edge(z), [edge(y), edge(x)], retain_graph=True)
    lib.autograd.backward(edge(z), inputs=[edge(x)], retain_graph=True)
    kept = x.grad.clone()
    z.backward(inputs=edge(y))
    return first, kept, x.grad, edge(y).output_nr, edge(y).ownership_token, edge(y)._fields


@program
def edges_that_a_user_makes(lib):
    x = lib.ones(2, 2, requires_grad=True)
    a, b = (x * 1).unbind(0)
    at = lib.autograd.graph.GradientEdge
    return lib.autograd.grad((a * 2 + b * 3).sum(), [at(a.grad_fn, 1), at(a.grad_fn, 0), b])


@program
def edges_as_roots(lib):
    x = leaf(lib)
    y = x * 2
    _, b = (x * x).split(1)
    at = lib.autograd.graph.GradientEdge
    found = lib.autograd.grad([at(y.grad_fn, 0), y.sum()], x, [lib.ones(2), None])
    return found, lib.autograd.grad(at(b.grad_fn, 1), x)


@program
def edges_unused(lib):
    edge = lib.autograd.graph.get_gradient_edge
    return lib.autograd.grad((leaf(lib) * 2).sum(), [edge(leaf(lib))], allow_unused=True)


@program
def a_result_used_by_its_own_second_derivative(lib):
    x = lib.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=lib.float64, requires_grad=True)
    q, r = lib.linalg.qr(x)
    (g,) = lib.autograd.grad((r * r * r).sum(), x, create_graph=True)
    edge = lib.autograd.graph.GradientEdge
    found = lib.autograd.grad(g.sum(), [edge(r.grad_fn, 1), edge(q.grad_fn, 0)], retain_graph=True)
    return [f.abs().sum() > 0 for f in found], [a is not None for a in lib.autograd.grad(g.sum(), [q, r])]


@program
def increments(lib):
    x, y = leaf(lib), lib.ones(2)
    lib.autograd.graph.increment_version(x)
    lib.autograd.graph.increment_version([x, y])
    with lib.inference_mode():
        t = lib.ones(2)
    return x._version, y._version, lib.autograd.graph.increment_version(t)


# -- hooks on several tensors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["all", "any"])
def test_hooks_on_several(mode):
    def of(lib):
        x, y, z, seen = leaf(lib), leaf(lib), leaf(lib), []
        register = lib.autograd.graph.register_multi_grad_hook
        handle = register([x, y, z], lambda gs: seen.append(gs), mode=mode)
        (x * 2 + y).sum().backward()
        (z * 2).sum().backward()
        handle.remove()
        (z * 2).sum().backward()
        a, b = x * 2, y * 2
        with register((a, b), lambda gs: seen.append(gs), mode=mode):
            lib.autograd.grad((a * b).sum(), [x], retain_graph=True)
            (a * b).sum().backward()
        return seen

    same(of)


# -- saved-tensors hooks ----------------------------------------------------------------------------------------------


def packing(lib, seen=None, change=lambda t: t):
    """Hooks that keep what they are given outside the graph, and tell."""
    seen = [] if seen is None else seen

    def pack(t):
        seen.append(("pack", t, t.requires_grad, t.is_leaf))
        return len(seen), change(t.detach())

    def unpack(kept):
        seen.append(("unpack", kept[0]))
        return kept[1]

    return lib.autograd.graph.saved_tensors_hooks(pack, unpack)


@program
def packed_and_unpacked(lib):
    x, y, seen = leaf(lib), leaf(lib, 3.0, 4.0), []
    with packing(lib, seen):
        z = x * y
        w = z.exp2() * 2.0
        v = w.reshape(1, 2).sum(0)
    (v / 4).sum().backward(retain_graph=True)
    lib.autograd.grad((v / 4).sum(), y)
    return seen, x.grad, y.grad


@program
def order_of_what_is_saved(lib):
    a, b, c, seen = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0), leaf(lib, 5.0, 6.0), []
    m, n = leaf(lib, 1.0, 2.0).reshape(1, 2), leaf(lib, 3.0, 4.0).reshape(2, 1)
    with packing(lib, seen):
        _ = a / b, a.atan2(b), lib.addcmul(a, b, c), lib.lerp(a, b, c), lib.maximum(a, b), lib.mv(m, b)
        _ = m @ n, lib.addmm(c[:1], m, n), lib.where(a > 1, b, c), a.max(0), lib.stack([a, b]), a[[0]]
        _ = lib.gather(a, 0, lib.tensor([1])), (a * 1).mul_(b), (a * 1).sqrt_(), a * 2 / 3 + 1, a.sum(), a.detach() * 2
    return seen


@program
def changed_by_the_hooks(lib):
    x = leaf(lib)
    with packing(lib, change=lambda t: t * 10):
        y = x * x
    return lib.autograd.grad(y.sum(), x)


@program
def one_node_of_many_steps(lib):
    x, seen = leaf(lib, 1.0, -2.0), []
    with packing(lib, seen, change=lambda t: t * 0):
        y = lib.nn.functional.softplus(x)
    count = len(seen)
    (y * 2).sum().backward()
    return count, len(seen), x.grad


@program
def second_order(lib):
    x = leaf(lib)
    with packing(lib):
        y = x * x * x
        z = y.sigmoid()
    (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = lib.autograd.grad(z.sum(), x, create_graph=True)
    return g, lib.autograd.grad(g.sum(), x), h.requires_grad


@program
def nested_hooks(lib):
    x, outer, inner = leaf(lib), [], []
    with packing(lib, outer):
        a = x * x
        with packing(lib, inner):
            b = a * a
        c = b * b
    c.sum().backward()
    return len(outer), len(inner), x.grad


@program
def in_functions(lib):
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * x * x
            ctx.save_for_backward(x, None, y)
            return y

        @staticmethod
        def backward(ctx, g):
            x, _, y = ctx.saved_tensors
            return 3 * g * x * x + 0 * y

    x, seen = leaf(lib), []
    with packing(lib, seen):
        y = Cube.apply(x)
    (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    return seen, g, lib.autograd.grad(g.sum(), x)


@program
def written_after_it_was_packed(lib):
    x = leaf(lib)
    with packing(lib, change=lambda t: t.clone()):
        y = x * 1
        z = y * y
    y.mul_(100)
    z.sum().backward()
    return x.grad


@program
def written_over_by_its_own_operator(lib):
    x, y = leaf(lib), leaf(lib, 3.0, 4.0)
    with packing(lib):
        z = (x * 1).mul_(y).exp2_()
    return lib.autograd.grad(z.sum(), [x, y])


@program
def on_the_cpu(lib):
    x = leaf(lib)
    with lib.autograd.graph.save_on_cpu():
        y = (x * x).exp2()
    y.sum().backward()
    return x.grad


@program
def mutation_allowed(lib):
    x = leaf(lib)
    with lib.autograd.graph.allow_mutation_on_saved_tensors() as context:
        y = x * 1
        z = y * y
        y.mul_(100)
        z.sum().backward()
        context.clear()
    return x.grad


@program
def disabled_for_a_while(lib):
    said = []
    disabled = lib.autograd.graph.disable_saved_tensors_hooks("not here")
    with disabled, contextlib.suppress(RuntimeError), packing(lib):
        said.append("in")
    with packing(lib):
        said.append("in")
    return said


@program
def streams_are_nothing_here(lib):
    return lib.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(True)


# -- what nodes show --------------------------------------------------------------------------------------------------


@program
def saved_attributes(lib):
    x, y = leaf(lib), leaf(lib, 3.0, 4.0)
    z = x * y
    w = z.exp2()
    s = lib.softmax(w, 0)
    p = z**2
    fn = z.grad_fn
    found = [fn._saved_self, fn._saved_other, fn._saved_self is x, s.grad_fn._saved_result]
    found += [p.grad_fn._saved_self, hasattr(fn, "_saved_nothing")]
    return found, (x * y.detach()).grad_fn._saved_self, s.grad_fn._saved_result.requires_grad


@program
def hooks_on_one_saved_tensor(lib):
    x, seen = leaf(lib), []
    y = x * x
    raw = y.grad_fn._raw_saved_self
    before = raw.unpack_hook, raw.data
    raw.register_hooks(lambda t: seen.append("pack") or t * 2, lambda t: seen.append("unpack") or t)
    y.sum().backward(retain_graph=True)
    return before, type(raw).__name__, raw.data, y.grad_fn._saved_self, seen, x.grad


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_as_torch(program):
    same(program)


def written(lib, pack, unpack, *, shape=None):
    x = leaf(lib)
    with lib.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x * x
    y.sum().backward()


def after_backward(lib, use):
    x = leaf(lib)
    y = x * x
    raw = y.grad_fn._raw_saved_self
    y.sum().backward()
    return use(y.grad_fn, raw)


def raw(lib, hooks=2):
    x = leaf(lib)
    found = (x * x).grad_fn._raw_saved_self
    for _ in range(hooks):
        found.register_hooks(lambda t: t, lambda t: t)


def identity(t):
    return t


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda l: l.autograd.graph.get_gradient_edge(l.ones(2)), "not possible to get the gradient edge"),
        (lambda l: l.autograd.backward(l.autograd.graph.get_gradient_edge(leaf(l) * 2)), "only for scalar outputs"),
        (
            lambda l: l.autograd.grad((leaf(l) * 2).sum(), [l.autograd.graph.get_gradient_edge(leaf(l))]),
            "appears to not have been used in the graph",
        ),
        (
            lambda l: l.autograd.grad(
                (leaf(l) * 2).sum(), [l.autograd.graph.get_gradient_edge(leaf(l))], materialize_grads=True
            ),
            "materialize_grads cannot be used when the given input is a GradientEdge",
        ),
        (
            lambda l: l.autograd.grad(l.autograd.graph.get_gradient_edge(leaf(l) * 2), leaf(l), l.ones(3)),
            "Mismatch in shape: grad_output[0] has a shape of torch.Size([3])",
        ),
        (lambda l: l.autograd.graph.register_multi_grad_hook([leaf(l)], print, mode="some"), "Expects mode to be one"),
        (lambda l: l.autograd.graph.register_multi_grad_hook([l.ones(2)], print), "Expected gradient function"),
        (lambda l: written(l, identity, lambda t: 1), "expected to be a Tensor but got result of type int"),
        (lambda l: written(l, identity, lambda t: l.ones(3)), "The size of tensor a (2) must match"),
        (lambda l: written(l, lambda t: t.mul_(2), identity), "pack hook is modifying its input in place"),
        (lambda l: written(l, lambda t: {}["mine"], identity), "mine"),
        (lambda l: written(l, identity, lambda t: {}["mine"]), "mine"),
        (lambda l: written(l, 1, identity), ""),
        (lambda l: disabled(l), "not here"),
        (lambda l: disabled_inside(l), "not here"),
        (lambda l: after_backward(l, lambda node, raw: node._saved_self), "directly access saved tensors after"),
        (
            lambda l: after_backward(l, lambda node, raw: raw.register_hooks(identity, identity)),
            "Calling register_hooks on a saved tensor after it has been freed",
        ),
        (lambda l: after_backward(l, lambda node, raw: node._saved_nothing), "has no attribute '_saved_nothing'"),
        (raw, "whose hooks have already been set"),
        (lambda l: (leaf(l) * leaf(l)).grad_fn._raw_saved_self.register_hooks(1, 2), "incompatible function arguments"),
        (lambda l: mutated_too_late(l), "Trying to backward outside of"),
    ],
)
def test_same_error_as_torch(program, message):
    same(program, message)


def disabled(lib):
    with lib.autograd.graph.disable_saved_tensors_hooks("not here"), packing(lib):
        pass


def disabled_inside(lib):
    with packing(lib), lib.autograd.graph.disable_saved_tensors_hooks("not here"):
        pass


def mutated_too_late(lib):
    x = leaf(lib)
    with lib.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * x
    y.sum().backward()


def test_after_an_error_in_a_hook_nothing_stays_in_force():
    x = leaf(ad)
    with contextlib.suppress(KeyError):
        written(ad, lambda t: {}["mine"], identity)
    y = x * x
    assert y.grad_fn._raw_saved_self.unpack_hook is None
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", ["lu", "lu_factor"])
def test_saved_results_that_are_integers_are_packed_too(name, create_graph):
    def gradient(lib):
        x = lib.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=lib.float64, requires_grad=True)
        with lib.autograd.graph.saved_tensors_hooks(lambda saved: saved.detach().clone(), lambda kept: kept):
            factors = getattr(lib.linalg, name)(x)
        found = factors[1 if name == "lu" else 0]
        return lib.autograd.grad([found], [x], [lib.ones_like(found)], create_graph=create_graph)[0]

    same(gradient)
