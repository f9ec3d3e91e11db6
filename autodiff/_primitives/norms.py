"""The norm of a vector: one rule for every p, on the kept dimensions."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import general, reduction
from autodiff._core.registry import ops
from autodiff._kernels import norms


def _directions(g: Any, input: Any, out: Any, p: float, dims: tuple[int, ...]) -> Any:
    """g · sgn(x) · |x|^(p - 1) / norm^(p - 1); where the norm has no derivative torch's answer is 0."""
    if p == 0:
        return None  # constant, and to torch without a gradient
    if p == 2:
        return g * ops.where(out == 0, 0, input / out)
    size = ops.abs(input)
    if math.isinf(p):
        # The extremes share it evenly.
        return ops.sgn(input) * (g / ops.ties(size, out, dims=dims, nan=True))
    if p == 1:
        return g * ops.sgn(input)
    # Powers by name: on a NumPy scalar `**` rounds otherwise than the kernel.
    if p < 1:
        return ops.sgn(input) * ops.where(size == 0, 0, ops.pow(size, p - 1)) * g * ops.pow(out, 1 - p)
    if p < 2:
        scale = ops.where(out == 0, 0, g / ops.pow(out, p - 1))
        return ops.sgn(input) * ops.pow(size, p - 1) * scale
    # Of shares of the norm, whose powers neither vanish nor overflow as those of small and large norms do; at p > 2
    # they have a second derivative at 0 too.
    return ops.sgn(input) * ops.pow(size / ops.where(out == 0, 1, out), p - 1) * g


reduction("p_norm", norms.p_norm, _directions, node="LinalgVectorNormBackward0")
general(
    "dist",
    lambda x, y, p, dims: norms.p_norm(x - y, p, dims, False),
    lambda g, input, other, out, p, dims: _directions(g, input - other, out, p, dims),
    lambda g, input, other, out, p, dims: _directions(-g, input - other, out, p, dims),
    inputs=("input", "other"),
)
