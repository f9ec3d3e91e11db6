"""Activations: float16 is computed in float32."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels.blocks import ROWS, row_blocks
from autodiff._kernels.error_functions import ndtr
from autodiff._kernels.half import in_single
from autodiff._kernels.logistic import logistic_density as _density
from autodiff._kernels.logistic import sigmoid
from autodiff._kernels.summation import total

Dims = tuple[int, ...]


#: The derivative of the logistic function.
logistic_density = in_single(_density)


@in_single
def softplus(x: Any, beta: float, threshold: float) -> Any:
    """log(1 + e^(beta x)) / beta, and x itself once beta x passes the threshold."""
    scaled = x * beta
    return np.where(scaled > threshold, x, np.log1p(np.exp(scaled)) / beta)


def softplus_of(x: Any) -> Any:
    """log(1 + e^x), accurate on both sides."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@in_single
def softplus_backward(g: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    return np.where(scaled > threshold, g, g * sigmoid(scaled))


@in_single
def logsigmoid(x: Any) -> Any:
    """The logarithm of the logistic function: nothing is lost on either side."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@in_single
def logsigmoid_backward(g: Any, x: Any) -> Any:
    return g * sigmoid(-x)


@in_single
def elu(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    """scale x where it is positive, else scale alpha (e^(input_scale x) - 1)."""
    return np.where(x > 0, x * scale, np.expm1(np.minimum(x, 0) * input_scale) * (alpha * scale))


@in_single
def elu_backward(g: Any, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    slope = np.exp(np.minimum(x, 0) * input_scale) * (alpha * scale * input_scale)
    return np.where(x > 0, g * scale, g * slope)


@in_single
def elu_backward_by_result(g: Any, out: Any, alpha: float, scale: float, input_scale: float) -> Any:
    """The same, told from the result."""
    return np.where(out > 0, g * scale, g * ((out + alpha * scale) * input_scale))


@in_single
def mish(x: Any) -> Any:
    """x tanh(softplus(x)), by e^-|x|, which never overflows and of which nothing cancels."""
    w = np.exp(-np.abs(x))
    return x * np.where(x < 0, w * (w + 2) / (w * (w + 2) + 2), (2 * w + 1) / (2 * w * (w + 1) + 1))


@in_single
def mish_backward(g: Any, x: Any) -> Any:
    """By s = sigmoid(x) and u = sigmoid(-x) in positive terms alone: tanh(softplus(x)) is s(1 + u) / (1 + u²)."""
    s, u = sigmoid(x), sigmoid(-x)
    below = u * u + 1
    return g * (s * (u + 1) / below + x * (4 * s * (u / below) * (u / below)))


def halves(x: Any, dim: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the two halves along a dimension start and stop."""
    n = x.shape[dim]
    return (0, n // 2), (n // 2, n)


@in_single
def glu(x: Any, dim: int) -> Any:
    """The first half along a dimension times the logistic function of the second."""
    a, b = np.split(x, 2, dim)
    return a * sigmoid(b)


@in_single
def gelu(x: Any) -> Any:
    """x times the normal distribution's function, by erfc: nothing is lost on the left side."""
    return x * ndtr(x)


@in_single
def gelu_by_tanh(x: Any) -> Any:
    """The approximation 0.5 x (1 + tanh u), as x times the logistic function of 2u."""
    return x * sigmoid(twice_u(x))


def twice_u(x: Any) -> Any:
    """The argument of the logistic function in gelu's approximation: twice that of its tanh."""
    return math.sqrt(8 / math.pi) * (x + 0.044715 * (x * x * x))


@in_single
def silu(x: Any) -> Any:
    return x * sigmoid(x)


@in_single
def silu_backward(g: Any, x: Any) -> Any:
    return g * (sigmoid(x) * (1 + x * sigmoid(-x)))


def softmax(x: Any, dims: Dims) -> Any:
    """Exponentials over their sum, shifted by the largest."""
    if x.dtype.char == "e":
        return softmax(x.astype(np.float32), dims).astype(np.float16)
    x = _in_order(x)
    if not x.size:
        return x.copy()
    if _by_rows(x, dims):
        return _filled_by_rows(x, _softmax)
    out = x - np.maximum.reduce(x, axis=dims, keepdims=True)
    if not isinstance(out, np.ndarray):
        return np.exp(out)
    np.exp(out, out=out)
    return np.divide(out, total(out, dims, True), out=out)


def log_softmax(x: Any, dims: Dims) -> Any:
    """The logarithm of softmax, without forming it."""
    if x.dtype.char == "e":
        return log_softmax(x.astype(np.float32), dims).astype(np.float16)
    x = _in_order(x)
    if not x.size:
        return x.copy()
    if _by_rows(x, dims):
        return _filled_by_rows(x, _log_softmax)
    shifted = x - np.maximum.reduce(x, axis=dims, keepdims=True)
    return shifted - np.log(total(np.exp(shifted), dims, True))


def _in_order(x: Any) -> Any:
    """x in contiguous memory, however it lay: so lies torch's result."""
    return np.ascontiguousarray(x) if x.ndim > 1 else x


def _by_rows(x: Any, dims: Dims) -> bool:
    """Whether rows of a large array are to be done block by block, in the cache."""
    return x.size > ROWS and dims == (x.ndim - 1,) and x.flags.c_contiguous


def _filled_by_rows(x: Any, step: Callable[[Any, Any], None]) -> Any:
    rows = x.reshape(-1, x.shape[-1])
    out = np.empty_like(rows)
    for part in row_blocks(rows):
        np.subtract(rows[part], np.maximum.reduce(rows[part], axis=1, keepdims=True), out=out[part])
        step(out[part], out[part])
    out.shape = x.shape
    return out


def _softmax(shifted: Any, out: Any) -> None:
    np.exp(shifted, out=out)
    np.divide(out, np.add.reduce(out, axis=1, keepdims=True), out=out)


def _log_softmax(shifted: Any, out: Any) -> None:
    np.subtract(shifted, np.log(np.add.reduce(np.exp(shifted), axis=1, keepdims=True)), out=out)


def softmax_backward(g: Any, out: Any, dims: Dims) -> Any:
    if out.dtype.char == "e":
        return softmax_backward(g.astype(np.float32), out.astype(np.float32), dims).astype(np.float16)
    weighted = g * out
    return weighted - out * total(weighted, dims, True)


def log_softmax_backward(g: Any, out: Any, dims: Dims) -> Any:
    if out.dtype.char == "e":
        return log_softmax_backward(g.astype(np.float32), out.astype(np.float32), dims).astype(np.float16)
    return g - np.exp(out) * total(g, dims, True)
