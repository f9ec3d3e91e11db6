"""One of several operands, element by element, and the gradient to the one that was chosen."""

from __future__ import annotations

import numpy as np

from autodiff._core.kinds import general, pointwise
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
    choosing.clamp,
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
    choosing.clamp,
    lambda g, input, low, high: ops.where(ops.logical_and(input >= low, input <= high), g, 0),
    lambda g, input, low, high: ops.where(ops.logical_and(input < low, low < high), g, 0),
    lambda g, input, low, high: ops.where(ops.logical_or(input > high, high < low), g, 0),
    inputs=("input", "low", "high"),
    node="ClampBackward0",
)
general("_within", choosing.within, None, inputs=("input",))
