"""Losses of two tensors, element by element."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import fused, general
from autodiff._core.registry import ops
from autodiff._kernels import losses


def _share(shape: tuple[int, ...], reduction: str) -> float:
    return losses.share(shape, reduction)


# -- of the difference alone: the target's gradient is the input's, turned round --------------------------------------
def _mse(g: Any, input: Any, target: Any, reduction: str, input_shape: tuple[int, ...]) -> Any:
    return g * ((input - target) * (2 * _share(input_shape, reduction)))


def _huber(g: Any, input: Any, target: Any, reduction: str, delta: float, input_shape: tuple[int, ...]) -> Any:
    away = input - target
    bounded = ops.where(away >= delta, delta, ops.where(away <= -delta, -delta, away))
    return g * bounded * _share(input_shape, reduction)


def _smooth_l1(g: Any, input: Any, target: Any, reduction: str, beta: float, input_shape: tuple[int, ...]) -> Any:
    away = input - target
    bounded = ops.where(away >= beta, 1, ops.where(away <= -beta, -1, away / beta))
    return g * bounded * _share(input_shape, reduction)


general(
    "mse_loss",
    losses.mse_loss,
    _mse,
    lambda g, input, target, reduction, input_shape: -_mse(g, input, target, reduction, input_shape),
    inputs=("input", "target"),
)
general(
    "huber_loss",
    losses.huber_loss,
    _huber,
    lambda g, input, target, reduction, delta, input_shape: -_huber(g, input, target, reduction, delta, input_shape),
    inputs=("input", "target"),
)
general(
    "smooth_l1_loss",
    losses.smooth_l1_loss,
    _smooth_l1,
    lambda g, input, target, reduction, beta, input_shape: -_smooth_l1(g, input, target, reduction, beta, input_shape),
    inputs=("input", "target"),
    node="SmoothL1LossBackward0",
)
fused(
    "soft_margin_loss",
    losses.soft_margin_loss,
    losses.soft_margin_backward,
    lambda g, grad, input, target, reduction, input_shape: (
        g * grad * (target * target * ops._logistic_density(input * target)) * _share(input_shape, reduction)
    ),
    inputs=("input", "target"),
)


# -- probabilities and their logits -----------------------------------------------------------------------------------
def _times(x: Any, weight: Any) -> Any:
    return x if weight is None else x * weight


def _variance(input: Any) -> Any:
    return ops.clamp((1 - input) * input, min=losses.LEAST_VARIANCE)


def _bce_target(
    g: Any, input: Any, target: Any, weight: Any, reduction: str, input_shape: tuple[int, ...]
) -> Any:  # torch saves the target too
    # A probability of -0 counts as 0.
    return _times(g * _share(input_shape, reduction) * (ops.log1p(-input) - ops.log(input + 0.0)), weight)


def _bce_curvature(
    g: Any, grad: Any, input: Any, target: Any, weight: Any, reduction: str, input_shape: tuple[int, ...]
) -> Any:
    far = 1 - input
    slope = (target * (far * far) + (1 - target) * (input * input)) / _variance(input) / _variance(input)
    return _times(g * grad * _share(input_shape, reduction) * slope, weight)


general(
    "binary_cross_entropy",
    losses.binary_cross_entropy,
    lambda g, input, target, weight, reduction: ops._bce_backward(g, input, target, weight, reduction=reduction),
    _bce_target,
    None,
    inputs=("input", "target", "weight"),
)
general(
    "_bce_backward",
    losses.binary_cross_entropy_backward,
    lambda g, input, target, weight, reduction: ops._bce_backward(g, input, target, weight, reduction=reduction),
    _bce_curvature,
    lambda g, grad, input, weight, reduction, input_shape: (
        -_times(g * grad, weight)
        * _share(input_shape, reduction)
        / _variance(input)  # as torch: the least weights vanish
    ),
    None,
    inputs=("grad", "input", "target", "weight"),
    node="BinaryCrossEntropyBackwardBackward0",
)


def _logits_target(
    g: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: str, input_shape: tuple[int, ...]
) -> Any:
    slope = -input if pos_weight is None else pos_weight * -ops.logsigmoid(input) + ops.logsigmoid(-input)
    return _times(slope * g, weight) * _share(input_shape, reduction)  # in torch's order, which infinities tell


def _logits_curvature(
    g: Any, grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: str, input_shape: Any
) -> Any:
    counts = 1 if pos_weight is None else 1 - target + pos_weight * target
    return _times(g * grad * (ops._logistic_density(input) * counts) * _share(input_shape, reduction), weight)


def _logits_mixed(
    g: Any, grad: Any, input: Any, weight: Any, pos_weight: Any, reduction: str, input_shape: tuple[int, ...]
) -> Any:
    slope = -(g * grad) * _share(input_shape, reduction)
    if pos_weight is not None:
        slope = slope * (ops.sigmoid(input) + pos_weight * ops.sigmoid(-input))
    return _times(slope, weight)


general(
    "binary_cross_entropy_with_logits",
    losses.binary_cross_entropy_with_logits,
    lambda g, input, target, weight, pos_weight, reduction: ops._logits_backward(
        g, input, target, weight, pos_weight, reduction=reduction
    ),
    _logits_target,
    None,
    None,
    inputs=("input", "target", "weight", "pos_weight"),
    node="BinaryCrossEntropyWithLogitsBackward0",
)
general(
    "_logits_backward",
    losses.binary_cross_entropy_with_logits_backward,
    lambda g, input, target, weight, pos_weight, reduction: ops._logits_backward(
        g, input, target, weight, pos_weight, reduction=reduction
    ),
    _logits_curvature,
    _logits_mixed,
    None,
    None,
    inputs=("grad", "input", "target", "weight", "pos_weight"),
    node="BinaryCrossEntropyWithLogitsBackwardBackward0",
)
