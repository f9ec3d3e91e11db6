"""Losses element by element, and what `reduction` makes of them; float16 is computed in float32."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.activations import softplus_of
from autodiff._kernels.half import in_single
from autodiff._kernels.logistic import sigmoid
from autodiff._kernels.summation import total

#: torch's guards: the smallest logarithm that counts, and the smallest denominator of a gradient.
LEAST_LOG, LEAST_VARIANCE = -100.0, 1e-12


def total_of(each: Any) -> Any:
    return total(np.asarray(each), tuple(range(np.ndim(each))))


def reduced(each: Any, reduction: str) -> Any:
    """Each loss, or their sum or mean; the mean of none is nan."""
    if reduction == "none":
        return each
    whole = total_of(each)
    return whole if reduction == "sum" else np.divide(whole, each.dtype.type(np.size(each)))


def share(shape: tuple[int, ...], reduction: str) -> float:
    """What each loss counts in the whole."""
    return 1 / (math.prod(shape) or math.nan) if reduction == "mean" else 1.0


@in_single
def mse_loss(x: Any, y: Any, reduction: str) -> Any:
    away = x - y
    if not isinstance(away, np.ndarray):
        return away * away
    return reduced(np.multiply(away, away, out=away), reduction)


@in_single
def huber_loss(x: Any, y: Any, reduction: str, delta: float) -> Any:
    """Half the square of the difference, and a straight line from delta on."""
    away = np.abs(x - y)
    return reduced(np.where(away < delta, 0.5 * away * away, delta * (away - 0.5 * delta)), reduction)


@in_single
def smooth_l1_loss(x: Any, y: Any, reduction: str, beta: float) -> Any:
    """huber_loss over beta."""
    away = np.abs(x - y)
    return reduced(np.where(away < beta, 0.5 * away * away / beta, away - 0.5 * beta), reduction)


@in_single
def soft_margin_loss(x: Any, y: Any, reduction: str) -> Any:
    """log(1 + e^(-xy))."""
    return reduced(softplus_of(-x * y), reduction)


@in_single
def soft_margin_backward(g: Any, x: Any, y: Any, reduction: str) -> Any:
    return -(g * share(x.shape, reduction)) * y * sigmoid(-x * y)


# -- probabilities and their logits -----------------------------------------------------------------------------------


@in_single
def binary_cross_entropy(x: Any, y: Any, weight: Any, reduction: str) -> Any:
    """Minus the logarithm of the target's probability; a logarithm counts no less than -100."""
    each = (y - 1) * np.maximum(np.log1p(-x), LEAST_LOG) - y * np.maximum(np.log(x), LEAST_LOG)
    return reduced(each if weight is None else each * weight, reduction)


@in_single
def binary_cross_entropy_backward(g: Any, x: Any, y: Any, weight: Any, reduction: str) -> Any:
    slope = (x - y) / np.maximum((1 - x) * x, LEAST_VARIANCE) * (g * share(x.shape, reduction))
    return slope if weight is None else slope * weight


@in_single
def binary_cross_entropy_with_logits(x: Any, y: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    """By softplus of either sign: for targets between 0 and 1 nothing cancels."""
    right = softplus_of(-x) * y
    each = softplus_of(x) * (1 - y) + (right if pos_weight is None else right * pos_weight)
    return reduced(each if weight is None else each * weight, reduction)


@in_single
def binary_cross_entropy_with_logits_backward(
    g: Any, x: Any, y: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    right = sigmoid(-x) * y
    slope = sigmoid(x) * (1 - y) - (right if pos_weight is None else right * pos_weight)
    slope = slope * (g * share(x.shape, reduction))
    return slope if weight is None else slope * weight
