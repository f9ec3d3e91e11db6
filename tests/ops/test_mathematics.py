"""Values, gradients and second derivatives against torch's in double precision; accuracy, errors and names of nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autodiff
from tests.core.side_by_side import agree

RNG = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return RNG.standard_normal(shape)


def complex_normal(*shape: int) -> Any:
    return normal(*shape) + 1j * normal(*shape)


def derivatives(lib: Any, program: Callable[..., Any], arrays: tuple[Any, ...], orders: int) -> list[Any]:
    """The value, its gradients under a seed, and the gradients of these under another."""
    rng = np.random.default_rng(1)

    def seed(like: Any) -> Any:
        array = rng.standard_normal(tuple(like.shape))
        return lib.tensor(array, dtype=like.dtype, requires_grad=True)

    inputs = [lib.tensor(a, requires_grad=True) for a in arrays]
    found = [program(lib, *inputs)]
    wanted, leaves = found, list(inputs)
    for _ in range(orders):
        seeds = [seed(t) for t in wanted]
        leaves += seeds
        grads = lib.autograd.grad(wanted, leaves, seeds, create_graph=True, materialize_grads=True)
        found = [*found, *grads]
        wanted = [g for g in grads if g.requires_grad]
        if not wanted:
            break
    return [np.asarray(t.detach().resolve_conj().numpy() if lib is torch else t.detach().numpy()) for t in found]


def compare(program: Callable[..., Any], *arrays: Any, orders: int = 2) -> None:
    theirs, ours = (derivatives(lib, program, arrays, orders) for lib in (torch, autodiff))
    for a, b in zip(ours[: 1 + len(arrays)], theirs[: 1 + len(arrays)]):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
    if len(ours) == len(theirs):
        for a, b in zip(ours, theirs):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


ZEROS = np.array([[1.0, 0.0, 3.0, 4.0], [0.0, 0.0, 2.0, 1.0], [1.0, 2.0, 3.0, 0.0]])
PROGRAMS = {
    "products with zeros": (lambda m, x: m.prod(x, 1), ZEROS),
    "running products with zeros": (lambda m, x: m.cumprod(x, 1), ZEROS),
    "running products from complex numbers": (lambda m, x: m.cumprod(x, 0), complex_normal(4)),
    "layer norm with weight and bias": (
        lambda m, x, w, b: m.nn.functional.layer_norm(x, (4,), w, b),
        normal(2, 3, 4), normal(4), normal(4),
    ),
    "gelu": (lambda m, x: m.nn.functional.gelu(x), normal(5)),
    "gelu by tanh": (lambda m, x: m.nn.functional.gelu(x, approximate="tanh"), normal(5)),
    "softplus past its threshold": (lambda m, x: m.nn.functional.softplus(x, 2.0, 1.0), normal(9)),
    "softmax": (lambda m, x: m.softmax(x, 0), normal(3, 4)),
    "log_softmax": (lambda m, x: m.log_softmax(x, -1), normal(3, 4)),
    "standard deviation": (lambda m, x: m.std(x, (0, 2), correction=0), normal(2, 3, 4)),
    "the largest, shared by ties": (lambda m, x: m.amax(x, 1), np.round(normal(3, 9))),
    "a power of a complex number": (lambda m, x, y: x**y, complex_normal(3), complex_normal(3)),
    "modulus": (lambda m, x: m.abs(x), complex_normal(3)),
    "sigmoid of complex numbers": (lambda m, x: m.sigmoid(x), complex_normal(3)),
    "tanh of complex numbers": (lambda m, x: m.tanh(x), complex_normal(3)),
    "matrices that broadcast": (lambda m, x, y: x @ y, normal(3, 1, 2, 4), normal(2, 4, 5)),
    "a vector times a batch": (lambda m, x, y: x @ y, complex_normal(4), complex_normal(2, 4, 5)),
    "linear": (lambda m, x, w, b: m.nn.functional.linear(x, w, b), normal(2, 3, 4), normal(5, 4), normal(5)),
    "cross entropy of probabilities": (
        lambda m, x, y: m.nn.functional.cross_entropy(x, y, label_smoothing=0.25), normal(3, 4), abs(normal(3, 4)),
    ),
    "mean squares with weights": (
        lambda m, x, y, w: m.nn.functional.mse_loss(x, y, weight=w), normal(3), normal(3), abs(normal(3)),
    ),
}  # fmt: skip
EQUATIONS = {
    "ij,jk": ((2, 3), (3, 4)), "ii": ((3, 3),), "iij->j": ((2, 2, 3),), "...ij,...jk": ((2, 3), (6, 3, 4)),
    "bij,bjk,bkl->bil": ((2, 2, 3), (2, 3, 4), (2, 4, 2)), "ij,kj": ((2, 3), (1, 1)), "i,i,i->": ((3,), (3,), (1,)),
    "Ba,aB": ((2, 3), (3, 2)), "ij,k->i": ((2, 3), (4,)), "ijk,kl->ijl": ((20, 20, 20), (20, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_two_orders(name: str) -> None:
    program, *arrays = PROGRAMS[name]
    compare(program, *arrays)


@pytest.mark.parametrize("equation", EQUATIONS)
@pytest.mark.parametrize("draw", [normal, complex_normal])
def test_einsum(equation: str, draw: Any) -> None:
    compare(lambda m, *x: m.einsum(equation, *x), *[draw(*shape) for shape in EQUATIONS[equation]])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.25])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_of_classes(reduction: str, smoothing: float, weighted: bool) -> None:
    weight, classes = abs(normal(4)), np.array([[0, 1], [3, 3]])
    compare(
        lambda m, x: m.nn.functional.cross_entropy(
            x, m.tensor(classes), m.tensor(weight) if weighted else None,
            ignore_index=1, reduction=reduction, label_smoothing=smoothing,
        ),
        normal(2, 4, 2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "dims"), [((100_000,), 0), ((100_000, 3), 0), ((1000, 100, 3), (0, 2)), ((50, 2000, 4), 1)]
)
@pytest.mark.parametrize("name", ["sum", "mean", "var", "logsumexp"])
def test_long_reductions_of_float32_stay_accurate(shape: Any, dims: Any, name: str) -> None:
    x = (RNG.random(shape) + 1).astype(np.float32)
    exact = getattr(torch, name)(torch.tensor(x, dtype=torch.float64), dim=dims).numpy()
    for layout in (x, np.asfortranarray(x)):
        ours = getattr(autodiff, name)(autodiff.from_numpy(layout), dim=dims).numpy()
        np.testing.assert_allclose(ours, exact, rtol=4e-7)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda m: m.ones(2, 3) @ m.ones(2, 3), "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
        (lambda m: m.ones(2, 3).mm(m.ones(3, 2, dtype=m.float64)), "to have the same dtype"),
        (lambda m: m.tensor([2]) ** -1, "Integers to negative integer powers are not allowed."),
        (lambda m: m.tensor([2], dtype=m.uint8) ** 300, "value cannot be converted to type uint8_t without overflow"),
        (lambda m: m.ones(0).amax(), "Specify the reduction dim with the 'dim' argument."),
        (lambda m: m.ones(0, 3).max(0), "Expected reduction dim 0 to have non-zero size."),
        (lambda m: m.ones(3, dtype=m.int64).mean(), "could not infer output dtype"),
        (lambda m: m.ones(2, 3).sum((0, 0)), "dim 0 appears multiple times in the list of dims"),
        (lambda m: m.ones(2).div(m.ones(2), rounding_mode="up"), "but found 'up'"),
        (lambda m: m.einsum("ij->k", m.ones(2, 3)), "output subscript k does not appear"),
        (lambda m: m.nn.functional.cross_entropy(m.ones(2, 3), m.tensor([0, 5])), "Target 5 is out of bounds."),
        (lambda m: m.nn.functional.embedding(m.tensor([9]), m.ones(2, 3)), "index out of range in self"),
        (lambda m: m.nn.functional.layer_norm(m.ones(2, 3), (2,)), "Given normalized_shape=[2]"),
    ],
)
def test_errors(program: Callable[[Any], Any], message: str) -> None:
    agree(program, message)


@pytest.mark.parametrize(
    ("program", "node"),
    [
        (lambda m, x: x**2, "PowBackward0"),
        (lambda m, x: x**x, "PowBackward1"),
        (lambda m, x: 2**x, "PowBackward2"),
        (lambda m, x: x.sum(), "SumBackward0"),
        (lambda m, x: x.sum(0), "SumBackward1"),
        (lambda m, x: x.max(), "MaxBackward1"),
        (lambda m, x: x.max(0).values, "MaxBackward0"),
        (lambda m, x: x @ x, "DotBackward0"),
        (lambda m, x: m.nn.functional.layer_norm(x, (3,)), "NativeLayerNormBackward0"),
        (lambda m, x: m.nn.functional.cross_entropy(x, m.tensor(1)), "NllLossBackward0"),
    ],
)
def test_nodes_have_torch_s_names(program: Callable[..., Any], node: str) -> None:
    for lib in (torch, autodiff):
        assert program(lib, lib.tensor([1.0, 2.0, 3.0], requires_grad=True)).grad_fn.name() == node


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["sinc", "atan", "nn.functional.mish", "nn.functional.gelu", "tanh"])
def test_second_derivatives_vanish_far_out(name: str, dtype: str) -> None:
    far = np.array([1.0, -1.0, 1e-3], dtype) * np.finfo(dtype).max / 2
    x = autodiff.tensor(far, requires_grad=True)
    function: Any = autodiff
    for part in name.split("."):
        function = getattr(function, part)
    (slope,) = autodiff.autograd.grad(function(x).sum(), x, create_graph=True)
    (second,) = autodiff.autograd.grad(slope.sum(), x)
    assert (abs(second.numpy()) < 1e-30).all()
