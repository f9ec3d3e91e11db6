"""Forward lines of normalisations of channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise
from parity.truth.reduce import total, variance
from parity.truth.table import forward

_rsqrt = elementwise(lambda x: x.rsqrt(), 1)


def _rows(rows: Array, eps: float) -> Array:
    """Each row with mean 0 and variance 1."""
    mean = np.asarray(total(rows) / balls(rows.shape[-1]), dtype=object)[..., None]
    found: Array = (rows - mean) * _rsqrt(variance(rows, 0) + arb(eps))[..., None]
    return found


def _beside(x: Any, ndim: int) -> Any:
    return x.reshape(-1, *(1,) * (ndim - 2))


def _stretched(x: Array, weight: Any, bias: Any) -> Array:
    x = x if weight is None else x * _beside(weight, x.ndim)
    return x if bias is None else x + _beside(bias, x.ndim)


def _by(x: Array, mean: Array, var: Array, eps: float) -> Array:
    found: Array = (x - _beside(mean, x.ndim)) * _beside(_rsqrt(var + arb(eps)), x.ndim)
    return found


def _batch(input: Array, mean: Any, var: Any, weight: Any, bias: Any, own: bool, eps: float) -> Array:
    if not own:
        return _stretched(_by(input, mean, var, eps), weight, bias)
    turned = input.swapaxes(0, 1)
    found = _rows(turned.reshape(len(turned), -1), eps).reshape(turned.shape).swapaxes(0, 1)
    return _stretched(found, weight, bias)


def _instance(input: Array, mean: Any, var: Any, weight: Any, bias: Any, own: bool, eps: float) -> Array:
    if not own:
        return _stretched(_by(input, mean, var, eps), weight, bias)
    found = _rows(input.reshape(*input.shape[:2], -1), eps).reshape(input.shape)
    return _stretched(found, weight, bias)


@forward("nn.functional.batch_norm")
def _(input: Array, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
      momentum: float = 0.1, eps: float = 1e-5) -> Array:  # fmt: skip
    return _batch(input, running_mean, running_var, weight, bias, training, eps)


@forward("batch_norm")
def _(input: Array, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool, momentum: float,
      eps: float, cudnn_enabled: bool) -> Array:  # fmt: skip
    return _batch(input, running_mean, running_var, weight, bias, training, eps)


@forward("nn.functional.instance_norm")
def _(input: Array, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
      use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5) -> Array:  # fmt: skip
    return _instance(input, running_mean, running_var, weight, bias, use_input_stats, eps)


@forward("instance_norm")
def _(input: Array, weight: Any, bias: Any, running_mean: Any, running_var: Any, use_input_stats: bool,
      momentum: float, eps: float, cudnn_enabled: bool) -> Array:  # fmt: skip
    return _instance(input, running_mean, running_var, weight, bias, use_input_stats, eps)


@forward("group_norm", "nn.functional.group_norm")
def _(input: Array, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Array:
    rows = input.reshape(len(input), num_groups, -1)
    return _stretched(_rows(rows, eps).reshape(input.shape), weight, bias)


@forward("nn.functional.local_response_norm")
def _(input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    squares = input * input
    sums = np.empty(input.shape, object)
    for channel in range(input.shape[1]):
        near = squares[:, max(channel - size // 2, 0) : channel - size // 2 + size]
        sums[:, channel] = near.sum(axis=1)
    power = elementwise(lambda x: x ** arb(beta), 1)
    found: Array = input / power(sums / size * arb(alpha) + arb(k))
    return found
