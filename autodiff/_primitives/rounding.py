"""Roundings, element by element: their derivative is 0."""

from __future__ import annotations

import numpy as np

from autodiff._core.kinds import general, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import rounding

pointwise("floor", rounding.keeps_integers(np.floor), 0, computes="", refuses="bc")
pointwise("ceil", rounding.keeps_integers(np.ceil), 0, computes="", refuses="bc")
pointwise("trunc", rounding.keeps_integers(np.trunc), 0, computes="", refuses="bc")
general("round_to", rounding.round_to, lambda g: ops.zeros_like(g), inputs=("input",), node="RoundBackward1")
pointwise("round", rounding.keeps_integers(np.rint), 0, computes="", refuses="bc")
pointwise("_divide_floor", rounding.divide_floor, 0, 0, computes="", refuses="bc", node="DivBackward2")
pointwise("_divide_trunc", rounding.divide_trunc, 0, 0, computes="", refuses="c", node="DivBackward2")
