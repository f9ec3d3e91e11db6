"""Normalisations over dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.kinds import beside, general
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


_BATCH = "NativeBatchNormBackwardBackward0"
beside("_beside_layer", "input", "weight", "bias", node="NativeLayerNormBackwardBackward0", dropped="bias")
beside("_beside_batch", "input", "weight", node=_BATCH)
beside("_beside_batch_by", "input", "weight", node=_BATCH, constants=("mean", "variance"))


# One formula for all three gradients, which share what x becomes. torch saves all, so none must be written before
# backward.
def _layer_norm(g: Any, input: Any, weight: Any, bias: Any, dims: tuple[int, ...], eps: float) -> Any:
    if isinstance(g, np.ndarray):
        return normalizations.layer_norm_backward(g, input, weight, dims, eps)
    found = [ops.standardize_backward(g if weight is None else g * weight, input, dims=dims, eps=eps)]
    found += [None if weight is None else g * ops.standardize(input, dims=dims, eps=eps), ops.clone(g)]
    return [None if x is None else ops._beside_layer(x, g, input, weight, bias) for x in found]


general(
    "layer_norm",
    normalizations.layer_norm,
    _layer_norm,
    inputs=("input", "weight", "bias"),
    variadic=True,
    node="NativeLayerNormBackward0",
)


# -- of channels, which are dimension 1 -------------------------------------------------------------------------------
def _along(weight: Any, ndim: int) -> Any:
    """One number for each channel, beside something of so many dimensions."""
    return ops.view(weight, shape=(weight.shape[0], *(1,) * (ndim - 2)))


def _others(x: Any) -> tuple[int, ...]:
    return (0, *range(2, len(x.shape)))


def _stretched(g: Any, weight: Any) -> Any:
    return g if weight is None else g * _along(weight, len(g.shape))


def _batch_norm(g: Any, input: Any, weight: Any, eps: float) -> Any:
    if isinstance(g, np.ndarray):
        return normalizations.batch_norm_backward(g, input, weight, eps)
    dims = _others(input)
    found = _stretched(ops.standardize_backward(g, input, dims=dims, eps=eps), weight)
    by_weight = ops.sum(g * ops.standardize(input, dims=dims, eps=eps), dims=dims, keepdim=False)
    return *(ops._beside_batch(x, g, input, weight) for x in (found, by_weight)), _batch_bias(g, input, weight)


def _batch_bias(g: Any, input: Any, weight: Any) -> Any:
    return ops._beside_batch(ops.sum(g, dims=_others(input), keepdim=False), g, input, weight)


general(
    "batch_norm",
    normalizations.batch_norm,
    _batch_norm,
    inputs=("input", "weight", "bias"),
    variadic=True,
    node="NativeBatchNormBackward0",
)


def _known_input(g: Any, input: Any, weight: Any, mean: Any, variance: Any, eps: float) -> Any:
    scale = _along(ops.rsqrt(variance + eps), len(input.shape))
    return ops._beside_batch_by(_stretched(g, weight) * scale, g, input, weight, mean, variance)


def _known_weight(g: Any, input: Any, weight: Any, mean: Any, variance: Any, eps: float) -> Any:
    ndim = len(input.shape)
    z = (input - _along(mean, ndim)) * _along(ops.rsqrt(variance + eps), ndim)
    return ops._beside_batch_by(ops.sum(g * z, dims=_others(input), keepdim=False), g, input, weight, mean, variance)


def _known_bias(g: Any, input: Any, weight: Any, mean: Any, variance: Any) -> Any:
    found = ops.sum(g, dims=_others(input), keepdim=False)
    return ops._beside_batch_by(found, g, input, weight, mean, variance)


general(
    "batch_norm_by",
    normalizations.batch_norm_by,
    _known_input,
    _known_weight,
    _known_bias,
    None,
    None,
    inputs=("input", "weight", "bias", "mean", "variance"),
    node="NativeBatchNormBackward0",
)


def _grouped(x: Any, groups: int) -> Any:
    return ops.reshape_to(x, shape=(x.shape[0], groups, -1))


def _group_input(g: Any, input: Any, weight: Any, groups: int, eps: float) -> Any:
    rows = _grouped(_stretched(g, weight), groups)
    found = ops.standardize_backward(rows, _grouped(input, groups), dims=(2,), eps=eps)
    return ops.reshape_to(found, shape=input.shape)


def _group_weight(g: Any, input: Any, weight: Any, groups: int, eps: float) -> Any:
    z = ops.reshape_to(ops.standardize(_grouped(input, groups), dims=(2,), eps=eps), shape=input.shape)
    return ops.sum(g * z, dims=_others(input), keepdim=False)


general(
    "group_norm",
    normalizations.group_norm,
    _group_input,
    _group_weight,
    lambda g, input, weight: ops.sum(g, dims=_others(input), keepdim=False),
    inputs=("input", "weight", "bias"),
    hooked=(3, 3),
    node="NativeGroupNormBackward0",
)
