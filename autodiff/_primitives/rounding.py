"""Roundings, element by element: their derivative is 0."""

from __future__ import annotations

import numpy as np

from autodiff._core.kinds import general, pointwise, undifferentiable
from autodiff._core.registry import ops
from autodiff._kernels import rounding

pointwise("floor", rounding.keeps_integers(np.floor), 0, computes="", refuses="bc")
pointwise("ceil", rounding.keeps_integers(np.ceil), 0, computes="", refuses="bc")
pointwise("trunc", rounding.keeps_integers(np.trunc), 0, computes="", refuses="bc", public="trunc fix")
pointwise("frac", lambda x: x - np.trunc(x), 1, computes="", refuses="biuc")
general("round_to", rounding.round_to, lambda g: ops.zeros_like(g), inputs=("input",), node="RoundBackward1")
pointwise("round", rounding.keeps_integers(np.rint), 0, computes="", refuses="bc")

# -- quotients and what they leave ----------------------------------------------------------------------------------
for _mode, _kernel in (("floor", rounding.divide_floor), ("trunc", rounding.divide_trunc)):
    pointwise(
        f"_divide_{_mode}",
        _kernel,
        lambda g, other: ops.zeros_like(g),
        lambda g, input, other: ops.zeros_like(g),
        computes="",
        refuses="bc",
        node="DivBackward2",
        check=rounding.no_zero_divisor,
    )
undifferentiable(
    "floor_divide",
    rounding.divide_floor,
    operator="floor_divide",
    computes="",
    refuses="bc",
    numbers="both",
    check=rounding.no_zero_divisor,
)
pointwise(
    "_remainder",
    rounding.remainder,
    1,
    lambda input, other: -ops._divide_floor(input, other),
    computes="",
    refuses="bc",
    node="RemainderBackward1",
    check=rounding.no_zero_divisor,
)
pointwise(
    "_remainder_by_number",
    rounding.remainder,
    1,
    None,
    computes="",
    refuses="bc",
    node="RemainderBackward0",
    check=rounding.no_zero_divisor,
)
undifferentiable(
    "_remainder_of_number",
    rounding.remainder,
    operator="remainder",
    computes="",
    refuses="bc",
    check=rounding.no_zero_divisor,
)
pointwise(
    "_fmod",
    np.fmod,
    1,
    lambda input, other: -ops._divide_trunc(input, other),
    computes="",
    refuses="bc",
    node="FmodBackward1",
    check=rounding.no_zero_divisor,
)
pointwise(
    "_fmod_by_number",
    np.fmod,
    1,
    None,
    computes="",
    refuses="bc",
    node="FmodBackward0",
    check=rounding.no_zero_divisor,
)
