"""Values drawn anew, recorded: nothing flows back through them but zeros, but for those that move with their shape.

Knows no stream and no distribution.
"""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels.late import Late

implicit = Late("implicit")


def drawn(*inputs: Any, values: Any) -> Any:
    """The values, whatever stood there or decided their distribution."""
    return values


def unmoved(g: Any) -> Any:
    """Nothing flows back."""
    return ops.zeros_like(g)


def unknown(name: str) -> Any:
    def refused(g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return refused


#: Written over a tensor: by our name, the node that torch records.
for name, node in {
    "uniform_": "UniformBackward0",
    "normal_": "NormalBackward0",
    "random_": "RandomBackward2",
    "random_to": "RandomBackward1",
    "random_from": "RandomBackward0",
    "bernoulli_": "BernoulliBackward2",
    "exponential_": "ExponentialBackward0",
    "geometric_": "GeometricBackward0",
    "cauchy_": "CauchyBackward0",
    "log_normal_": "LogNormalBackward0",
    "bernoulli": "BernoulliBackward0",
    "poisson": "PoissonBackward0",
    "normal_mean": "NormalBackward1",
    "normal_std": "NormalBackward2",
}.items():
    general("_drawn_" + name, drawn, unmoved, inputs=("input",), node=node)

general("_drawn_bernoulli_each", drawn, unmoved, unmoved, inputs=("input", "p"), node="BernoulliBackward1")
general("_drawn_normal", drawn, unmoved, unmoved, inputs=("mean", "std"), node="NormalBackward3")
general("_drawn_binomial", drawn, unknown("binomial"), unknown("binomial"), inputs=("count", "prob"))
general("_drawn_bernoulli_p", drawn, unknown("bernoulli"), inputs=("input",))

general(
    "_native_dropout",
    lambda input, mask, *, scale: input * mask * scale,
    lambda g, mask, scale: g * mask * scale,
    None,
    inputs=("input", "mask"),
    node="NativeDropoutBackward0",
)

# -- variates that move with their shape, at the same probability ----------------------------------------------------


general("_drawn_gamma", drawn, lambda g, input, out: g * ops._standard_gamma_grad(input, out), inputs=("input",),
        node="StandardGammaBackward0")  # fmt: skip
general(
    "_standard_gamma_grad",
    implicit.gamma_slope,
    unknown("_standard_gamma_grad"),
    unknown("_standard_gamma_grad"),
    inputs=("input", "output"),
    node="StandardGammaGradBackward0",
)


def _of_simplex(g: Any, input: Any, out: Any) -> Any:
    last = (input.ndim - 1,)
    total = ops.expand(ops.sum(input, dims=last, keepdim=True), shape=input.shape)
    shared = ops.sum(out * g, dims=last, keepdim=True)
    return ops._dirichlet_grad(out, input, total) * (g - shared)


general("_drawn_dirichlet", drawn, _of_simplex, inputs=("input",), node="SampleDirichletBackward0")
general(
    "_dirichlet_grad",
    implicit.beta_slope,
    *[unknown("_dirichlet_grad")] * 3,
    inputs=("x", "alpha", "total"),
    node="DirichletGradBackward0",
)
