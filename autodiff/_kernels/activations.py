"""Activations: float16 is computed in float32."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.choosing import where
from autodiff._kernels.elementary import sigmoid
from autodiff._kernels.error_functions import ndtr
from autodiff._kernels.summation import total

Dims = tuple[int, ...]


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def relu_backward(g: Any, out: Any) -> Any:
    """g where relu let its argument through; nan lets g through."""
    return where(out <= 0, 0, g)


def softplus(x: Any, beta: float, threshold: float) -> Any:
    """log(1 + e^(beta x)) / beta, and x itself once beta x passes the threshold."""
    if x.dtype.char == "e":
        return softplus(x.astype(np.float32), beta, threshold).astype(np.float16)
    scaled = x * beta
    return np.where(scaled > threshold, x, np.log1p(np.exp(scaled)) / beta)


def gelu(x: Any) -> Any:
    """x times the normal distribution's function, by erfc: nothing is lost on the left side."""
    if x.dtype.char == "e":
        return gelu(x.astype(np.float32)).astype(np.float16)
    return x * ndtr(x)


def gelu_by_tanh(x: Any) -> Any:
    """The approximation 0.5 x (1 + tanh u), as x times the logistic function of 2u."""
    if x.dtype.char == "e":
        return gelu_by_tanh(x.astype(np.float32)).astype(np.float16)
    return x * sigmoid(twice_u(x))


def twice_u(x: Any) -> Any:
    """The argument of the logistic function in gelu's approximation: twice that of its tanh."""
    return math.sqrt(8 / math.pi) * (x + 0.044715 * (x * x * x))


def silu(x: Any) -> Any:
    return x * sigmoid(x) if x.dtype.char != "e" else silu(x.astype(np.float32)).astype(np.float16)


def leaky_relu(x: Any, slope: float) -> Any:
    return np.where(x > 0, x, x * slope)


def softmax(x: Any, dims: Dims) -> Any:
    """Exponentials over their sum, shifted by the largest."""
    if x.dtype.char == "e":
        return softmax(x.astype(np.float32), dims).astype(np.float16)
    if not x.size:
        return x.copy()
    out = x - np.maximum.reduce(x, axis=dims, keepdims=True)
    if not isinstance(out, np.ndarray):
        return np.exp(out)
    np.exp(out, out=out)
    return np.divide(out, total(out, dims, True), out=out)


def log_softmax(x: Any, dims: Dims) -> Any:
    """The logarithm of softmax, without forming it."""
    if x.dtype.char == "e":
        return log_softmax(x.astype(np.float32), dims).astype(np.float16)
    if not x.size:
        return x.copy()
    shifted = x - np.maximum.reduce(x, axis=dims, keepdims=True)
    return shifted - np.log(total(np.exp(shifted), dims, True))


def softmax_backward(g: Any, out: Any, dims: Dims) -> Any:
    if out.dtype.char == "e":
        return softmax_backward(g.astype(np.float32), out.astype(np.float32), dims).astype(np.float16)
    weighted = g * out
    return weighted - out * total(weighted, dims, True)


def log_softmax_backward(g: Any, out: Any, dims: Dims) -> Any:
    if out.dtype.char == "e":
        return log_softmax_backward(g.astype(np.float32), out.astype(np.float32), dims).astype(np.float16)
    return g - np.exp(out) * total(g, dims, True)
