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


# -- powers ------------------------------------------------------------------------------------------------------------


@in_single
def rsqrt(x: Any) -> Any:
    return 1 / np.sqrt(x)


def power(x: Any, exponent: Any) -> Any:
    """x to the power of a number or an array. Raises ValueError for integers to a negative power."""
    if exponent.__class__ is int:
        if exponent == 2:
            return x * x
        if exponent > 1 << 53 or exponent < -(1 << 53):
            exponent = float(exponent)
    elif exponent.__class__ is float and (exponent == 0.5 or exponent == -0.5) and x.dtype.kind == "f":
        # torch's way, also at -inf, where C's pow is not nan.
        return np.sqrt(x) if exponent > 0 else rsqrt(x)
    elif isinstance(exponent, (np.ndarray, np.generic)) and exponent.dtype.kind == "i" and (exponent < 0).any():
        return _power_of_integers(x, exponent)
    return x**exponent


def _power_of_integers(x: Any, exponent: Any) -> Any:
    """Integers to powers of which some are negative: only 1 and -1 have a reciprocal, the others give 0."""
    whole = x ** np.abs(exponent)
    return np.where((exponent < 0) & (x != 1) & (x != -1), 0, whole).astype(whole.dtype)


def power_of_number(exponent: Any, base: Any) -> Any:
    """A number to the power of an array."""
    return (
        base**exponent if exponent.dtype.kind in "fc" else power(np.asarray(base).astype(exponent.dtype)[()], exponent)
    )


# -- choosing ----------------------------------------------------------------------------------------------------------


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; a Python number takes the other's dtype."""
    if isinstance(condition, np.ndarray) or isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        return np.where(condition, x, y)
    if isinstance(x, np.generic):
        return x if condition else type(x)(y)
    return type(y)(x) if condition else y


def clamp(x: Any, low: Any, high: Any) -> Any:
    """x between the bounds, each of which may be None; the upper bound wins, and nan stays nan."""
    if x.dtype.kind in "iu":
        low, high = (b if b is None else np.asarray(b).astype(x.dtype) for b in (low, high))
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def within(x: Any, low: Any, high: Any) -> Any:
    """Where x lies between the bounds, ends included; a bound may be None."""
    inside = True if low is None else x >= low
    return inside if high is None else inside & (x <= high)


def sgn(x: Any) -> Any:
    """x / |x|, and 0 at 0 and for a real nan."""
    return np.sign(x) if x.dtype.kind == "c" else sign(x)


def written(x: Any, other: Any, mask: Any) -> Any:
    """A comparison's answer in the dtype of the tensor that it is written over."""
    return mask.astype(x.dtype)


def sign(x: Any) -> Any:
    """The sign; 0 for nan, as in torch."""
    if x.dtype.kind == "f":
        return np.subtract(x > 0, x < 0, dtype=x.dtype)
    return x.copy() if x.dtype.kind == "b" else np.sign(x)


# -- rounding ----------------------------------------------------------------------------------------------------------


def keeps_integers(kernel: Kernel) -> Kernel:
    """A rounding of floats; whole numbers are their own."""
    return lambda x: kernel(x) if x.dtype.kind == "f" else x.copy()


def round_to(x: Any, decimals: int) -> Any:
    """Half to even at a decimal place, by torch's own way: scaled, rounded, scaled back."""
    wide = x.astype(np.float32) if x.dtype.char == "e" else x
    ten = 10.0 ** abs(decimals)
    result = np.rint(wide * ten) / ten if decimals >= 0 else np.rint(wide / ten) * ten
    return result.astype(x.dtype) if wide is not x else result


def no_bool_difference(operands: Any) -> None:
    """Raise RuntimeError for a difference with truth values, as torch does."""
    bools = [isinstance(x, bool) or getattr(x, "dtype", None) == np.dtype(bool) for x in operands]
    if all(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if any(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


def divide_floor(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y)


def divide_trunc(x: Any, y: Any) -> Any:
    """The quotient without its fraction; integers never pass through floats."""
    if np.result_type(x, y).kind in "iu":
        quotient = np.floor_divide(x, y)
        return quotient + ((quotient < 0) & (quotient * y != x))
    return np.trunc(np.true_divide(x, y))
