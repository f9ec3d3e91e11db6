"""Sums, products, quotients, signs and powers, element by element: a kernel, and the partial derivatives.

A formula mentions what torch saves, so that writing in place is refused where torch refuses it.
"""

from __future__ import annotations

import cmath
import math
import operator
from typing import Any

import numpy as np

from autodiff._core.kinds import discrete, general, linear, parametric, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import arithmetic


def _across(g: Any, input: Any, out: Any) -> Any:
    """The part of g at right angles to the direction `out`, over |input|: nothing for real numbers."""
    if ops.conj(out) is out:
        return ops.zeros_like(g)
    along = g * ops.conj(out)
    size = ops.abs(ops.where(out == 0, 1, input))
    return ops.where(out == 0, 0, (g - (along + ops.conj(along)) * 0.5 * out) / size)


# -- arithmetic ---------------------------------------------------------------------------------------------------
# The kernels are Python's operators: on NumPy scalars they cost a tenth of a ufunc call.
pointwise("add", operator.add, 1, 1, computes="")
pointwise("sub", operator.sub, 1, -1, computes="", check=arithmetic.no_bool_difference)
for _node in ("RsubBackward0", "RsubBackward1"):  # of a tensor, of a number
    pointwise(
        "_rsub" if _node.endswith("0") else "_rsub_from_number",
        lambda input, other: other - input,
        -1,
        1 if _node.endswith("0") else None,
        computes="",
        node=_node,
        check=arithmetic.no_bool_difference,
    )
pointwise("mul", operator.mul, "other", "input", computes="", public="mul multiply", numbers="both")
# "1/other" divides g: finite where the reciprocal is not, and rounded once less.
pointwise("div", operator.truediv, "1/other", lambda input, other: -(input / other) / other)
# By a number in C++: nothing is saved of the tensor, so such a node runs again.
linear(
    "_by_number", lambda x, number: x * number, lambda g, number: ops._by_number(g, number=number), node="MulBackward1"
)
linear(
    "_over_number",
    lambda x, number: x / number,
    lambda g, number: ops._over_number(g, number=number),
    node="DivBackward1",
)
pointwise("neg", operator.neg, -1, computes="", public="neg negative")
pointwise("reciprocal", lambda x: 1 / x, lambda out: -(out * out))
pointwise("abs", np.abs, lambda g, input: g * ops.sgn(input), computes="", refuses="b", public="abs absolute")
pointwise("sgn", arithmetic.sgn, lambda g, input, out: _across(g, input, out), computes="")
pointwise("sign", arithmetic.sign, 0, computes="", refuses="c")


def _by_copy(g: Any, other: Any) -> Any:
    """The share of the quotient's numerator; where it is pinned at 0, torch divides 0 by 0."""
    return ops.where(other == 0, 0, g) / other


# A quotient to torch; as its terms are grouped here, its own derivatives cancel to the bit.
pointwise(
    "_copied_sign",
    arithmetic.ratio,
    lambda g, other: _by_copy(g, other),
    lambda g, input, other: -_by_copy(g, other) * ops._copied_sign(input, other),
    node="MaskedFillBackward0",
)
pointwise(
    "_copysign",
    np.copysign,
    lambda g, input, out: g * ops._copied_sign(out, input),
    lambda g: ops.zeros_like(g),
    refuses="c",
    node="CopysignBackward0",
)
pointwise(
    "_copysign_of_number",
    np.copysign,
    lambda g, input, out: g * ops._copied_sign(out, input),
    None,
    refuses="c",
    node="CopysignBackward1",
)
pointwise(
    "nextafter",
    arithmetic.nextafter,
    lambda g, input, other: ops.where(input == other, 0, g),
    lambda g: ops.zeros_like(g),
    computes="",
    refuses="biuc",
    numbers="neither",
)
discrete("gcd", arithmetic.gcd, refuses="bfc", numbers="neither")
discrete("lcm", arithmetic.lcm, refuses="bfc", numbers="neither")

# -- three operands -----------------------------------------------------------------------------------------------
general(
    "addcmul",
    arithmetic.addcmul,
    lambda g: g,
    lambda g, tensor2, value: g * ops.conj(tensor2 * value),
    lambda g, tensor1, value: g * ops.conj(tensor1 * value),
    inputs=("input", "tensor1", "tensor2"),
)
general(
    "addcdiv",
    arithmetic.addcdiv,
    lambda g: g,
    lambda g, tensor2, value: g * ops.conj(ops.reciprocal(tensor2) * value),
    lambda g, tensor1, tensor2, value: -g * ops.conj(value * (tensor1 / tensor2) / tensor2),
    inputs=("input", "tensor1", "tensor2"),
)
# A gradient times or by a number of an operator's own, which torch keeps as one: such a node can be run again.
linear(
    "scaled",
    lambda x, number: x * number,
    lambda g, number: ops.scaled(g, number=number.conjugate()),
    node="MulBackward1",
)
linear(
    "divided",
    lambda x, number: x / number,
    lambda g, number: ops.divided(g, number=number),
    node="DivBackward1",
)
# With `alpha` still one node, which saves no tensor.
general(
    "_add_scaled",
    arithmetic.add_scaled,
    lambda g: g,
    lambda g, alpha: ops.scaled(g, number=alpha.conjugate()),
    inputs=("input", "other"),
    node="AddBackward0",
)
general(
    "_sub_scaled",
    lambda input, other, alpha, dtype: arithmetic.add_scaled(input, other, -alpha, dtype),
    lambda g: g,
    lambda g, alpha: ops.scaled(g, number=-alpha.conjugate()),
    inputs=("input", "other"),
    node="SubBackward0",
)
general(
    "_rsub_scaled",
    lambda input, other, alpha, dtype: arithmetic.add_scaled(other, input, -alpha, dtype),
    lambda g, alpha: ops.scaled(g, number=-alpha.conjugate()),
    lambda g: g,
    inputs=("input", "other"),
    node="RsubBackward0",
)
general(
    "_rsub_scaled_from_number",
    lambda input, other, alpha, dtype: arithmetic.add_scaled(dtype.type(other), input, -alpha, dtype),
    lambda g, alpha: ops.scaled(g, number=-alpha.conjugate()),
    inputs=("input",),
    node="RsubBackward1",
)
general(
    "lerp_by_number",
    arithmetic.lerp,
    lambda g, weight: ops.scaled(g, number=1 - weight.conjugate()),
    lambda g, weight: ops.scaled(g, number=weight.conjugate()),
    inputs=("input", "end"),
    node="LerpBackward0",
)
general(
    "lerp_by_tensor",
    arithmetic.lerp,
    lambda g, weight: g * ops.conj(1 - weight),
    lambda g, weight: g * ops.conj(weight),
    lambda g, input, end: g * ops.conj(end - input),
    inputs=("input", "end", "weight"),
    node="LerpBackward1",
)

# -- powers of two --------------------------------------------------------------------------------------------------
general(
    "ldexp",
    arithmetic.ldexp,
    lambda g, other: ops.ldexp(g, ops.conj(other)),
    lambda g, out: g * ops.conj(out * math.log(2)),
    inputs=("input", "other"),
)
general(
    "frexp",
    arithmetic.frexp,
    lambda g, exponent: ops.ldexp(g, -exponent),
    inputs=("input",),
    outputs=("mantissa", "exponent"),
)

# -- powers -------------------------------------------------------------------------------------------------------
# One public name, three nodes in torch: number and tensor on either side.


def _by_base(g: Any, input: Any, other: Any) -> Any:
    """The rule of input**other for a number; to the power of 0 it passes on nothing, not even what is infinite."""
    if other == 0:
        return ops.zeros_like(input)
    if other == 2 and isinstance(input, (np.ndarray, np.generic)):
        return g * ops.conj(2 * input)  # where it is not recorded that this is a power, too
    return g * ops.conj(other * ops.pow(input, other - 1))


def _slope_of_exponent(exponent: Any, base: Any, out: Any) -> Any:
    """The derivative of base**exponent for a number; where 0**exponent is pinned at 0 or 1 it is 0."""
    if base == 0:
        return ops.where(ops._pinned(ops.zeros_like(exponent), exponent), 0, out * -math.inf)
    if isinstance(base, complex):
        return out * cmath.log(base)
    return out * (math.log(base) if base > 0 else math.nan)


parametric("pow", arithmetic.power, _by_base, lambda a, b: ops._power(a, b), node="PowBackward0")
general(
    "power_of_tensors",
    arithmetic.power,
    lambda g, input, exponent: ops.where(
        exponent == 0, 0, g * ops.conj(exponent * ops.power_of_tensors(input, exponent - 1))
    ),
    lambda g, input, exponent, out: g * ops.conj(ops.where(ops._pinned(input, exponent), 0, out * ops.log(input))),
    inputs=("input", "exponent"),
    node="PowBackward1",
)


def _no_subtraction(g: Any) -> Any:
    raise RuntimeError(
        "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use "
        "the `~` or `logical_not()` operator instead."
    )


# torch takes 1 from the exponent as it was given.
general(
    "_power_to_bool",
    arithmetic.power,
    _no_subtraction,
    None,
    inputs=("input", "exponent"),
    node="PowBackward1",
)
general(
    "power_of_number",
    arithmetic.power_of_number,
    lambda g, exponent, base, out: g * ops.conj(_slope_of_exponent(exponent, base, out)),
    inputs=("exponent",),
    node="PowBackward2",
)
discrete("_pinned", lambda base, exponent: (base == 0) & (exponent.imag == 0) & (exponent.real >= 0))
