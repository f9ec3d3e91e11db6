"""Exponentials, logarithms, trigonometric and hyperbolic functions: a kernel, and the partial derivatives.

A formula mentions what torch saves, so that writing in place is refused where torch refuses it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core.kinds import discrete, general, pointwise, without_derivative_in_place, without_negation
from autodiff._core.registry import ops
from autodiff._kernels import elementary, logistic
from autodiff._kernels.late import Late

sinc = Late("sinc")


def _over_square(x: Any, radius: Any) -> Any:
    """x / radius², 0 at the origin."""
    return ops.where(radius == 0, 0, x / radius / radius)


def _over_log10(g: Any, input: Any) -> Any:
    if ops.conj(input) is not input:
        return g / ops.conj(input * math.log(10))
    # The reciprocal of log 10 lies nearer to a float64 than log 10 does.
    return g / (input / math.log10(math.e))


def _times_log(g: Any, input: Any, other: Any) -> Any:
    """g * log(other), and 0 where 0 * log(other) is pinned at 0."""
    return ops.where(ops._without_log(input, other), 0, ops._xlogy(g, other))


def _by_both(name: str) -> Any:
    """The gradient told from the result, and in float64 from the argument; without it the hot path serves."""

    def rule(g: Any, out: Any, input_array: Any) -> Any:
        if input_array is None:
            return getattr(ops, by_result)(g, out)
        return getattr(ops, name)(g, out, array=input_array)

    by_result = name + "_by_result"
    return rule


# -- exponentials and logarithms ----------------------------------------------------------------------------------
pointwise("exp", np.exp, "out")
pointwise("exp2", np.exp2, lambda out: out * math.log(2), public="exp2 special.exp2")
pointwise(
    "expm1",
    np.expm1,
    lambda out, input_array: ops._one_more(out, array=input_array),
    public="expm1 special.expm1",
)
general("_one_more", logistic.one_more, lambda g: g, inputs=("input",), node="AddBackward0")
pointwise("log", np.log, "1/input")
pointwise("log2", np.log2, lambda g, input: g / ops.conj(input * math.log(2)))
pointwise("log10", np.log10, _over_log10)
pointwise("log1p", elementary.log1p, lambda input: 1 / (input + 1), node="Log1PBackward0", public="log1p special.log1p")
pointwise("sqrt", np.sqrt, lambda out: 0.5 / out)
pointwise("rsqrt", elementary.rsqrt, lambda out, input_array: ops._rsqrt_slope(out, array=input_array))
general("_rsqrt_slope", logistic.rsqrt_slope, lambda g, input: g * ops.conj(-1.5 * input * input), inputs=("input",))
pointwise("sigmoid", logistic.sigmoid, _by_both("_sigmoid_backward"))
general(
    "_sigmoid_backward",
    logistic.sigmoid_backward,
    # The argument's array is given in float64 alone: nothing is complex here.
    lambda g, other, array: ops._sigmoid_backward(g, other, array=array),
    lambda g, input, other: g * input * (1 - 2 * other),
    inputs=("input", "other"),
    node="SigmoidBackwardBackward0",
)
pointwise(
    "_sigmoid_backward_by_result",
    logistic.sigmoid_backward,
    lambda g, other: ops.conj(ops._sigmoid_backward_by_result(ops.conj(g), other)),
    lambda g, input, other: ops.conj(g) * input * ops.conj(1 - 2 * other),
    node="SigmoidBackwardBackward0",
)

# -- trigonometric and hyperbolic ---------------------------------------------------------------------------------
pointwise("sin", np.sin, lambda input: ops.cos(input))
pointwise("cos", np.cos, lambda input: -ops.sin(input))
pointwise("tan", np.tan, lambda out: out * out + 1)
# (1 - x)(1 + x), not 1 - x²: nothing is lost near ±1; its own derivative loses nothing near 0.
pointwise("_one_minus_square", lambda x: (1 - x) * (1 + x), lambda g, input: -2 * (g * ops.conj(input)))
pointwise("asin", np.arcsin, lambda input: ops.rsqrt(ops._one_minus_square(input)), public="asin arcsin")
pointwise("acos", np.arccos, lambda input: -ops.rsqrt(ops._one_minus_square(input)), public="acos arccos")
pointwise("atan", np.arctan, lambda input: ops._atan_slope(input), public="atan arctan")
pointwise("_atan_slope", elementary.atan_slope, lambda input, out: -2 * (input * out) * out)
pointwise("sinh", np.sinh, lambda input: ops.cosh(input))
pointwise("cosh", np.cosh, lambda input: ops.sinh(input))
pointwise("tanh", logistic.tanh, _by_both("_tanh_backward"))
general(
    "_tanh_backward",
    logistic.tanh_backward,
    lambda g, other, array: ops.conj(ops._tanh_backward(ops.conj(g), other, array=array)),
    lambda g, input, other: ops.conj(g) * input * ops.conj(-2 * other),
    inputs=("input", "other"),
    node="TanhBackwardBackward0",
)
pointwise(
    "_tanh_backward_by_result",
    logistic.tanh_backward,
    lambda g, other: ops.conj(ops._tanh_backward_by_result(ops.conj(g), other)),
    lambda g, input, other: ops.conj(g) * input * ops.conj(-2 * other),
    node="TanhBackwardBackward0",
)
pointwise("asinh", np.arcsinh, lambda input: ops._asinh_slope(input), public="asinh arcsinh")
pointwise("_asinh_slope", elementary.asinh_slope, lambda input, out: -input * out * out * out)
pointwise("acosh", np.arccosh, lambda input: ops._acosh_slope(input), public="acosh arccosh")
pointwise("_acosh_slope", elementary.acosh_slope, lambda input, out: -input * out * out * out)
pointwise("atanh", np.arctanh, lambda input: 1 / ops._one_minus_square(input), public="atanh arctanh")
for _name in ("asinh", "acosh", "atanh"):
    without_derivative_in_place(_name)
# Divided twice by the hypotenuse, whose square may overflow or vanish.
pointwise(
    "atan2",
    np.arctan2,
    lambda g, input, other: _over_square(g * other, ops.hypot(input, other)),
    lambda g, input, other: _over_square(g * -input, ops.hypot(input, other)),
    refuses="c",
    public="atan2 arctan2",
    numbers="neither",
)
without_negation("atan2")
pointwise(
    "hypot",
    elementary.hypot,
    lambda g, input, out: g * input / out,
    lambda g, other, out: g * other / out,
    refuses="biuc",
    computes="",
    numbers="neither",
)
pointwise(
    "deg2rad",
    elementary.times(math.pi / 180),
    lambda g: ops.scaled(g, number=math.pi / 180),
    node="Deg2RadBackward0",
    refuses="c",
    refusal="deg2rad is not supported for complex tensors.",
)
pointwise(
    "rad2deg",
    elementary.times(180 / math.pi),
    lambda g: ops.scaled(g, number=180 / math.pi),
    node="Rad2DegBackward0",
    refuses="c",
    refusal="rad2deg is not supported for complex tensors.",
)
# sinc is the spherical Bessel function of order 0; the next orders are its further derivatives, and cancel nowhere.
pointwise("sinc", sinc.sinc, lambda input: ops._sinc_slope(input), public="sinc special.sinc")
pointwise(
    "_sinc_slope",
    sinc.sinc_slope,
    lambda input: (
        math.pi**4 * (input * (input * ops._spherical(input, order=2))) - math.pi**2 * ops._spherical(input, order=1)
    ),
)
general(
    "_spherical",
    sinc.spherical,
    lambda g, input, order: g * ops.conj(-(math.pi**2) * (input * ops._spherical(input, order=order + 1))),
    inputs=("input",),
)

# -- logarithms of two operands -----------------------------------------------------------------------------------
# The logistic functions to the bases e and 2 whose derivatives lose nothing where they are nearly 1.
pointwise("_logistic", logistic.sigmoid, lambda input, out: out * ops._logistic(-input))
pointwise(
    "_logistic_of_two",
    lambda x: 1 / (1 + np.exp2(-x)),
    lambda input, out: out * ops._logistic_of_two(-input) * math.log(2),
)
pointwise(
    "logaddexp",
    elementary.logaddexp,
    lambda input, other: ops._logistic(input - other),
    lambda input, other: ops._logistic(other - input),
    computes="",
    refuses="biu",
    spellings="out",
    numbers="neither",
)
pointwise(
    "logaddexp2",
    np.logaddexp2,
    lambda input, other: ops._logistic_of_two(input - other),
    lambda input, other: ops._logistic_of_two(other - input),
    computes="",
    refuses="biuc",
    spellings="out",
    numbers="neither",
)
pointwise(
    "_xlogy",
    elementary.xlogy,
    lambda g, input, other: _times_log(g, input, other),
    lambda g, input, other: g * input / other,
    refuses="c",
    node="XlogyBackward0",
)
pointwise(
    "_xlogy_of_number",
    elementary.xlogy,
    None,
    lambda g, input, other: g * input / other,
    refuses="c",
    node="XlogyBackward1",
)
pointwise(
    "_xlogy_by_number",
    elementary.xlogy,
    lambda g, input, other: _times_log(g, input, other),
    None,
    refuses="c",
    node="XlogyBackward2",
)
discrete("_without_log", lambda input, other: (input == 0) & (other <= 0))
