"""The norm of a vector: one rule for every p, on the kept dimensions."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import reduction
from autodiff._core.registry import ops
from autodiff._kernels import norms


def _directions(g: Any, input: Any, out: Any, p: float, dims: tuple[int, ...]) -> Any:
    """g · sgn(x) · |x|^(p - 1) / norm^(p - 1); where the norm has no derivative torch's answer is 0."""
    if p == 0:
        return None  # constant, and to torch without a gradient
    if p == 2:
        return ops.where(out == 0, 0, g / out) * input
    size = ops.abs(input)
    if math.isinf(p):
        # The extremes share it evenly.
        return ops.sgn(input) * (g / ops.ties(size, out, dims=dims, nan=True))
    if p == 1:
        return g * ops.sgn(input)
    if p < 1:
        return ops.sgn(input) * ops.where(size == 0, 0, size ** (p - 1)) * g * out ** (1 - p)
    scale = ops.where(out == 0, 0, g / out ** (p - 1))
    return (ops.sgn(input) * size ** (p - 1) if p < 2 else input * size ** (p - 2)) * scale


reduction("p_norm", norms.p_norm, _directions, node="LinalgVectorNormBackward0")
