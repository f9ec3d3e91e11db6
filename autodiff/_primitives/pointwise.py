"""Functions of one or two operands, element by element: a kernel, and the partial derivatives."""

from __future__ import annotations

import operator

import numpy as np

from autodiff._core.kinds import discrete, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import elementary

# -- arithmetic ---------------------------------------------------------------------------------------------------
# The kernels are Python's operators: on NumPy scalars they cost a tenth of a ufunc call.
pointwise("add", operator.add, 1, 1, computes="")
pointwise("sub", operator.sub, 1, -1, computes="")
pointwise("mul", operator.mul, "other", "input", computes="")
pointwise("div", operator.truediv, lambda other: 1 / other, lambda other, out: -(out / other))
pointwise("neg", operator.neg, -1, computes="")
pointwise("reciprocal", lambda x: 1 / x, lambda out: -(out * out))
pointwise("square", lambda x: x * x, lambda input: 2 * input, computes="")

# -- exponentials -------------------------------------------------------------------------------------------------
pointwise("exp", np.exp, "out")
pointwise("log", np.log, lambda input: 1 / input)
pointwise("sqrt", np.sqrt, lambda out: 0.5 / out)
pointwise("sigmoid", elementary.sigmoid, lambda out: out * (1 - out))

# -- trigonometric ------------------------------------------------------------------------------------------------
pointwise("sin", np.sin, lambda input: ops.cos(input))
pointwise("cos", np.cos, lambda input: -ops.sin(input))
pointwise("tanh", np.tanh, lambda out: 1 - out * out)
