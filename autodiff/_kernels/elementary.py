"""Elementary functions, element by element, where NumPy's own is not the answer torch gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels.blocks import fill

Kernel = Callable[..., Any]


#: Up to so many elements a fused kernel's set-up costs more than it saves.
SMALL = 4096


def _is_large(x: Any) -> bool:
    """Whether a fused kernel pays, or float16 asks for one that computes in float32."""
    return isinstance(x, np.ndarray) and (x.size > SMALL or x.dtype.char == "e")


def in_single(kernel: Kernel) -> Kernel:
    """A composite kernel that computes float16 in float32, as torch does."""

    def wide(x: Any, **params: Any) -> Any:
        if x.dtype.char == "e":
            return kernel(x.astype(np.float32), **params).astype(np.float16)
        return kernel(x, **params)

    return wide


# -- the logistic function and the hyperbolic tangent ------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x); where e^-x overflows the quotient is 0, as it should be."""
    if _is_large(x):
        return fill(_sigmoid, x)
    return 1 / (1 + np.exp(-x)) if x.dtype.char != "e" else np.float16(1 / (1 + np.exp(-np.float32(x))))


def _sigmoid(x: Any, out: Any) -> None:
    np.negative(x, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.divide(1, out, out=out)


def sigmoid_backward(g: Any, out: Any) -> Any:
    """g times the derivative of the logistic function, told from its result."""
    if out.dtype.kind == "c":
        return g * (out * (1 - out)).conjugate()
    return fill(_sigmoid_backward, out, g) if _is_large(out) else g * (out * (1 - out))


def _sigmoid_backward(y: Any, g: Any, out: Any) -> None:
    np.subtract(1, y, out=out)
    np.multiply(out, y, out=out)
    np.multiply(out, g, out=out)


def tanh_backward(g: Any, out: Any) -> Any:
    """g times the derivative of tanh, told from its result."""
    if out.dtype.kind == "c":
        return g * (1 - out * out).conjugate()
    return fill(_tanh_backward, out, g) if _is_large(out) else g * (1 - out * out)


def _tanh_backward(y: Any, g: Any, out: Any) -> None:
    np.multiply(y, y, out=out)
    np.subtract(1, out, out=out)
    np.multiply(out, g, out=out)


# -- roots ------------------------------------------------------------------------------------------


@in_single
def rsqrt(x: Any) -> Any:
    return 1 / np.sqrt(x)
