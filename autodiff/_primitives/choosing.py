"""One of several operands, element by element, and the gradient to the one that was chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.kinds import discrete, general, pointwise, undifferentiable
from autodiff._core.registry import ops
from autodiff._kernels import choosing

general(
    "where",
    choosing.where,
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
    spellings="out",
    numbers="neither",
    refuses="c",
    refusal="maximum not implemented for complex tensors.",
)
pointwise(
    "minimum",
    np.minimum,
    lambda g, input, other: ops.where(input > other, 0, ops.where(input == other, g * 0.5, g)),
    lambda g, input, other: ops.where(other > input, 0, ops.where(input == other, g * 0.5, g)),
    computes="",
    spellings="out",
    numbers="neither",
    refuses="c",
    refusal="minimum not implemented for complex tensors.",
)
pointwise(
    "fmax",
    np.fmax,
    lambda g, input, other: ops.where(ops._prefers_larger(input, other), g, 0),
    lambda g, input, other: ops.where(ops._prefers_larger(input, other), 0, g),
    computes="",
    spellings="out",
    numbers="neither",
    refuses="c",
    refusal="fmax not implemented for complex tensors.",
)
pointwise(
    "fmin",
    np.fmin,
    lambda g, input, other: ops.where(ops._prefers_smaller(input, other), g, 0),
    lambda g, input, other: ops.where(ops._prefers_smaller(input, other), 0, g),
    computes="",
    spellings="out",
    numbers="neither",
    refuses="c",
    refusal="fmin not implemented for complex tensors.",
)
# A tie goes to the first operand, and so does a pair of which only the other is nan.
discrete("_prefers_larger", lambda input, other: (input >= other) | np.isnan(other))
discrete("_prefers_smaller", lambda input, other: (input <= other) | np.isnan(other))
undifferentiable("_heaviside", choosing.heaviside, operator="heaviside", computes="", numbers="neither")
general(
    "nan_to_num",
    choosing.nan_to_num,
    lambda g, input: g * ops.isfinite(input),
    inputs=("input",),
)
general(
    "clamp_to_numbers",
    choosing.clamp,
    lambda g, input, low, high: ops.where(ops._within(input, low=low, high=high), g, 0),
    inputs=("input",),
    node="ClampBackward1",
)
general(
    "clamp_to_low",
    np.maximum,
    lambda g, input, low: ops.where(input >= low, g, 0),
    lambda g, input, low: ops.where(input < low, g, 0),
    inputs=("input", "low"),
    node="ClampMinBackward1",
)
general(
    "clamp_to_high",
    np.minimum,
    lambda g, input, high: ops.where(input <= high, g, 0),
    lambda g, input, high: ops.where(input > high, g, 0),
    inputs=("input", "high"),
    node="ClampMaxBackward1",
)


def _to_clamped(g: Any, input: Any, low: Any, high: Any) -> Any:
    """One of the bounds may be missing."""
    if low is None or high is None:
        return ops.where(input <= high if low is None else input >= low, g, 0)
    return ops.where(ops.logical_and(input >= low, input <= high), g, 0)


def _to_low(g: Any, input: Any, low: Any, high: Any) -> Any:
    below = input < low
    return ops.where(below if high is None else ops.logical_and(below, low < high), g, 0)


def _to_high(g: Any, input: Any, low: Any, high: Any) -> Any:
    above = input > high
    return ops.where(above if low is None else ops.logical_or(above, high < low), g, 0)


general(
    "clamp_to_tensors",
    choosing.clamp,
    _to_clamped,
    _to_low,
    _to_high,
    inputs=("input", "low", "high"),
    node="ClampBackward0",
)
general("_within", choosing.within, None, inputs=("input",))
