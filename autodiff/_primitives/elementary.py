"""Exponentials, logarithms, trigonometric and hyperbolic functions: a kernel, and the partial derivatives.

A formula mentions what torch saves, so that writing in place is refused where torch refuses it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core.kinds import pointwise
from autodiff._core.registry import ops
from autodiff._kernels import elementary


def _over_square(x: Any, radius: Any) -> Any:
    """x / radius², 0 at the origin."""
    return ops.where(radius == 0, 0, x / radius / radius)


# -- exponentials and logarithms ----------------------------------------------------------------------------------
pointwise("exp", np.exp, "out")
pointwise("exp2", np.exp2, lambda out: out * math.log(2))
pointwise("expm1", np.expm1, lambda out: out + 1)
pointwise("log", np.log, "1/input")
pointwise("log2", np.log2, lambda g, input: g / ops.conj(input * math.log(2)))
pointwise("log10", np.log10, lambda g, input: g / ops.conj(input * math.log(10)))
pointwise("log1p", np.log1p, lambda input: 1 / (input + 1), node="Log1PBackward0")
pointwise("sqrt", np.sqrt, lambda out: 0.5 / out)
pointwise("rsqrt", elementary.rsqrt, lambda out: -0.5 * (out * out * out))
pointwise("sigmoid", elementary.sigmoid, lambda g, out: ops._sigmoid_backward(g, out))
pointwise(
    "_sigmoid_backward",
    elementary.sigmoid_backward,
    lambda g, other: ops.conj(ops._sigmoid_backward(ops.conj(g), other)),
    lambda g, input, other: ops.conj(g) * input * ops.conj(1 - 2 * other),
    node="SigmoidBackwardBackward0",
)

# -- trigonometric and hyperbolic ---------------------------------------------------------------------------------
pointwise("sin", np.sin, lambda input: ops.cos(input))
pointwise("cos", np.cos, lambda input: -ops.sin(input))
pointwise("tan", np.tan, lambda out: out * out + 1)
# (1 - x)(1 + x), not 1 - x²: nothing is lost near ±1; its own derivative loses nothing near 0.
pointwise("_one_minus_square", lambda x: (1 - x) * (1 + x), lambda input: -2 * input)
pointwise("asin", np.arcsin, lambda input: ops.rsqrt(ops._one_minus_square(input)))
pointwise("acos", np.arccos, lambda input: -ops.rsqrt(ops._one_minus_square(input)))
pointwise("atan", np.arctan, lambda input: 1 / (input * input + 1))
pointwise("sinh", np.sinh, lambda input: ops.cosh(input))
pointwise("cosh", np.cosh, lambda input: ops.sinh(input))
pointwise("tanh", np.tanh, lambda g, out: ops._tanh_backward(g, out))
pointwise(
    "_tanh_backward",
    elementary.tanh_backward,
    lambda g, other: ops.conj(ops._tanh_backward(ops.conj(g), other)),
    lambda g, input, other: ops.conj(g) * input * ops.conj(-2 * other),
    node="TanhBackwardBackward0",
)
pointwise("asinh", np.arcsinh, lambda input: ops.rsqrt(input * input + 1))
pointwise("acosh", np.arccosh, lambda input: ops.rsqrt(input - 1) * ops.rsqrt(input + 1))
pointwise("atanh", np.arctanh, lambda input: 1 / ops._one_minus_square(input))
# Divided twice by the hypotenuse, whose square may overflow or vanish.
pointwise(
    "atan2",
    np.arctan2,
    lambda g, input, other: _over_square(g * other, ops.hypot(input, other)),
    lambda g, input, other: _over_square(g * -input, ops.hypot(input, other)),
    refuses="c",
)
pointwise("hypot", np.hypot, lambda input, out: input / out, lambda other, out: other / out, refuses="biuc")
