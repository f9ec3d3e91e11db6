"""Dual tensors side by side with torch: what carries a tangent, what shares its memory, and what is refused."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff._core.forward import pushforward
from tests.core.side_by_side import agree, alike


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PYTORCH_JIT", "0")  # no compiled decompositions
    yield
    for lib in (torch, ad):
        if lib.autograd.forward_ad.unpack_dual(lib.ones(1)).primal._is_view():
            lib.autograd.forward_ad.exit_dual_level()


def on_duals(body: Callable[..., Any]) -> Callable[[Any], Any]:
    """A program whose body is given the library, forward_ad, and a dual tensor."""

    def program(lib: Any) -> Any:
        fw = lib.autograd.forward_ad
        with fw.dual_level():
            x, t = lib.tensor([1.0, 2.0, 3.0]), lib.tensor([1.0, 0.0, 2.0])
            return body(lib, fw, fw.make_dual(x, t))

    return program


def both(fw: Any, *tensors: Any) -> list[Any]:
    return [[shown(part) for part in fw.unpack_dual(t)] for t in tensors]


def shown(t: Any) -> Any:
    """A tensor to five digits: the last ones are a matter of its operators, not of forward mode."""
    if t is None:
        return None
    array = np.asarray(t.detach().resolve_conj().numpy() if isinstance(t, torch.Tensor) else t.detach())
    return array.dtype.name, array.shape, (np.round(array, 5) if array.dtype.kind in "fc" else array).tolist()


def written(d: Any, write: Callable[[Any], Any]) -> Any:
    y = d * 1
    write(y)
    return y


def through_a_view(d: Any, lib: Any) -> Any:
    y = lib.zeros(3)
    v = y[:2]
    v.copy_(d[:2])
    return y, v, y[0]


def set_item(y: Any, index: Any, value: Any) -> None:
    y[index] = value


CARRIES = {
    "the dual itself": lambda lib, fw, d: both(fw, d),
    "results": lambda lib, fw, d: both(fw, d * d, d.exp(), (d + 1).sum(), d @ d, d.round(), d > 1, d.argmax()),
    "number on the left": lambda lib, fw, d: both(fw, 2 / d, 3 - d, 2**d),
    "broadcast": lambda lib, fw, d: both(fw, d[:, None] + d, d[:, None] + 1, d + lib.zeros(2, 1)),
    "other dtypes": lambda lib, fw, d: both(fw, d.double(), d.int(), d * 1j, d + lib.arange(3)),
    "views": lambda lib, fw, d: both(fw, d[1:], d.view(3, 1), d.expand(2, 3), *d.unbind(), d.view(3, 1).t()),
    "detach and data": lambda lib, fw, d: both(fw, d.detach(), d.data, (d * 1).detach_(), d.clone()),
    "primal": lambda lib, fw, d: both(fw, fw.unpack_dual(d).primal, fw.unpack_dual(d).primal[1:]),
    "like others": lambda lib, fw, d: both(fw, lib.zeros_like(d), lib.ones_like(d)),
    "no_grad": lambda lib, fw, d: both(fw, lib.no_grad()(lambda: d * 2)()),
    "inference_mode": lambda lib, fw, d: both(fw, lib.inference_mode()(lambda: d * 2)()),
    "in place": lambda lib, fw, d: both(fw, *(written(d, w) for w in WRITES)),
    "in place, plain target": lambda lib, fw, d: both(fw, lib.ones(3).mul_(d), lib.ones(3).add_(d)),
    "through a view": lambda lib, fw, d: both(fw, *through_a_view(d, lib)),
    "printing": lambda lib, fw, d: [repr(d), repr(d.double()), repr(d[0]), repr(d.view(3, 1))],
    "compositions": lambda lib, fw, d: both(fw, lib.std(d), lib.nn.functional.softplus(d), lib.logsumexp(d, 0)),
    "layout": lambda lib, fw, d: (
        fw.unpack_dual(fw.make_dual(lib.ones(2, 3), lib.ones(3, 2).t())).tangent.stride(),
        fw.unpack_dual(fw.make_dual(lib.ones(3, 2).t(), lib.ones(2, 3))).tangent.stride(),
    ),
}
WRITES: list[Callable[[Any], Any]] = [
    lambda y: y.mul_(3), lambda y: y.exp_(), lambda y: y.fill_(5), lambda y: y.zero_(),
    lambda y: set_item(y, 0, 5.0), lambda y: set_item(y, slice(1, 3), y[:2].clone()),
    lambda y: set_item(y, y.detach() > 1, 0.5), lambda y: y[1:].mul_(2), lambda y: y[1:].add_(y[:1]),
    lambda y: y.masked_fill_(y.detach() > 2, 0.0), lambda y: y.copy_(y.detach()), lambda y: y.unsqueeze_(0),
]  # fmt: skip


@pytest.mark.parametrize("name", CARRIES)
def test_tangents(name: str) -> None:
    agree(on_duals(CARRIES[name]))


REFUSED = {
    "size": (lambda lib, fw, d: fw.make_dual(lib.ones(3), lib.ones(2)), "has a different size than that"),
    "integers": (lambda lib, fw, d: fw.make_dual(lib.arange(3), lib.ones(3)), "Expected primal to be floating point"),
    "integer tangent": (lambda lib, fw, d: fw.make_dual(lib.ones(3), lib.arange(3)), "Expected tangent to be"),
    "a dual": (lambda lib, fw, d: fw.make_dual(d, lib.ones(3)), "already has a forward gradient at the same level"),
    "dual tangent": (lambda lib, fw, d: fw.make_dual(lib.ones(3), d), "itself has a forward gradient"),
    "nested": (lambda lib, fw, d: fw.enter_dual_level(), "Nested forward mode AD is not supported"),
    "another level": (lambda lib, fw, d: fw.make_dual(d, d, level=1), "Invalid level given to _make_dual"),
    "leaving another": (lambda lib, fw, d: fw.exit_dual_level(level=1), "was not the last one that was created"),
    "out=": (lambda lib, fw, d: lib.mul(d, 2, out=lib.zeros(3)), "that does not support it because it is an out="),
    "no forward mode": (lambda lib, fw, d: lib.cdist(d[None], d[None] + 1), "has not been implemented"),
    "a leaf": (
        lambda lib, fw, d: fw.make_dual(lib.ones(3).requires_grad_(), lib.ones(3)).mul_(2),
        "a view of a leaf Variable that requires grad is being used in an in-place operation",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    body, message = REFUSED[name]
    agree(on_duals(body), message)


def test_without_a_level() -> None:
    x = {lib: lib.ones(2) for lib in (torch, ad)}
    agree(lambda lib: lib.autograd.forward_ad.make_dual(x[lib], x[lib]), "no level exists")
    agree(lambda lib: tuple(lib.autograd.forward_ad.unpack_dual(x[lib])))
    agree(lambda lib: lib.autograd.forward_ad.exit_dual_level(), "Dual level must be a positive number")


def test_leaving_forgets() -> None:
    def program(lib: Any) -> Any:
        fw = lib.autograd.forward_ad
        level = fw.enter_dual_level()
        y = fw.make_dual(lib.ones(2), lib.ones(2)) * 2
        before = fw.unpack_dual(y).tangent
        fw.exit_dual_level()
        with fw.dual_level():
            inner = fw.unpack_dual(y).tangent
        return level, before, fw.unpack_dual(y).tangent, inner

    agree(program)


def test_switched_off() -> None:
    def body(lib: Any, fw: Any, d: Any) -> Any:
        with fw._set_fwd_grad_enabled(False):
            inside = fw._is_fwd_grad_enabled(), both(fw, d, d * 2)
        return inside, fw._is_fwd_grad_enabled(), both(fw, d, d * 2)

    agree(on_duals(body))


def test_as_a_decorator() -> None:
    def program(lib: Any) -> Any:
        fw = lib.autograd.forward_ad

        @fw.dual_level()
        def slope(x: float) -> Any:
            return fw.unpack_dual(fw.make_dual(lib.tensor(x), lib.tensor(1.0)) ** 3).tangent

        return slope(2.0), slope(3.0)

    agree(program)


def test_memory_is_shared_as_in_torch() -> None:
    def body(lib: Any, fw: Any, d: Any) -> Any:
        x, t = lib.ones(3), lib.ones(3)
        dual = fw.make_dual(x, t)
        dual[1:].mul_(3)
        other = dual + 1
        other.mul_(5)
        return x, t, fw.unpack_dual(dual).tangent is t, t._version, both(fw, dual, other)

    agree(on_duals(body))


SECOND = {
    "grad": lambda lib, fw, x, d: lib.autograd.grad((d**3).sum(), d)[0],
    "of the leaf": lambda lib, fw, x, d: lib.autograd.grad((d.sin() * d).sum(), x)[0],
    "a saved result": lambda lib, fw, x, d: lib.autograd.grad(d.sigmoid().sum(), x)[0],
    "several saved results": lambda lib, fw, x, d: lib.autograd.grad(lib.linalg.svd(d.view(1, 3))[1], x)[0],
    "a view of a saved result": lambda lib, fw, x, d: lib.autograd.grad(d.tanh()[1:].prod(), x)[0],
    "a composition": lambda lib, fw, x, d: lib.autograd.grad(lib.nn.functional.softplus(d).sum(), x)[0],
    "written": lambda lib, fw, x, d: lib.autograd.grad((d * 2).exp_().sum(), x)[0],
    "packed": lambda lib, fw, x, d: packed(lib, lambda: lib.autograd.grad((d.tanh() * d).sum(), x)[0]),
    "a dual seed": lambda lib, fw, x, d: lib.autograd.grad(d * d.detach(), x, d.detach() * 1 + d)[0],
    "recorded": lambda lib, fw, x, d: lib.autograd.grad((d**3).sum(), x, create_graph=True)[0],
}


def packed(lib: Any, body: Callable[[], Any]) -> Any:
    with lib.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
        return body()


@pytest.mark.parametrize("name", SECOND)
def test_forward_over_reverse(name: str) -> None:
    def program(lib: Any) -> Any:
        fw = lib.autograd.forward_ad
        with fw.dual_level():
            x = lib.tensor([0.5, 0.25, 2.0], dtype=lib.float64, requires_grad=True)
            d = fw.make_dual(x, lib.tensor([1.0, 0.5, 2.0], dtype=lib.float64))
            g = SECOND[name](lib, fw, x, d)
            return g.requires_grad, [round(v, 9) for v in fw.unpack_dual(g).tangent.detach().tolist()]

    agree(program)


def test_backward_leaves_no_tangent_in_grad() -> None:
    def program(lib: Any) -> Any:
        fw = lib.autograd.forward_ad
        with fw.dual_level():
            x = lib.tensor([1.0, 2.0], requires_grad=True)
            (fw.make_dual(x, lib.ones(2)) ** 3).sum().backward()
            return both(fw, x.grad)

    agree(program)


def test_reverse_over_forward() -> None:
    def program(lib: Any) -> Any:
        fw = lib.autograd.forward_ad
        with fw.dual_level():
            x = lib.tensor([1.0, 2.0], requires_grad=True)
            t = lib.tensor([1.0, 3.0], requires_grad=True)
            tangent = fw.unpack_dual(fw.make_dual(x, t) ** 3).tangent
            return lib.autograd.grad(tangent.sum(), (x, t))

    agree(program)


# -- Functions of one's own -------------------------------------------------------------------------------------------


def function(lib: Any, forward: Any, jvp: Any = None, **more: Any) -> Any:
    methods = {"forward": staticmethod(forward), **({"jvp": staticmethod(jvp)} if jvp else {})}
    return type("Own", (lib.autograd.Function,), methods | {k: staticmethod(f) for k, f in more.items()})


def product(ctx: Any, x: Any, y: Any, c: float) -> Any:
    ctx.save_for_forward(x, y)
    ctx.c = c
    return x * y * c, x + y


def product_jvp(ctx: Any, *tangents: Any) -> Any:
    x, y = ctx.saved_tensors
    a, b, _ = (0 if t is None else t for t in tangents)
    return (a * y + x * b) * ctx.c, a + b


def lazy(ctx: Any, *args: Any) -> Any:
    ctx.set_materialize_grads(False)
    return product(ctx, *args)


def doubled_in_place(ctx: Any, x: Any) -> Any:
    ctx.mark_dirty(x)
    return x.mul_(2)


def marked(ctx: Any, x: Any) -> Any:
    flags = x > 1
    ctx.mark_non_differentiable(flags)
    return x * 2, flags


def cubed(lib: Any, fw: Any, d: Any) -> Any:
    x = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
    own = function(
        lib,
        lambda x: x**3,
        lambda ctx, t: 3 * ctx.saved_tensors[0] ** 2 * t,
        setup_context=lambda ctx, inputs, output: (ctx.save_for_forward(*inputs), ctx.save_for_backward(output)),
        backward=lambda ctx, g: 3 * ctx.saved_tensors[0] ** (2 / 3) * g,
    )
    y = own.apply(fw.make_dual(x, lib.ones(3)))
    (g,) = lib.autograd.grad(y.sum(), x)
    return both(fw, y, g)


OWN = {
    "two outputs": lambda lib, fw, d: both(fw, *function(lib, product, product_jvp).apply(d, d.detach(), 3.0)),
    "not materialized": lambda lib, fw, d: both(fw, *function(lib, lazy, product_jvp).apply(d, d.detach(), 3.0)),
    "no dual": lambda lib, fw, d: both(fw, function(lib, lambda ctx, x: x * 2).apply(d.detach())),
    "in place": lambda lib, fw, d: both(fw, function(lib, doubled_in_place, lambda ctx, t: t.mul_(2)).apply(d.clone())),
    "a view": lambda lib, fw, d: both(fw, function(lib, lambda ctx, x: x.view(-1), lambda ctx, t: t.view(-1)).apply(d)),
    "not differentiable": lambda lib, fw, d: both(fw, *function(lib, marked, lambda ctx, t: (t * 2, None)).apply(d)),
    "tangents of what it saved": cubed,
}


@pytest.mark.parametrize("name", OWN)
def test_own_functions(name: str) -> None:
    agree(on_duals(OWN[name]))


def returning(value: Callable[[Any], Any], forward: Any = lambda ctx, x: x * 2) -> Callable[..., Any]:
    return lambda lib, fw, d: function(lib, forward, lambda ctx, t: value(t)).apply(d.clone())


WRONG = {
    "none": (lambda lib, fw, d: function(lib, lambda ctx, x: x).apply(d), "You must implement the jvp function"),
    "too many": (returning(lambda t: (t, t)), "(expected 1 but got 2)"),
    "a number": (returning(lambda t: 3.0), "expected Variable or None (got float)"),
    "size": (returning(lambda t: t[:2]), "has a different size than that"),
    "a flag's": (returning(lambda t: (t, t), marked), "returned a gradient at position 1"),
    "not in place": (returning(lambda t: t * 2, doubled_in_place), "is not modifying the forward mode gradients"),
    "no view": (returning(lambda t: t * 1, lambda ctx, x: x.view(-1)), "the jvp is not returning a view"),
    "saving numbers": (
        lambda lib, fw, d: function(lib, lambda ctx, x: ctx.save_for_forward(3), lambda ctx, t: t).apply(d),
        "save_for_forward expects all arguments to be tensors",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_functions(name: str) -> None:
    body, message = WRONG[name]
    agree(on_duals(body), message)


def test_a_missing_tangent_is_refused() -> None:
    alike(on_duals(returning(lambda t: None)))


def test_a_factor_that_is_written_keeps_its_old_tangent() -> None:
    # torch reads the tangent of the second factor after it has written the first one's: 24 where the slope is 12.
    with ad.autograd.forward_ad.dual_level():
        y = ad.autograd.forward_ad.make_dual(ad.tensor([3.0]), ad.tensor([2.0])) * 1
        assert ad.autograd.forward_ad.unpack_dual(y.mul_(y)).tangent.tolist() == [12.0]


# -- what torch does not show -----------------------------------------------------------------------------------------


def test_levels_nest() -> None:
    x, one = ad.tensor([0.5, 2.0], dtype=ad.float64), ad.ones(2, dtype=ad.float64)

    def slope(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: pushforward(f, [x], [one])[1]

    third = slope(slope(slope(lambda x: x.sin() * x**4)))(x)
    y = x.detach().requires_grad_()
    expected = y.sin() * y**4
    for _ in range(3):
        (expected,) = ad.autograd.grad(expected.sum(), y, create_graph=True)
    assert ad.allclose(third, expected.detach(), rtol=1e-12)


def test_pushforward_under_vmap() -> None:
    x, t = samples(ad)
    one = ad.func.vmap(lambda x, t: pushforward(lambda x: mixed(ad, x), [x], [t])[1])(x, t)
    other = pushforward(lambda x: ad.func.vmap(lambda x: mixed(ad, x))(x), [x], [t])[1]
    assert ad.equal(one, other)


def test_levels_are_not_confused() -> None:
    # d/dx (x * d/dy (x + y)) is 1, not 2.
    x = ad.tensor(3.0)
    one = ad.tensor(1.0)
    found = pushforward(lambda x: x * pushforward(lambda y: x + y, [one], [one])[1], [x], [one])
    assert [t.item() for t in found] == [3.0, 1.0]


def test_reverse_inside_forward_inside_reverse() -> None:
    t = ad.tensor([1.0, -1.0], dtype=ad.float64)

    def hessian_product(x: Any) -> Any:
        def gradient(x: Any) -> Any:
            leaf = x if x.requires_grad else x.requires_grad_()
            return ad.autograd.grad((leaf**4).sum(), leaf, create_graph=True)[0]

        return pushforward(gradient, [x], [t])[1]

    x = ad.tensor([0.5, 2.0], dtype=ad.float64, requires_grad=True)
    (found,) = ad.autograd.grad(hessian_product(x).sum(), x)
    assert ad.allclose(found, 24 * x.detach() * t, rtol=1e-12)


def test_each_thread_has_levels_of_its_own() -> None:
    fw, found = ad.autograd.forward_ad, []
    with fw.dual_level():
        d = fw.make_dual(ad.ones(2), ad.ones(2))
        thread = threading.Thread(target=lambda: found.append(pushforward(ad.exp, [ad.zeros(2)], [ad.ones(2)])))
        thread.start()
        thread.join()
        assert fw.unpack_dual(d * 2).tangent.tolist() == [2.0, 2.0]
    assert found[0][1].tolist() == [1.0, 1.0]


def test_leaving_frees_the_tangents_without_the_collector() -> None:
    fw = ad.autograd.forward_ad
    gc.disable()
    try:
        with fw.dual_level():
            y = fw.make_dual(ad.ones(2).requires_grad_(), ad.ones(2)).exp().tanh()
            gone = weakref.ref(fw.unpack_dual(y).tangent)
            assert gone() is not None
        assert gone() is None
    finally:
        gc.enable()


# -- with the function transforms -------------------------------------------------------------------------------------


def mixed(lib: Any, x: Any) -> Any:
    return (x.exp() * x.sin()).cumsum(0) * x.norm() + x.tanh()


def samples(lib: Any) -> tuple[Any, Any]:
    x = lib.arange(12, dtype=lib.float64).view(4, 3) / 10 - 0.5
    return x, (x * 3).cos()


TRANSFORMED = {
    "vmap of tangents": lambda lib, fw, slope: lib.func.vmap(slope)(*samples(lib)),
    "vmap of tangents, one point": lambda lib, fw, slope: lib.func.vmap(lambda t: slope(samples(lib)[0][1], t))(
        samples(lib)[1]
    ),
    "tangents of a gradient": lambda lib, fw, slope: slope(
        *(t[0] for t in samples(lib)), lib.func.grad(lambda x: mixed(lib, x).sum())
    ),
    "tangents of a vmap": lambda lib, fw, slope: slope(*samples(lib), lib.func.vmap(lambda x: mixed(lib, x))),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_with_function_transforms(name: str) -> None:
    def program(lib: Any) -> Any:
        fw = lib.autograd.forward_ad

        def slope(x: Any, t: Any, f: Any = lambda x: mixed(lib, x)) -> Any:
            if lib is torch:  # its vmap refuses dual tensors
                return lib.func.jvp(f, (x,), (t,))[1]
            with fw.dual_level():
                return fw.unpack_dual(f(fw.make_dual(x, t))).tangent

        return shown(TRANSFORMED[name](lib, fw, slope))

    agree(program)


def test_gradients_in_batches() -> None:
    def program(lib: Any) -> Any:
        x = samples(lib)[0][0].requires_grad_()
        unused = lib.ones(2, requires_grad=True)
        y = mixed(lib, x)
        one, none = lib.autograd.grad(
            (y, y.sum()),
            (x, unused),
            (lib.eye(3, dtype=lib.float64), lib.ones(3, dtype=lib.float64)),
            is_grads_batched=True,
            allow_unused=True,
            create_graph=True,
        )
        return shown(one), none, shown(lib.autograd.grad(one.sum(), x)[0])

    agree(program)
