"""vmap against torch.vmap: dimensions, nesting, randomness, values that nobody may read, Functions of one's own."""

from __future__ import annotations

from typing import Any

import pytest

import autodiff as ad
from tests.func.alike import Program, alike


def layers(lib: Any, x: Any, p: Any) -> Any:
    return (lib.tanh(p["a"] @ x + p["b"]) ** 2).sum()


def seeded(lib: Any, make: Any) -> Any:
    lib.manual_seed(3)
    return make()


def written(x: Any, index: Any, value: Any) -> Any:
    x = x.clone()
    x[index] = value
    return x


def written_through_views(x: Any) -> Any:
    y = x * 1
    part = y[1:, 1:]
    part.mul_(x[0, 0])
    row = y.t()[0]
    row.copy_(row.clone() * 2)
    y[:2].view(-1).clamp_(min=0.1).add_(row.sum())
    return (y * row[0]).sin() + part.sum()


PROGRAMS: dict[str, Program] = {
    # -- dimensions
    "first": lambda lib, v: lib.vmap(lambda x: x.sum())(v.m),
    "in_dims": lambda lib, v: lib.vmap(lambda x, y: x * y.sum(), in_dims=(1, None))(v.m, v.x),
    "negative": lambda lib, v: lib.vmap(lambda x: x[0], in_dims=-1, out_dims=-1)(v.b),
    "out_dims": lambda lib, v: lib.vmap(lambda x: (x, x * 2), out_dims=(1, -1))(v.b),
    "one out_dim for all": lambda lib, v: lib.vmap(lambda x: (x, {"a": x}), out_dims=1)(v.m),
    "nested in_dims": lambda lib, v: lib.vmap(
        lambda d, s: d["a"] * d["b"][0] + s[0], in_dims=({"a": 0, "b": [1]}, (None, 0))
    )({"a": v.m, "b": [v.m.t()]}, (v.m[0], v.x)),
    "one in_dim for a list": lambda lib, v: lib.vmap(lambda s: s[0] * s[1])([v.m, v.n]),
    "a tuple for one result": lambda lib, v: lib.vmap(lambda x: x, out_dims=(1,))(v.m),
    "no tensor": lambda lib, v: lib.vmap(lambda x, k: x * k, in_dims=(0, None))(v.m, 3),
    "keywords are whole": lambda lib, v: lib.vmap(lambda x, k: x @ k)(v.m, k=v.m[0]),
    "a result that is the same for all": lambda lib, v: lib.vmap(lambda x: lib.ones(2))(v.m),
    "out_dims None": lambda lib, v: lib.vmap(lambda x: (x, lib.ones(2), "a"), out_dims=(0, None, None))(v.m),
    "no sample": lambda lib, v: lib.vmap(lambda x: x.sin().sum())(v.m[:0]),
    "no sample, one by one": lambda lib, v: lib.vmap(lambda x: lib.cdist(x, x))(v.b[:0]),
    "chunks": lambda lib, v: lib.vmap(lambda x, y: (x * y, x.sum()), chunk_size=2, out_dims=(1, 0))(v.m, v.n),
    "chunks, nested": lambda lib, v: lib.vmap(lambda d: {"o": d["a"].sum()}, chunk_size=1)({"a": v.m}),
    # -- nesting
    "twice": lambda lib, v: lib.vmap(lib.vmap(lambda a, b: a * b, in_dims=(None, 0)), in_dims=(0, None))(v.x, v.y),
    "twice, one tensor": lambda lib, v: lib.vmap(lib.vmap(lambda x: x.sum()), in_dims=1)(v.b),
    "three times": lambda lib, v: lib.vmap(lib.vmap(lib.vmap(lambda x, y: x + y), in_dims=(0, None)))(v.b, v.m[:, :2]),
    "captured": lambda lib, v: lib.vmap(lambda x: lib.vmap(lambda y: (x * y).sum())(v.n))(v.m),
    "per-sample gradients": lambda lib, v: lib.vmap(lib.func.grad(lambda p, x: layers(lib, x, p)), in_dims=(None, 0))(
        {"a": v.n, "b": v.x}, v.m
    ),
    "per-sample Jacobians": lambda lib, v: lib.vmap(lib.func.jacrev(lambda x: x.sin() * x[0]))(v.m),
    "per-sample Jacobians forward": lambda lib, v: lib.vmap(lib.func.jacfwd(lambda x: x.sin() * x[0]))(v.m),
    "per-sample Hessians": lambda lib, v: lib.vmap(lib.func.hessian(lambda x: (x.sin() * x[0]).sum()))(v.m),
    "grad of vmap": lambda lib, v: lib.func.grad(lambda x: lib.vmap(lambda s: (s * x[:1]).exp().sum())(v.m).sum())(v.x),
    "jacrev of vmap": lambda lib, v: lib.func.jacrev(lib.vmap(lambda s: (s * s[0]).sum()))(v.m),
    "jacfwd of vmap": lambda lib, v: lib.func.jacfwd(lib.vmap(lambda s: (s * s[0]).sum()))(v.m),
    "vmap of grad of vmap": lambda lib, v: lib.vmap(
        lib.func.grad(lambda x: lib.vmap(lambda s: (s * x).sin().sum())(v.m).sum())
    )(v.n),
    "vmap of vjp": lambda lib, v: lib.vmap(lambda c: lib.func.vjp(lambda x: x.sin() * x[0], v.x)[1](c)[0])(v.m.t()),
    "vmap of a pullback": lambda lib, v: lib.vmap(lib.func.vjp(lambda x: x.sin() * x[0], v.x)[1])(v.m.t()),
    "vmap of jvp": lambda lib, v: lib.vmap(lambda t: lib.func.jvp(lambda x: x.sin() * x[0], (v.x,), (t,))[1])(v.m.t()),
    "vmap of jvp, captured sample": lambda lib, v: lib.vmap(
        lambda t, c: lib.func.jvp(lambda x: x * c * x[0], (v.x,), (t,))[1]
    )(v.m.t(), v.n.t()),
    "vmap of jacfwd, captured sample": lambda lib, v: lib.vmap(lambda c: lib.func.jacfwd(lambda x: x * c * x[0])(v.x))(
        v.n.t()
    ),
    "jacfwd of vmap of jvp": lambda lib, v: lib.func.jacfwd(
        lambda y: lib.vmap(lambda t: lib.func.jvp(lambda x: x * y * x[0], (v.x,), (t,))[1])(v.m.t())
    )(v.y),
    "vmap of a pushforward": lambda lib, v: lib.vmap(lib.func.linearize(lambda x: x.sin() * x[0], v.x)[1])(v.m.t()),
    "a Jacobian, captured sample": lambda lib, v: lib.vmap(lambda s: lib.func.jacrev(lambda x: x * s[0])(v.x))(v.m),
    "a gradient, no sample in it": lambda lib, v: lib.vmap(lambda s: lib.func.grad(lambda x: (x**2).sum())(v.x))(v.m),
    "outside": lambda lib, v: (
        lib.vmap(lambda s, w: (s * w).exp().sum())(v.m.t()[:3, :3], v.w).sum().backward(),
        v.w.grad,
    ),
    "outside, the same for all": lambda lib, v: (
        lib.vmap(lambda s: (s * v.w).sum())(v.m.t()).sum().backward(),
        v.w.grad,
    ),
    "outside, per-sample gradients": lambda lib, v: (
        lib.vmap(lib.func.grad(lambda s: (s**2 * v.w).sum()))(v.m.t()).sum().backward(),
        v.w.grad,
    ),
    "requires grad, inside": lambda lib, v: lib.vmap(lambda s: s * s.requires_grad)(v.w),
    "autograd.grad by cotangents": lambda lib, v: lib.vmap(lambda c: lib.autograd.grad((v.w**2).exp(), v.w, c)[0])(
        v.m.t()
    ),
    "is_grads_batched": lambda lib, v: lib.autograd.grad(
        [v.w**2, v.w.sum()], [v.w, v.r], [v.m.t(), v.m[0]], is_grads_batched=True, allow_unused=True
    ),
    # -- operators
    "promotion of 0-dim samples": lambda lib, v: lib.vmap(lambda x, s: x.float() * s)(v.m, v.x),
    "rows": lambda lib, v: lib.vmap(lambda x: lib.stack(list(x)))(v.b),
    "length and shape": lambda lib, v: lib.vmap(lambda x: x * len(x) + x.shape[1] + x.ndim + x.numel() + x.size(0))(
        v.b
    ),
    "is contiguous": lambda lib, v: lib.vmap(lambda x: x * x.is_contiguous() + x.t().is_contiguous(), in_dims=2)(v.b),
    "products": lambda lib, v: lib.vmap(lambda x, y: (x @ y, x.t() @ x, y @ x.t(), x.mv(y), y.dot(y)))(v.b, v.b[:, 0]),
    "einsum": lambda lib, v: lib.vmap(lambda x, y: lib.einsum("ij,i->j", x, y))(v.b, v.m),
    "index": lambda lib, v: lib.vmap(lambda x, i: (x[i], x[i, 1], x[:, 0][i], v.x[i]))(v.b, lib.tensor([0, 2, 1])),
    "indices": lambda lib, v: lib.vmap(lambda x, i: (x[i], x[:, i - 1], x[i, :, None], x[None, i, 1]))(
        v.b, lib.tensor([[1, 0], [1, 1], [2, 1]])
    ),
    "indices of all": lambda lib, v: lib.vmap(
        lambda x: (x[lib.tensor([1, 0])], x[lib.tensor([0]), :, lib.tensor([1])])
    )(v.b[:, :, :, None].expand(3, 4, 2, 2)),
    "a mask of all": lambda lib, v: lib.vmap(lambda x: x[lib.tensor([True, False, True, True])])(v.m),
    "set": lambda lib, v: lib.vmap(lambda x, s: written(x, 1, s))(v.m, v.x),
    "set slices": lambda lib, v: lib.vmap(lambda x, s: written(x, slice(1, 3), s))(v.m, v.x),
    "set indices": lambda lib, v: lib.vmap(lambda x, i: written(x, i, 5.0))(v.m, lib.tensor([[0, 1], [1, 2], [3, 3]])),
    "written": lambda lib, v: lib.vmap(lambda x, y: x.clone().add_(y).mul_(2).copy_(x).sub_(1))(v.m, v.n),
    "written, reshaped": lambda lib, v: lib.vmap(lambda x: x.clone().unsqueeze_(0).transpose_(0, 1).squeeze_(1).sin_())(
        v.m
    ),
    "written into the argument": lambda lib, v: (lib.vmap(lambda x: x.add_(1))(v.m), v.m),
    "written, differentiated": lambda lib, v: lib.vmap(lib.func.grad(lambda x: ((x * 1).mul_(x).exp_()).sum()))(v.m),
    "written through views, differentiated": lambda lib, v: (
        lib.func.jacrev(written_through_views)(v.m),
        lib.func.jacfwd(written_through_views)(v.m),
        lib.vmap(lib.func.jacrev(written_through_views))(v.b),
    ),
    "sort": lambda lib, v: lib.vmap(lambda x: tuple(x.sort(descending=True)))(v.m),
    "linalg": lambda lib, v: lib.vmap(
        lambda x: (lib.linalg.det(x), lib.linalg.inv(x), lib.linalg.solve(x, x[0]), lib.linalg.norm(x))
    )(v.b @ v.b.mT + lib.eye(4, dtype=lib.float64)),
    "cross entropy": lambda lib, v: lib.vmap(
        lambda x, t: (lib.nn.functional.cross_entropy(x[None], t[None]), lib.nn.functional.cross_entropy(x, t))
    )(v.m, lib.tensor([0, 3, 1])),
    "cross entropy, some ignored": lambda lib, v: lib.vmap(
        lambda x, t: lib.nn.functional.cross_entropy(x, t, ignore_index=0)
    )(v.b, lib.tensor([[0, 1, 1, 1], [1, 0, 0, 1], [1, 1, 1, 1]])),
    "margins": lambda lib, v: lib.vmap(
        lambda x, t, w: (
            lib.nn.functional.multi_margin_loss(x, t[0], weight=w, p=2),
            lib.func.grad(lib.nn.functional.multi_margin_loss)(x, t[0]),
            lib.nn.functional.multilabel_margin_loss(x, t),
        )
    )(v.m, lib.tensor([[0, 1, -1, 2], [3, -1, 0, 0], [1, 2, 3, 0]]), v.n),
    "texts and lengths": lambda lib, v: lib.vmap(
        lambda x, t, n: lib.nn.functional.ctc_loss(x.log_softmax(-1), t, lib.tensor([4]), n), in_dims=(0, 0, None)
    )(v.b[:, :, None], lib.tensor([[[1, 1]], [[1, 1]], [[1, 1]]]), lib.tensor([2])),
    "channels exchanged": lambda lib, v: lib.vmap(lambda x: lib.nn.functional.channel_shuffle(x, 2))(
        v.b.reshape(3, 1, 4, 2)
    ),
    "windows": lambda lib, v: lib.vmap(lib.func.jacrev(lambda x: lib.nn.functional.unfold(x[None], (2, 1))))(v.b),
    "embedding": lambda lib, v: lib.vmap(lambda i: lib.nn.functional.embedding(i, v.m))(lib.tensor([[0, 1], [2, 2]])),
    "repeated": lambda lib, v: lib.vmap(lambda x: (x.repeat(2, 1), x.expand(2, 4), x.tile(2)))(v.m),
    # -- randomness
    "same": lambda lib, v: seeded(lib, lambda: lib.vmap(lambda x: lib.randn(2) + x, randomness="same")(v.x)),
    "different": lambda lib, v: seeded(lib, lambda: lib.vmap(lambda x: lib.randn(9) + x, randomness="different")(v.x)),
    "randint": lambda lib, v: seeded(
        lib, lambda: lib.vmap(lambda x: (lib.randint(9, (4,)), lib.rand(size=(2,))), randomness="different")(v.x)
    ),
    "like": lambda lib, v: seeded(lib, lambda: lib.vmap(lib.rand_like, randomness="different")(v.m)),
    "like, same": lambda lib, v: seeded(lib, lambda: lib.vmap(lib.rand_like, randomness="same")(v.m)),
    "bernoulli": lambda lib, v: seeded(
        lib, lambda: lib.vmap(lambda x: lib.bernoulli(x.sigmoid()), randomness="different")(v.m)
    ),
    "normal": lambda lib, v: seeded(lib, lambda: lib.vmap(lambda x: lib.normal(x, 1.0), randomness="different")(v.m)),
    "dropout": lambda lib, v: seeded(lib, lambda: lib.vmap(lib.nn.functional.dropout, randomness="different")(v.m)),
    "dropout, same": lambda lib, v: seeded(lib, lambda: lib.vmap(lib.nn.functional.dropout, randomness="same")(v.m)),
    "dropout, off": lambda lib, v: lib.vmap(lambda x: lib.nn.functional.dropout(x, training=False))(v.m),
    "drawn into": lambda lib, v: seeded(
        lib, lambda: lib.vmap(lambda x: x.clone().uniform_(), randomness="different")(v.m)
    ),
    "drawn into, same": lambda lib, v: seeded(
        lib, lambda: lib.vmap(lambda x: x.clone().uniform_(), randomness="same")(v.m)
    ),
    "twice, different and same": lambda lib, v: seeded(
        lib,
        lambda: lib.vmap(
            lambda x: lib.vmap(lambda s: lib.rand(3) + s * 0, randomness="same")(x), randomness="different"
        )(v.m),
    ),
}

ERRORS: dict[str, tuple[Program, str]] = {
    "in_dims of no kind": (lambda lib, v: lib.vmap(lib.sin, in_dims=1.5)(v.m), "expected `in_dims` to be int or a"),
    "in_dims too many": (lambda lib, v: lib.vmap(lib.sin, in_dims=(0, 0))(v.m), "in_dims is not compatible with the"),
    "in_dims of other keys": (
        lambda lib, v: lib.vmap(lambda d: d["a"], in_dims=({"b": 0},))({"a": v.m}),
        "in_dims is not compatible with the",
    ),
    "in_dim beyond": (
        lambda lib, v: lib.vmap(lib.sin, in_dims=(2,))(v.m),
        "expected in_dim to satisfy -2 <= in_dim < 2",
    ),
    "no dimension": (lambda lib, v: lib.vmap(lib.sin)(v.x[0]), "a Tensor of dimensionality 0"),
    "a number": (lambda lib, v: lib.vmap(lambda x, k: x)(v.m, 3), "We cannot vmap over non-Tensor arguments"),
    "nothing to map": (
        lambda lib, v: lib.vmap(lib.sin, in_dims=(None,))(v.m),
        "Expected at least one Tensor to vmap over",
    ),
    "sizes": (lambda lib, v: lib.vmap(lambda x, y: x)(v.m, v.m.t()), "to have the same size in the mapped dimension"),
    "no input": (lambda lib, v: lib.vmap(lambda: 1)(), "got no inputs"),
    "out_dims of text": (lambda lib, v: lib.vmap(lib.sin, out_dims="a")(v.m), "`out_dims` must be an int, None or a"),
    "out_dims too few": (
        lambda lib, v: lib.vmap(lambda x: (x, x), out_dims=(0,))(v.m),
        "out_dims is not compatible with",
    ),
    "out_dim beyond": (lambda lib, v: lib.vmap(lib.sin, out_dims=2)(v.m), "Dimension out of range"),
    "out_dims None": (
        lambda lib, v: lib.vmap(lib.sin, out_dims=None)(v.m),
        "can not return a BatchedTensor when out_dim",
    ),
    "a number returned": (
        lambda lib, v: lib.vmap(lambda x: 3)(v.m),
        "must only return Tensors, got type <class 'int'>",
    ),
    "chunks of none": (
        lambda lib, v: lib.vmap(lib.sin, chunk_size=0)(v.m),
        "chunk_size should be None or greater than 0",
    ),
    "randomness": (lambda lib, v: lib.vmap(lib.sin, randomness="some")(v.m), "Only allowed values for randomness are"),
    "random": (lambda lib, v: lib.vmap(lambda x: lib.rand(2))(v.m), "random operation while in randomness error mode"),
    "random, like": (lambda lib, v: lib.vmap(lib.rand_like)(v.m), "random operation while in randomness error mode"),
    "random, inner": (
        lambda lib, v: lib.vmap(lib.vmap(lib.rand_like), randomness="same")(v.m),
        "while in randomness error mode",
    ),
    "random, by chances": (
        lambda lib, v: lib.vmap(lambda x: lib.bernoulli(x.sigmoid()), randomness="same")(v.m),
        "does not currently support same randomness with a batched tensor input",
    ),
    "drawn into what is the same": (
        lambda lib, v: lib.vmap(lambda x: lib.ones(2).uniform_(), randomness="different")(v.m),
        "Cannot ask for different inplace randomness on an unbatched tensor",
    ),
    "item": (lambda lib, v: lib.vmap(lambda x: x.item())(v.x), "It looks like you're calling .item() on a Tensor"),
    "float": (lambda lib, v: lib.vmap(lambda x: float(x))(v.x), "It looks like you're calling .item() on a Tensor"),
    "branch": (
        lambda lib, v: lib.vmap(lambda x: x if x > 0 else -x)(v.x),
        "use a Tensor in some data-dependent control",
    ),
    "in": (lambda lib, v: lib.vmap(lambda x: max(x[0], x[1]))(v.m), "use a Tensor in some data-dependent control flow"),
    "tolist": (lambda lib, v: lib.vmap(lambda x: x.tolist())(v.m), ""),
    "numpy": (lambda lib, v: lib.vmap(lambda x: x.numpy())(v.m), ""),
    "data": (lambda lib, v: lib.vmap(lambda x: x.data)(v.m), ""),
    "a mask": (lambda lib, v: lib.vmap(lambda x: x[x > 0])(v.m), "dynamic shape"),
    "nonzero": (lambda lib, v: lib.vmap(lambda x: x.nonzero())(v.m), "dynamic shape"),
    "unique": (lambda lib, v: lib.vmap(lib.unique)(v.m), "dynamic shape"),
    "masked_select": (lambda lib, v: lib.vmap(lambda x: x.masked_select(x > 0))(v.m), "shape"),
    "equal": (lambda lib, v: lib.vmap(lambda x: lib.equal(x, x))(v.m), ""),
    "written over what is the same": (lambda lib, v: lib.vmap(lambda x: lib.ones(4).sub_(x))(v.m.float()), ""),
    "out": (lambda lib, v: lib.vmap(lambda x: lib.add(x, 1, out=lib.empty(4)))(v.m), "out="),
    "requires_grad_": (lambda lib, v: lib.vmap(lambda x: x.requires_grad_())(v.m), "to call Tensor.requires_grad_()"),
    "backward": (lambda lib, v: lib.vmap(lambda x: x.sum().backward())(v.r), "backward() called inside a functorch"),
    "autograd.grad": (lambda lib, v: lib.vmap(lambda x: lib.autograd.grad(x * x, x)[0])(v.r), "does not require grad"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_torch(name: str) -> None:
    alike(PROGRAMS[name])


@pytest.mark.parametrize("name", ERRORS)
def test_raises_as_torch(name: str) -> None:
    program, message = ERRORS[name]
    alike(program, message)


def functions(lib: Any) -> Any:
    """x * x, its derivative by hand: without setup_context, as vmap may run it, and with a rule of its own."""

    class Old(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g * ctx.saved_tensors[0]

    class New(lib.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x * x

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(inputs[0])

        backward = Old.backward

    class Generated(New):
        generate_vmap_rule = True

    class Ruled(New):
        @staticmethod
        def vmap(info: Any, in_dims: Any, x: Any) -> Any:
            assert info.batch_size == x.shape[in_dims[0]]
            return Ruled.apply(x), in_dims[0]

    class Both(Ruled):
        generate_vmap_rule = True

    return Old, New, Generated, Ruled, Both


@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize("transforms", ["vmap", "grad", "vmap grad", "vmap vmap grad", "jacrev", "grad grad"])
def test_functions_of_ones_own(which: int, transforms: str) -> None:
    def program(lib: Any, v: Any) -> Any:
        function = functions(lib)[which].apply
        run = lambda x: function(x.sin()).sum()
        if transforms.startswith("jacrev"):
            return lib.func.jacrev(lambda x: function(x.sin()))(v.x)
        if transforms == "grad grad":
            return lib.func.grad(lambda x: lib.func.grad(run)(x).sum())(v.x)
        for name in reversed(transforms.split()):
            run = getattr(lib.func, name)(run)
        return run(v.b if transforms.count("vmap") == 2 else v.m if "vmap" in transforms else v.x)

    raises = {0: "setup_context", 1: "vmap", 4: "vmap"}.get(which)
    fails = raises is not None and (which == 0 or "vmap" in transforms or (transforms == "jacrev" and which == 0))
    alike(program, raises if fails else None)


def test_samples_are_compared_in_the_dtype_of_a_sample() -> None:
    """A 0-dim float64 does not widen float32; torch's rule forgets that, its loop does not."""
    x = ad.tensor([[0.1, 0.7], [0.3, 0.2]], dtype=ad.float64)
    found = ad.vmap(lambda row, s: row.float() == s)(x, x[:, 0])
    assert found.tolist() == [(row.float() == row[0]).tolist() for row in x] == [[True, False], [True, False]]


NEW: dict[str, Any] = {
    "zeros_like": lambda lib, x: lib.zeros_like(x),
    "ones_like": lambda lib, x: lib.ones_like(x),
    "empty_like": lambda lib, x: lib.empty_like(x),
    "full_like": lambda lib, x: lib.full_like(x, 2.0),
    "new_zeros": lambda lib, x: x.new_zeros(x.shape),
    "new_ones": lambda lib, x: x.new_ones(x.shape),
    "new_empty": lambda lib, x: x.new_empty(x.shape),
    "new_full": lambda lib, x: x.new_full(x.shape, 2.0),
    "new_empty_strided": lambda lib, x: x.new_empty_strided(x.shape, (1,)),
    "zeros": lambda lib, x: lib.zeros(4, dtype=lib.float64),  # knows no sample: refused
    "new_tensor": lambda lib, x: x.new_tensor([1.0, 2.0, 3.0, 4.0]),  # refused
}


def reversed_into(lib: Any, make: Any, x: Any) -> Any:
    """What a program writes that fills a new tensor part by part."""
    new = make(lib, x)
    for i in range(4):
        new[i] = x[3 - i] ** 2
    return new


@pytest.mark.parametrize("transform", ["vmap", "jacfwd", "jacrev", "vmap jacfwd", "vmap jvp"])
@pytest.mark.parametrize("name", NEW)
def test_what_is_made_of_a_sample_can_be_written_for_each(name: str, transform: str) -> None:
    def program(lib: Any, v: Any) -> Any:
        run = lambda x: reversed_into(lib, NEW[name], x)
        if transform == "vmap jvp":
            return lib.vmap(lambda x: lib.func.jvp(run, (x,), (x,)))(v.m)
        for each in reversed(transform.split()):
            run = getattr(lib.func, each)(run)
        return run(v.m if "vmap" in transform else v.m[0])

    alike(program, "vmap" if name in ("zeros", "new_tensor") and "vmap" in transform else None)


@pytest.mark.parametrize("widths", [(1, 2), (-1, 2), (0, 1, 1, 0)])
def test_padding_in_a_circle_is_written_part_by_part(widths: tuple[int, ...]) -> None:
    def program(lib: Any, v: Any) -> Any:
        pad = lambda x: lib.nn.functional.pad(x, widths, mode="circular")
        x = v.of(3, 2, 3, 4)
        return lib.vmap(pad)(x), lib.func.jacfwd(pad)(x[0]), lib.func.jvp(pad, (x[0],), (x[0],)), pad(x[0])._version

    alike(program)
