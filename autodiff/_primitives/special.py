"""Special functions."""

from __future__ import annotations

import math

from autodiff._core.kinds import pointwise
from autodiff._core.registry import ops
from autodiff._kernels import elementary

pointwise("erf", elementary.erf, lambda input: 2 / math.sqrt(math.pi) * ops.exp(-(input * input)), refuses="c")
pointwise("erfc", elementary.erfc, lambda input: -2 / math.sqrt(math.pi) * ops.exp(-(input * input)), refuses="c")
