"""grad, vjp, jvp, Jacobians and linearize against torch.func: values, what requires grad outside, errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.func.alike import Program, alike


def square(x: Any) -> Any:
    return (x**2).sum()


def unrecorded(lib: Any, x: Any) -> Any:
    with lib.no_grad():
        constant = x**2
    return (x - constant).sum()


def under_no_grad(lib: Any, make: Any) -> Any:
    with lib.no_grad():
        return make()


PROGRAMS: dict[str, Program] = {
    # -- grad
    "grad": lambda lib, v: lib.func.grad(square)(v.x),
    "second": lambda lib, v: lib.func.grad(lambda x: lib.func.grad(lambda y: (y**3).sum())(x).sum())(v.x),
    "third": lambda lib, v: lib.func.grad(lib.func.grad(lib.func.grad(lambda x: x.sin() * x)))(v.x[0]),
    "argnum": lambda lib, v: lib.func.grad(lambda x, y: (x.sin() * y).sum(), argnums=1)(v.x, v.y),
    "last argnum": lambda lib, v: lib.func.grad(lambda x, y: (x.sin() * y).sum(), argnums=-1)(v.x, v.y),
    "argnums": lambda lib, v: lib.func.grad(lambda x, y: (x.sin() * y).sum(), argnums=(1, 0))(v.x, v.y),
    "one in a tuple": lambda lib, v: lib.func.grad(lambda x, y: (x.sin() * y).sum(), argnums=(1,))(v.x, v.y),
    "nested": lambda lib, v: lib.func.grad(lambda d: (d["a"] * d["b"][0]).sum())({"a": v.x, "b": [v.y]}),
    "keywords": lambda lib, v: lib.func.grad(lambda x, k: (x * k).sum())(v.x, k=v.y),
    "aux": lambda lib, v: lib.func.grad(lambda x: (square(x), {"s": x.sin()}), has_aux=True)(v.x),
    "value": lambda lib, v: lib.func.grad_and_value(square)(v.x),
    "value and aux": lambda lib, v: lib.func.grad_and_value(lambda x: (square(x), x * 2), has_aux=True)(v.x),
    "constant": lambda lib, v: lib.func.grad(lambda x: lib.tensor(1.0))(v.x),
    "unused": lambda lib, v: lib.func.grad(lambda x, y: x.sum(), argnums=(0, 1))(v.x, v.y),
    "detached": lambda lib, v: lib.func.grad(lambda x: (x.detach() * x).sum())(v.x),
    "inside": lambda lib, v: lib.func.grad(
        lambda x: square(x) * (x.requires_grad and x.is_leaf and x.grad_fn is None and (x * 2).requires_grad)
    )(v.x),
    "written inside": lambda lib, v: lib.func.grad(lambda x: lib.zeros(3, dtype=lib.float64).add_(x).mul_(x).sum())(
        v.x
    ),
    "part written": lambda lib, v: lib.func.grad(lambda x: square((x * 1).index_fill_(0, lib.tensor([1]), 5.0)))(v.x),
    "item": lambda lib, v: lib.func.grad(lambda x: x[0] * x[1].item())(v.x),
    "branch": lambda lib, v: lib.func.grad(lambda x: square(x) if x[0] > 0 else -square(x))(v.x),
    # -- what is outside
    "captured": lambda lib, v: lib.func.grad(lambda x: (x * v.w).sum())(v.x),
    "captured, unused by the gradient": lambda lib, v: lib.func.grad(lambda x: x.sum() + v.w.sum())(v.x),
    "linear in what requires grad": lambda lib, v: lib.func.grad(lambda x: x.sum())(v.r),
    "square of what requires grad": lambda lib, v: lib.func.grad(square)(v.r),
    "backward through": lambda lib, v: (
        lib.func.grad(lambda x: (x**2 * v.w).sum())(v.r).sum().backward(),
        v.r.grad,
        v.w.grad,
    ),
    "several, apart": lambda lib, v: lib.func.grad(lambda x, y: (x * v.w + y * 2).sum(), argnums=(0, 1))(v.x, v.y),
    "leaf made inside": lambda lib, v: lib.func.grad(
        lambda x: (lib.ones(3, dtype=lib.float64, requires_grad=True) * x).sum()
    )(v.x),
    "nested, captured": lambda lib, v: lib.func.grad(
        lambda x: lib.func.grad(lambda y: (y**2 * x * v.w).sum())(x).sum()
    )(v.x),
    "inner mode": lambda lib, v: lib.func.grad(lambda x: unrecorded(lib, x))(v.x),
    "inner mode, captured": lambda lib, v: lib.func.grad(lambda x: (x * under_no_grad(lib, lambda: v.w * 2)).sum())(
        v.x
    ),
    "outer mode": lambda lib, v: under_no_grad(lib, lambda: lib.func.grad(lambda x: (x**2 * v.w).sum())(v.r)),
    "mode between": lambda lib, v: lib.func.grad(
        lambda x: under_no_grad(lib, lambda: lib.func.grad(lambda y: (y**3 * v.w).sum())(x)).sum() + square(x)
    )(v.x),
    "mode is on": lambda lib, v: under_no_grad(
        lib, lambda: lib.func.grad(lambda x: square(x) * lib.is_grad_enabled())(v.x)
    ),
    # -- vjp
    "vjp": lambda lib, v: [f if i == 0 else f(v.y) for i, f in enumerate(lib.func.vjp(lambda x: x.sin(), v.x))],
    "vjp of several": lambda lib, v: lib.func.vjp(lambda x, y: (x * y, {"s": x.exp()}), v.x, v.y)[1]((v.x, {"s": v.y})),
    "vjp twice": lambda lib, v: (lambda f: (f(v.x), f(v.y)))(lib.func.vjp(lambda x: x.exp(), v.x)[1]),
    "vjp aux": lambda lib, v: lib.func.vjp(lambda x: (x.sin(), [x.cos()]), v.x, has_aux=True)[::2],
    "vjp returns what it was given": lambda lib, v: lib.func.vjp(lambda x: x, v.r)[0] is v.r,
    "vjp returns what it captured": lambda lib, v: lib.func.vjp(lambda x: v.w, v.x)[0] is v.w,
    "vjp of captured": lambda lib, v: lib.func.vjp(lambda x: (v.w * 2, x * 2, x * v.w), v.x)[0],
    "vjp by what requires grad": lambda lib, v: lib.func.vjp(lambda x: x * 2, v.x)[1](v.w),
    "vjp under another": lambda lib, v: lib.func.grad(lambda t: (lib.func.vjp(lambda x: x**3, v.x)[1](t)[0] * t).sum())(
        v.y
    ),
    "vjp made inside, called outside": lambda lib, v: lib.func.vjp(lambda x: x * x, v.r)[1](v.x),
    # -- jvp
    "jvp": lambda lib, v: lib.func.jvp(lambda x: x.sin(), (v.x,), (v.y,)),
    "jvp of several": lambda lib, v: lib.func.jvp(lambda x, y: {"p": x * y, "q": [x.exp()]}, (v.x, v.y), (v.y, v.x)),
    "jvp aux": lambda lib, v: lib.func.jvp(lambda x: (x.sin(), x.cos()), (v.x,), (v.y,), has_aux=True),
    "jvp of a constant": lambda lib, v: lib.func.jvp(lambda x: lib.ones(2), (v.x,), (v.y,)),
    "jvp captured": lambda lib, v: lib.func.jvp(lambda x: x * v.w, (v.x,), (v.y,)),
    "jvp along what requires grad": lambda lib, v: lib.func.jvp(lambda x: x * 2, (v.x,), (v.w,)),
    "jvp at what requires grad": lambda lib, v: lib.func.jvp(lambda x: x**2, (v.r,), (v.x,)),
    "jvp of jvp": lambda lib, v: lib.func.jvp(lambda x: lib.func.jvp(lambda y: y**3, (x,), (v.y,))[1], (v.x,), (v.y,)),
    "jvp of vjp": lambda lib, v: lib.func.jvp(lambda x: lib.func.vjp(lambda y: y**3, x)[1](v.y)[0], (v.x,), (v.y,)),
    "jvp of grad": lambda lib, v: lib.func.jvp(lib.func.grad(lambda x: (x**3).sum()), (v.x,), (v.y,)),
    "grad of jvp": lambda lib, v: lib.func.grad(lambda x: lib.func.jvp(lambda y: y**3, (x,), (v.y,))[1].sum())(v.x),
    "strict": lambda lib, v: lib.func.jvp(lambda x: x * 2, (v.x,), (v.y,), strict=True),
    # -- linearize
    "linearize": lambda lib, v: (lambda out, f: (out, f(v.y), f(v.x)))(*lib.func.linearize(lambda x: x.sin() * x, v.x)),
    "linearize several": lambda lib, v: lib.func.linearize(lambda x, y: (x * y, x), v.x, v.y)[1](v.y, v.x),
    # -- Jacobians
    "jacrev": lambda lib, v: lib.func.jacrev(lambda x: x.sin() * x[0])(v.x),
    "jacfwd": lambda lib, v: lib.func.jacfwd(lambda x: x.sin() * x[0])(v.x),
    "jacrev shapes": lambda lib, v: lib.func.jacrev(lambda m: m.sum(0) * m[0])(v.m),
    "jacfwd shapes": lambda lib, v: lib.func.jacfwd(lambda m: m.sum(0) * m[0])(v.m),
    "jacrev nested": lambda lib, v: lib.func.jacrev(lambda d: {"o": d["a"].sin() * d["b"], "s": d["a"].sum()})(
        {"a": v.x, "b": v.y}
    ),
    "jacfwd nested": lambda lib, v: lib.func.jacfwd(lambda d: {"o": d["a"].sin() * d["b"], "s": d["a"].sum()})(
        {"a": v.x, "b": v.y}
    ),
    "jacrev argnums": lambda lib, v: lib.func.jacrev(lambda x, y: (x * y, y[0]), argnums=(0, 1))(v.x, v.y),
    "jacfwd argnums": lambda lib, v: lib.func.jacfwd(lambda x, y: (x * y, y[0]), argnums=(0, 1))(v.x, v.y),
    "jacrev aux": lambda lib, v: lib.func.jacrev(lambda x: (x.sin(), x.cos()), has_aux=True)(v.x),
    "jacfwd aux": lambda lib, v: lib.func.jacfwd(lambda x: (x.sin(), x.cos()), has_aux=True)(v.x),
    "jacrev chunks": lambda lib, v: lib.func.jacrev(lambda x: x.exp() * x.sum(), chunk_size=2)(v.x),
    "jacrev of a constant": lambda lib, v: lib.func.jacrev(lambda x: lib.ones(2, dtype=lib.float64))(v.x),
    "jacfwd of a constant": lambda lib, v: lib.func.jacfwd(lambda x: lib.ones(2, dtype=lib.float64))(v.x),
    "jacrev captured": lambda lib, v: lib.func.jacrev(lambda x: x * v.w)(v.x),
    "jacfwd captured": lambda lib, v: lib.func.jacfwd(lambda x: x * v.w)(v.x),
    "jacrev at what requires grad": lambda lib, v: lib.func.jacrev(lambda x: x**2)(v.r),
    "jacfwd at what requires grad": lambda lib, v: lib.func.jacfwd(lambda x: x**2)(v.r),
    "jacrev of jacrev": lambda lib, v: lib.func.jacrev(lib.func.jacrev(lambda x: (x**3).sum() * x))(v.x),
    "jacfwd of jacfwd": lambda lib, v: lib.func.jacfwd(lib.func.jacfwd(lambda x: (x**3).sum() * x))(v.x),
    "jacrev of jacfwd": lambda lib, v: lib.func.jacrev(lib.func.jacfwd(lambda x: (x**3).sum() * x))(v.x),
    "hessian": lambda lib, v: lib.func.hessian(lambda x: (x**3).sum() * x[0])(v.x),
    "hessian argnums": lambda lib, v: lib.func.hessian(lambda x, y: (x**2 * y).sum(), argnums=(0, 1))(v.x, v.y),
    "hessian of matrices": lambda lib, v: lib.func.hessian(lambda x: ((v.m.t() @ x).tanh() ** 2).sum())(v.x),
    "jacobian of no rows": lambda lib, v: lib.func.jacrev(lambda x: x[:0])(v.x),
    "jacobian of no columns": lambda lib, v: lib.func.jacfwd(lambda x: x.sum())(v.x[:0]),
    "jacfwd, same": lambda lib, v: lib.func.jacfwd(lambda x: lib.rand(2) * 0 + x[:2], randomness="same")(v.x),
    "jacfwd, different": lambda lib, v: lib.func.jacfwd(lambda x: lib.rand(2) * 0 + x[:2], randomness="different")(v.x),
}

ERRORS: dict[str, tuple[Program, str]] = {
    "no scalar": (lambda lib, v: lib.func.grad(lambda x: x)(v.x), "to return a scalar Tensor, got tensor with 1 dims"),
    "no tensor": (lambda lib, v: lib.func.grad(lambda x: 3)(v.x), "to return a Tensor, got <class 'int'>"),
    "complex": (lambda lib, v: lib.func.grad(lambda x: (x * 1j).sum())(v.x), "only for real scalar outputs"),
    "no pair": (lambda lib, v: lib.func.grad(lambda x: x.sum(), has_aux=True)(v.x), "(output, aux) if has_aux is True"),
    "aux of text": (lambda lib, v: lib.func.grad(lambda x: (x.sum(), "a"), has_aux=True)(v.x), "Expected tensors, got"),
    "argnum beyond": (lambda lib, v: lib.func.grad(square, argnums=1)(v.x), "Got argnum=1, but only 1 positional"),
    "argnum before": (lambda lib, v: lib.func.grad(square, argnums=-2)(v.x), "Got argnum=-2, but only 1 positional"),
    "argnum twice": (lambda lib, v: lib.func.grad(square, argnums=(0, 0))(v.x), "argnums elements must be unique"),
    "argnum of text": (lambda lib, v: lib.func.grad(square, argnums="0")(v.x), "argnums must be int or Tuple"),
    "no argnum": (lambda lib, v: lib.func.grad(square, argnums=())(v.x), "argnums must be non-empty"),
    "a number": (lambda lib, v: lib.func.grad(square)(3.0), "must be Tensor, got <class 'float'>"),
    "integers": (lambda lib, v: lib.func.grad(square)(lib.arange(3)), "floating point"),
    "backward inside": (lambda lib, v: lib.func.grad(lambda x: x.sum().backward())(v.x), "backward() called inside a"),
    "written captured": (lambda lib, v: lib.func.grad(lambda x: v.y.add_(x).sum())(v.x), "mutate a captured Tensor"),
    "captured counter": (lambda lib, v: lib.func.grad(lambda x: (v.y.add_(1), x.sum())[1])(v.x), "a captured Tensor"),
    "outer written": (
        lambda lib, v: lib.func.grad(
            lambda x: lib.func.grad(lambda y: (x * 1).add_(y).sum() + x.add_(1).sum())(x).sum()
        )(v.x),
        "mutate a captured Tensor",
    ),
    "leaf written": (
        lambda lib, v: lib.func.grad(lambda x: x.add_(1).sum())(v.x),
        "a leaf Variable that requires grad",
    ),
    "requires_grad_": (
        lambda lib, v: lib.func.grad(lambda x: x.requires_grad_().sum())(v.x),
        "You are attempting to call Tensor.requires_grad_()",
    ),
    "vjp of a number": (lambda lib, v: lib.func.vjp(square, 3.0), "must be Tensor, got <class 'float'>"),
    "vjp to a number": (lambda lib, v: lib.func.vjp(lambda x: 3, v.x), "to return only tensors, got unsupported type"),
    "vjp to nothing": (lambda lib, v: lib.func.vjp(lambda x: (), v.x), "non-empty output"),
    "cotangent's shape": (
        lambda lib, v: lib.func.vjp(lambda x: x * 2, v.x)[1](v.m),
        "Mismatch in shape: grad_output[0] has a shape of",
    ),
    "cotangent's structure": (
        lambda lib, v: lib.func.vjp(lambda x: (x, x), v.x)[1](v.x),
        "Expected pytree structure of cotangents to be the",
    ),
    "jvp of no tuple": (lambda lib, v: lib.func.jvp(square, v.x, v.x), "Expected primals to be a tuple"),
    "jvp of nothing": (lambda lib, v: lib.func.jvp(square, (), ()), "to contain at least one Tensor"),
    "jvp of a number": (lambda lib, v: lib.func.jvp(square, (3.0,), (v.x,)), "to only contain Tensors"),
    "tangent's structure": (
        lambda lib, v: lib.func.jvp(square, (v.x,), (v.x, v.x)),
        "to have the same python structure",
    ),
    "tangent's shape": (
        lambda lib, v: lib.func.jvp(square, (v.x,), (v.m,)),
        "a different size than that of the original",
    ),
    "jvp to a number": (lambda lib, v: lib.func.jvp(lambda x: 3, (v.x,), (v.x,)), "to return only tensors, got"),
    "strict": (
        lambda lib, v: lib.func.jvp(lambda x: (x, lib.ones(2)), (v.x,), (v.x,), strict=True),
        "independent of the inputs",
    ),
    "linearize's shape": (lambda lib, v: lib.func.linearize(square, v.x)[1](v.m), "doesn't match the shape"),
    "linearize's dtype": (lambda lib, v: lib.func.linearize(square, v.x)[1](v.x.float()), "doesn't match the dtype"),
    "linearize's structure": (lambda lib, v: lib.func.linearize(square, v.x)[1](v.x, v.x), "to have the same argspec"),
    "jacrev to complex": (
        lambda lib, v: lib.func.jacrev(lambda x: x * 1j)(v.x),
        "jacrev: Expected all outputs to be real",
    ),
    "jacrev of complex": (lambda lib, v: lib.func.jacrev(lib.abs)(v.x * 1j), "jacrev: Expected all inputs to be real"),
    "jacfwd to complex": (
        lambda lib, v: lib.func.jacfwd(lambda x: x * 1j)(v.x),
        "jacfwd: Expected all outputs to be real",
    ),
    "jacfwd of complex": (lambda lib, v: lib.func.jacfwd(lib.abs)(v.x * 1j), "jacfwd: Expected all inputs to be real"),
    "jacfwd, random": (lambda lib, v: lib.func.jacfwd(lambda x: lib.rand(3) * x)(v.x), "randomness error mode"),
    "chunks of none": (lambda lib, v: lib.func.jacrev(square, chunk_size=0)(v.x), "should be greater than 0"),
    "text": (lambda lib, v: lib.func.grad(lambda x: float(x[0]))(v.x), "to return a Tensor, got <class 'float'>"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_torch(name: str) -> None:
    alike(PROGRAMS[name])


@pytest.mark.parametrize("name", ERRORS)
def test_raises_as_torch(name: str) -> None:
    program, message = ERRORS[name]
    alike(program, message)
