"""Functions of one or two operands, element by element: a kernel, and the partial derivatives.

A formula mentions what torch saves, so that writing in place is refused where torch refuses it.
"""

from __future__ import annotations

import cmath
import math
import operator
from typing import Any

import numpy as np

from autodiff._core.kinds import discrete, general, parametric, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import elementary


def _across(g: Any, input: Any, out: Any) -> Any:
    """The part of g at right angles to the direction `out`, over |input|: nothing for real numbers."""
    along = g * ops.conj(out)
    return ops.where(out == 0, 0, (g - (along + ops.conj(along)) * 0.5 * out) / ops.abs(input))


def _over_square(x: Any, radius: Any) -> Any:
    """x / radius², 0 at the origin."""
    return ops.where(radius == 0, 0, x / radius / radius)


# -- arithmetic ---------------------------------------------------------------------------------------------------
# The kernels are Python's operators: on NumPy scalars they cost a tenth of a ufunc call.
pointwise("add", operator.add, 1, 1, computes="")
pointwise("sub", operator.sub, 1, -1, computes="", check=elementary.no_bool_difference)
pointwise("mul", operator.mul, "other", "input", computes="")
# "1/other" divides g: finite where the reciprocal is not, and rounded once less.
pointwise("div", operator.truediv, "1/other", lambda input, other: -(input / other) / other)
pointwise("neg", operator.neg, -1, computes="")
pointwise("reciprocal", lambda x: 1 / x, lambda out: -(out * out))
pointwise("abs", np.abs, lambda g, input: g * ops.sgn(input), computes="", refuses="b")
pointwise("sgn", elementary.sgn, lambda g, input, out: _across(g, input, out), computes="")
pointwise("sign", elementary.sign, 0, computes="", refuses="c")

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

# -- powers -------------------------------------------------------------------------------------------------------
# One public name, three nodes in torch: number and tensor on either side.


def _slope(input: Any, other: Any) -> Any:
    """The derivative of input**other for a number."""
    if other == 2:
        return 2 * input
    return other * ops.pow(input, other - 1) if other != 0 else ops.zeros_like(input)


def _slope_of_exponent(exponent: Any, base: Any, out: Any) -> Any:
    """The derivative of base**exponent for a number; where 0**exponent is pinned at 0 or 1 it is 0."""
    if base == 0:
        return ops.where(exponent >= 0, 0, out * -math.inf)
    if isinstance(base, complex):
        return out * cmath.log(base)
    return out * (math.log(base) if base > 0 else math.nan)


parametric("pow", elementary.power, _slope, lambda a, b: ops._power(a, b), node="PowBackward0")
general(
    "power_of_tensors",
    elementary.power,
    lambda g, input, exponent: ops.where(
        exponent == 0, 0, g * ops.conj(exponent * ops.power_of_tensors(input, exponent - 1))
    ),
    lambda g, input, exponent, out: ops.where(ops._pinned(input, exponent), 0, g * ops.conj(out * ops.log(input))),
    inputs=("input", "exponent"),
    node="PowBackward1",
)
general(
    "power_of_number",
    elementary.power_of_number,
    lambda g, exponent, base, out: g * ops.conj(_slope_of_exponent(exponent, base, out)),
    inputs=("exponent",),
    node="PowBackward2",
)
discrete("_pinned", lambda base, exponent: (base == 0) & (exponent.real >= 0))

# -- choosing -----------------------------------------------------------------------------------------------------
general(
    "where",
    elementary.where,
    None,
    lambda g, condition: ops.where(condition, g, 0),
    lambda g, condition: ops.where(condition, 0, g),
    inputs=("condition", "input", "other"),
)
pointwise(
    "maximum",
    np.maximum,
    lambda g, input, other: ops.where(input < other, 0, ops.where(input == other, g * 0.5, g)),
    lambda g, input, other: ops.where(other < input, 0, ops.where(input == other, g * 0.5, g)),
    computes="",
    refuses="c",
    spellings="out",
)
pointwise(
    "minimum",
    np.minimum,
    lambda g, input, other: ops.where(input > other, 0, ops.where(input == other, g * 0.5, g)),
    lambda g, input, other: ops.where(other > input, 0, ops.where(input == other, g * 0.5, g)),
    computes="",
    refuses="c",
    spellings="out",
)
general(
    "clamp_to_numbers",
    elementary.clamp,
    lambda g, input, low, high: ops.where(ops._within(input, low=low, high=high), g, 0),
    inputs=("input",),
    node="ClampBackward1",
)
general(
    "clamp_low",
    np.maximum,
    lambda g, input, low: ops.where(input >= low, g, 0),
    lambda g, input, low: ops.where(input < low, g, 0),
    inputs=("input", "low"),
    node="ClampBackward0",
)
general(
    "clamp_high",
    np.minimum,
    lambda g, input, high: ops.where(input <= high, g, 0),
    lambda g, input, high: ops.where(input > high, g, 0),
    inputs=("input", "high"),
    node="ClampBackward0",
)
general(
    "clamp_between",
    elementary.clamp,
    lambda g, input, low, high: ops.where(ops.logical_and(input >= low, input <= high), g, 0),
    lambda g, input, low, high: ops.where(ops.logical_and(input < low, low < high), g, 0),
    lambda g, input, low, high: ops.where(ops.logical_or(input > high, high < low), g, 0),
    inputs=("input", "low", "high"),
    node="ClampBackward0",
)
general("_within", elementary.within, None, inputs=("input",))

# -- rounding -----------------------------------------------------------------------------------------------------
pointwise("floor", elementary.keeps_integers(np.floor), 0, computes="", refuses="bc")
pointwise("ceil", elementary.keeps_integers(np.ceil), 0, computes="", refuses="bc")
pointwise("trunc", elementary.keeps_integers(np.trunc), 0, computes="", refuses="bc")
general("round_to", elementary.round_to, lambda g: ops.zeros_like(g), inputs=("input",), node="RoundBackward1")
pointwise("round", elementary.keeps_integers(np.rint), 0, computes="", refuses="bc")
pointwise("_divide_floor", elementary.divide_floor, 0, 0, computes="", refuses="bc", node="DivBackward2")
pointwise("_divide_trunc", elementary.divide_trunc, 0, 0, computes="", refuses="c", node="DivBackward2")

# -- comparisons and logic: no derivative -------------------------------------------------------------------------
for _name, _kernel, _refuses in (
    ("eq", operator.eq, ""),
    ("ne", operator.ne, ""),
    ("lt", operator.lt, "c"),
    ("le", operator.le, "c"),
    ("gt", operator.gt, "c"),
    ("ge", operator.ge, "c"),
):
    discrete(_name, _kernel, refuses=_refuses)
    # Written over a float, the answer is a float, and takes part in the graph with derivative 0.
    general(
        f"_{_name}_written",
        elementary.written,
        lambda g: ops.zeros_like(g),
        lambda g: ops.zeros_like(g),
        None,
        inputs=("input", "other", "mask"),
        node=f"{_name.capitalize()}Backward0",
    )
discrete("logical_not", np.logical_not, 1)
discrete("logical_and", np.logical_and)
discrete("logical_or", np.logical_or)
discrete("logical_xor", np.logical_xor)
discrete("bitwise_not", np.invert, 1, refuses="fc")
discrete("bitwise_and", operator.and_, refuses="fc")
discrete("bitwise_or", operator.or_, refuses="fc")
discrete("bitwise_xor", operator.xor, refuses="fc")
discrete("isnan", np.isnan, 1, spellings="")
discrete("isinf", np.isinf, 1, spellings="")
discrete("isfinite", np.isfinite, 1, spellings="")
