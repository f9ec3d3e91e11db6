"""Activations made of straight pieces: where one ends and the next begins is torch's choice, nan's piece too.

At nan torch's vectorised loops and the scalar ones that take the rest of an array differ: these follow the former.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.activations import refuse_falling
from autodiff._kernels.blocks import BLOCK
from autodiff._kernels.choosing import where
from autodiff._kernels.half import in_single
from autodiff._kernels.layout import in_rows

#: From so many elements on that is worth the calls.
_MANY = 1 << 12
#: NumPy compares two arrays five times as fast as an array and a number. Never written, these take no memory.
_ZEROS = {d: np.zeros(BLOCK, d) for d in "fd"}


def relu(x: Any) -> Any:
    if x.size < _MANY or x.dtype.char not in _ZEROS or not x.flags.c_contiguous:
        return np.maximum(x, 0)
    flat, zeros, out = x.reshape(-1), _ZEROS[x.dtype.char], np.empty(x.shape, x.dtype)
    target = out.reshape(-1)
    for start in range(0, x.size, BLOCK):
        part = flat[start : start + BLOCK]
        np.maximum(part, zeros[: part.size], out=target[start : start + BLOCK])
    return out


def relu_backward(g: Any, out: Any) -> Any:
    """g where relu let its argument through; nan lets g through."""
    return where(out <= 0, 0, g)


def hardtanh(x: Any, low: Any, high: Any) -> Any:
    """x between the bounds, which become whole numbers for integers."""
    if x.dtype.kind != "f":
        low, high = (x.dtype.type(int(b)) for b in (low, high))
    return np.minimum(np.maximum(x, low), high)


def hardtanh_backward(g: Any, x: Any, low: Any, high: Any) -> Any:
    return where((x > low) & (x < high), g, 0)


@in_single
def leaky_relu(x: Any, slope: float) -> Any:
    return np.where(x > 0, x, x * slope)


@in_single
def leaky_relu_backward(g: Any, x: Any, slope: float) -> Any:
    return np.where(x > 0, g, g * slope)


#: What torch adds.
_ISSUE = (
    " File an issue at https://github.com/pytorch/pytorch if you do require supporting in-place leakRelu backward "
    "calculation with negative slope"
)


def leaky_relu_backward_by_result(g: Any, out: Any, slope: float) -> Any:
    """The same, told from the result."""
    refuse_falling("leakyReLu", slope, _ISSUE)
    return leaky_relu_backward(g, out, slope)


@in_single
def rrelu(x: Any, noise: Any, slope: float, training: bool) -> Any:
    x = in_rows(x)  # as torch does
    return x * noise if training else leaky_relu(x, slope)


@in_single
def rrelu_backward(g: Any, x: Any, noise: Any, slope: float, training: bool) -> Any:
    return g * noise if training else leaky_relu_backward(g, x, slope)


def rrelu_backward_by_result(g: Any, out: Any, noise: Any, slope: float, training: bool) -> Any:
    """The same, told from the result where no noise tells it."""
    if training:
        return g * noise
    return leaky_relu_backward_by_result(g, out, slope)


@in_single
def prelu(x: Any, weight: Any) -> Any:
    return np.where(x > 0, x, x * weight)


@in_single
def prelu_backward(g: Any, x: Any, weight: Any) -> Any:
    return np.where(x > 0, g, g * weight)


@in_single
def prelu_weight_backward(g: Any, x: Any, weight: Any) -> Any:
    return np.where(x > 0, 0, g * x)


@in_single
def hardswish(x: Any) -> Any:
    """x / 6 times x + 3 kept between 0 and 6."""
    return x * np.minimum(np.maximum(x + 3, 0), 6) / 6


@in_single
def hardswish_backward(g: Any, x: Any) -> Any:
    return np.where(x <= -3, 0, np.where(x >= 3, g, g * (x / 3 + 0.5)))


@in_single
def hardsigmoid(x: Any) -> Any:
    """x + 3 kept between 0 and 6, over 6."""
    return np.minimum(np.maximum(x + 3, 0), 6) / 6


@in_single
def hardsigmoid_backward(g: Any, x: Any) -> Any:
    return np.where((x > -3) & (x < 3), g / 6, 0)


@in_single
def softshrink(x: Any, lambd: float) -> Any:
    """x moved towards 0 by lambd, and 0 where it would pass it."""
    return np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, x * 0))


def hardshrink(x: Any, lambd: float) -> Any:
    return where((x >= -lambd) & (x <= lambd), 0, x)


def shrink_backward(g: Any, x: Any, lambd: float) -> Any:
    """Of both ways to shrink: g outside of [-lambd, lambd]."""
    return where((x < -lambd) | (x > lambd), g, 0)


def threshold(x: Any, threshold: Any, value: Any) -> Any:
    """x where it is above the threshold, else the value; nan stays."""
    if x.dtype.kind != "f":
        threshold, value = (np.asarray(int(n)).astype(x.dtype)[()] for n in (threshold, value))
    return where(x <= threshold, value, x)


def threshold_backward(g: Any, x: Any, threshold: Any, value: Any) -> Any:
    return where(x <= threshold, 0, g)
