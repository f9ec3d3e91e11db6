"""Forward lines of losses of two tensors, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, less
from parity.truth.choosing import larger
from parity.truth.table import NoTruth, forward

REDUCTIONS = ("none", "mean", "sum")


def reduced(losses: Array, reduction: str | int, weights: Any = None) -> Array:
    """Each loss, or their sum or mean; torch's root functions number the reductions."""
    if isinstance(reduction, int):
        reduction = REDUCTIONS[reduction]
    losses = np.asarray(losses, dtype=object)
    if reduction == "none":
        return losses
    total = np.asarray(np.sum(losses), dtype=object)
    if reduction == "sum":
        return total
    return total / balls(losses.size) if weights is None else total / balls(np.sum(weights))


def _times(losses: Array, weight: Any) -> Array:
    return losses if weight is None else losses * weight


_log = elementwise(lambda x: x.log(), 1)
_log1p = elementwise(lambda x: x.log1p(), 1)
_exp = elementwise(lambda x: x.exp(), 1)


@forward("nn.functional.mse_loss")
def _(input: Array, target: Array, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
      weight: Any = None) -> Array:  # fmt: skip
    difference = input - target
    return reduced(_times(difference * difference, weight), reduction, weight)


@forward("nn.functional.l1_loss")
def _(input: Array, target: Array, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
      weight: Any = None) -> Array:  # fmt: skip
    return reduced(_times(abs(input - target), weight), reduction, weight)


def _rounded_off(away: Any, delta: Any) -> Any:
    return away * away / 2 if less(away, delta) else delta * (away - delta / 2)


_huber = elementwise(_rounded_off, 2)


@forward("nn.functional.huber_loss")
def _(input: Array, target: Array, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Array:
    return reduced(_times(_huber(abs(input - target), arb(delta)), weight), reduction)


@forward("nn.functional.smooth_l1_loss")
def _(input: Array, target: Array, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
      beta: float = 1.0) -> Array:  # fmt: skip
    away = abs(input - target)
    return reduced(_huber(away, arb(beta)) / arb(beta) if beta else away, reduction)


@forward("nn.functional.binary_cross_entropy")
def _(input: Array, target: Array, weight: Any = None, size_average: Any = None, reduce: Any = None,
      reduction: str = "mean") -> Array:  # fmt: skip
    least = arb(-100)
    losses = (target - 1) * larger(_log1p(-input), least) - target * larger(_log(input), least)
    return reduced(_times(losses, weight), reduction)


def with_logits(input: Array, target: Array, weight: Any, pos_weight: Any, reduction: str | int) -> Array:
    """The loss of scores against probabilities."""
    right = _times(target * _log1p(_exp(-input)), pos_weight)
    return reduced(_times((1 - target) * _log1p(_exp(input)) + right, weight), reduction)


@forward("nn.functional.binary_cross_entropy_with_logits")
def _(input: Array, target: Array, weight: Any = None, size_average: Any = None, reduce: Any = None,
      reduction: str = "mean", pos_weight: Any = None) -> Array:  # fmt: skip
    return with_logits(input, target, weight, pos_weight, reduction)


@forward("binary_cross_entropy_with_logits")
def _(input: Array, target: Array, weight: Any = None, pos_weight: Any = None, reduction: int = 0) -> Array:
    return with_logits(input, target, weight, pos_weight, reduction)


@forward("nn.functional.soft_margin_loss")
def _(input: Array, target: Array, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Array:
    return reduced(_log1p(_exp(-input * target)), reduction)


def _poisson(input: Array, target: Array, log_input: bool, full: bool, eps: float, reduction: str | int) -> Array:
    losses = _exp(input) - target * input if log_input else input - target * _log(input + arb(eps))
    if full:
        losses = losses + _stirling(target)
    return reduced(losses, reduction)


_stirling = elementwise(lambda t: t * t.log() - t + (2 * arb.pi() * t).log() / 2 if less(arb(1), t) else arb(0), 1)


@forward("nn.functional.poisson_nll_loss")
def _(input: Array, target: Array, log_input: bool = True, full: bool = False, size_average: Any = None,
      eps: float = 1e-8, reduce: Any = None, reduction: str = "mean") -> Array:  # fmt: skip
    return _poisson(input, target, log_input, full, eps, reduction)


@forward("poisson_nll_loss")
def _(input: Array, target: Array, log_input: bool, full: bool, eps: float, reduction: int) -> Array:
    return _poisson(input, target, log_input, full, eps, reduction)


@forward("nn.functional.gaussian_nll_loss")
def _(input: Array, target: Array, var: Array, full: bool = False, eps: float = 1e-6,
      reduction: str = "mean") -> Array:  # fmt: skip
    if not all(less(arb(eps), v) for v in var.ravel()):
        raise NoTruth("the gradient passes a variance that was raised to eps")
    difference = input - target
    losses = (_log(var) + difference * difference / var) / 2
    return reduced(losses + (2 * arb.pi()).log() / 2 if full else losses, reduction)


_times_log = elementwise(lambda t: t * t.log() if t != 0 else arb(0), 1)


def _kl_div(input: Array, target: Array, reduction: str | int, log_target: bool) -> Array:
    losses = _exp(target) * (target - input) if log_target else _times_log(target) - target * input
    if reduction != "batchmean":
        return reduced(losses, reduction)
    return reduced(losses, "sum") / balls(input.shape[0] if input.ndim else 1)


@forward("nn.functional.kl_div")
def _(input: Array, target: Array, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
      log_target: bool = False) -> Array:  # fmt: skip
    return _kl_div(input, target, reduction, log_target)


@forward("kl_div")
def _(input: Array, target: Array, reduction: int = 0, *, log_target: bool = False) -> Array:
    return _kl_div(input, target, reduction, log_target)
