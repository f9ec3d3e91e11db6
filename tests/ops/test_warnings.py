"""Division by zero, log(0), overflow and invalid values are silent, forward and backward; NumPy's settings stay."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad

F = ad.nn.functional
SPECIAL = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e308, -1e308, float("inf"), float("-inf"), float("nan")]
UNARY = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "deg2rad",
    "floor",
    "frac",
    "nan_to_num",
    "rad2deg",
    "sgn",
    "sinc",
    "angle",
    "log",
    "log10",
    "log1p",
    "log2",
    "neg",
    "reciprocal",
    "relu",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
    "cumprod",
    "cumsum",
    "logsumexp",
    "softmax",
    "log_softmax",
]
BINARY = [
    "add", "sub", "mul", "div", "pow", "atan2", "maximum", "minimum", "fmax", "fmin", "fmod", "remainder", "hypot",
    "logaddexp", "logaddexp2", "xlogy", "copysign", "ldexp", "nextafter", "float_power", "rsub", "polar", "isclose",
]  # fmt: skip
WHOLE = ["sum", "mean", "prod", "var", "std", "amax", "max", "min"]
LOSSES: dict[str, Callable[[Any], Any]] = {
    "gelu": F.gelu,
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "softplus": F.softplus,
    "silu": F.silu,
    "leaky_relu": F.leaky_relu,
    "mse_loss": lambda x: F.mse_loss(x, x * 2),
    "cross_entropy": lambda x: F.cross_entropy(x[None], ad.tensor([1])),
    "layer_norm": lambda x: F.layer_norm(x, x.shape),
    "matmul": lambda x: ad.matmul(x[:, None], x[None]),
    "pow -1": lambda x: x**-1,
    "2 to the power": lambda x: 2.0**x,
    "to float16": lambda x: x.to(ad.float16),
    "to int64": lambda x: x.to(ad.int64) * x,
}
CASES: dict[str, Callable[[Any], Any]] = {
    **{name: (lambda x, f=getattr(ad, name), name=name: f(x, 0) if name in ALONG else f(x)) for name in UNARY},
    **{name: (lambda x, f=getattr(ad, name): f(x[:, None], x[None])) for name in BINARY},
    **{name: (lambda x, f=getattr(ad, name): f(x)) for name in WHOLE},
    **LOSSES,
    "floor_divide": lambda x: ad.floor_divide(x.detach().view(-1, 1), x.detach().view(1, -1)),
    "frexp": lambda x: ad.frexp(x)[0],
    "heaviside": lambda x: ad.heaviside(x.detach(), x.detach()),
    "lerp": lambda x: ad.lerp(x, x * 2, x),
    "addcdiv": lambda x: ad.addcdiv(x, x, x),
}
ALONG = frozenset(["cumprod", "cumsum", "logsumexp", "softmax", "log_softmax"])


@pytest.mark.parametrize("dtype", [ad.float16, ad.float32, ad.float64], ids=str)
@pytest.mark.parametrize("name", sorted(CASES))
def test_silent(name: str, dtype: Any) -> None:
    before = np.geterr()
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("error")
        during = np.geterr()
        for value in (ad.tensor(SPECIAL, dtype=ad.float64), *(ad.tensor(v, dtype=ad.float64) for v in SPECIAL)):
            if name == "polar" and dtype is ad.float16:
                continue
            if not value.ndim and name in ("cross_entropy", "layer_norm", "matmul", *BINARY):
                continue
            with np.errstate(over="ignore", under="ignore"):
                x = value.to(dtype).requires_grad_()
            y = CASES[name](x)
            if not y.requires_grad:
                continue
            (g,) = ad.autograd.grad(y, x, ad.ones_like(y), create_graph=True, allow_unused=True)
            if g is not None and g.requires_grad:
                ad.autograd.grad(g, x, ad.ones_like(g), allow_unused=True)
        assert np.geterr() == during
    assert np.geterr() == before


def test_a_refused_call_leaves_the_settings() -> None:
    with np.errstate(all="raise"):
        with pytest.raises(RuntimeError):
            ad.tensor([1.0, 2.0]) + ad.tensor([1.0, 2.0, 3.0])
        assert set(np.geterr().values()) == {"raise"}
        assert ad.log(ad.tensor(0.0)).item() == float("-inf")
        with pytest.raises(FloatingPointError):
            np.log(np.zeros(1))
