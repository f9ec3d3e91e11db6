"""Normalisations over dimensions."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import normalizations


def _curvature(g: Any, grad: Any, input: Any, dims: tuple[int, ...], eps: float) -> Any:
    """The derivative of `standardize_backward` by its input, from the textbook's formula written out."""
    scale = ops.rsqrt(ops.var(input, dims=dims, correction=0, whole=False, keepdim=True) + eps)
    z = ops.deviations(input, dims=dims) * scale
    mean = {"dims": dims, "keepdim": True}
    a, b = ops.mean(grad * z, **mean), ops.mean(g * z, **mean)
    across = ops.mean(g * grad, **mean) - ops.mean(g, **mean) * ops.mean(grad, **mean)
    by_result = -(ops.deviations(g, dims=dims) * a) - ops.deviations(grad, dims=dims) * b
    return scale * scale * (by_result - z * (across - 3 * a * b))


general(
    "standardize",
    normalizations.standardize,
    lambda g, input, dims, eps: ops.standardize_backward(g, input, dims=dims, eps=eps),
    inputs=("input",),
)
general(
    "standardize_backward",
    normalizations.standardize_backward,
    lambda g, input, dims, eps: ops.standardize_backward(g, input, dims=dims, eps=eps),
    _curvature,
    inputs=("grad", "input"),
    node="StandardizeBackwardBackward0",
)


# All three are mentioned by each rule: torch saves them all, so none must be written before backward.
def _layer_norm(g: Any, input: Any, weight: Any, bias: Any, dims: tuple[int, ...], eps: float) -> Any:
    return ops.standardize_backward(g if weight is None else g * weight, input, dims=dims, eps=eps)


general(
    "layer_norm",
    normalizations.layer_norm,
    _layer_norm,
    lambda g, input, weight, bias, dims, eps: g * ops.standardize(input, dims=dims, eps=eps),
    lambda g, input, weight, bias: g,
    inputs=("input", "weight", "bias"),
    node="NativeLayerNormBackward0",
)
