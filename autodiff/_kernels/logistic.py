"""The logistic function, and its gradient, that of tanh and of others, told from their results; knows no operator.

What a rounded result no longer knows (of tanh's gradient 1 - out² all digits, where out is 1) the argument tells: in
float64 a gradient has the argument's `array` too. Nobody guards that against writing, so it is believed only where it
says of the result what the result says of itself, as far as that goes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels.blocks import fill
from autodiff._kernels.pieces import FEW

#: Up to so many elements a fused kernel's set-up costs more than it saves.
SMALL = 4096
#: Up to so many elements it costs little to compute float32 in double.
_CHEAP = 512
#: Elements of a block where a step keeps several blocks of its own.
_BLOCK = 1 << 12
#: How far what a result says of itself may be off: four of its roundings.
_DOUBT = 1e-15
#: Beside an array an array of no dimension costs half of what a Python number does.
_ONES = {d: np.ones((), d) for d in "fd"}
_LARGEST = np.finfo(np.float64).max


def is_large(x: Any) -> bool:
    """Whether a fused kernel pays, or float16 asks for one that computes in float32."""
    return (x.size > SMALL or x.dtype.char == "e") and isinstance(x, np.ndarray)


def believed(plain: Any, told: Any, doubt: Any) -> Any:
    """What the argument told, where the result does not contradict it by more than `doubt`; else the plain answer.

    An infinite answer, whose doubt is infinite, is contradicted by every number.
    """
    apart = told - plain
    apart = np.abs(apart, out=apart if isinstance(apart, np.ndarray) else None)
    near = (apart <= doubt) & (apart <= _LARGEST)
    return told if near.all() else np.where(near, told, plain)


# -- the logistic function -----------------------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x), which is e^x where e^-x overflows; in float64 e^x / (1 + e^x) for all x < 0: fewer roundings."""
    if is_large(x):
        return fill(_wide_sigmoid if x.dtype.char == "d" else _sigmoid, x)
    if x.dtype.char == "e":
        return np.float16(sigmoid(np.float32(x)))
    if x.dtype.char == "d":
        e = np.exp(-np.abs(x))
        return np.maximum(e, x >= 0) / (1 + e)
    if x.dtype.char != "f" or not isinstance(x, np.ndarray) or not x.ndim:
        return _with_its_tail(1 / (1 + np.exp(-x)), x)
    out = -x if x.flags.forc else np.negative(out := _in_line(x), out)
    np.exp(out, out)
    np.add(out, _ONES["f"], out)
    flat = out.ravel("K")
    # One product tells at once that there is no infinity, so no tail.
    tailed = not float(flat.dot(flat)) < math.inf
    np.reciprocal(out, out)
    return _with_its_tail(out, x) if tailed else out


def _in_line(x: Any) -> Any:
    """A copy to compute in: NumPy takes twice as long over every row of a part of an array."""
    return x.copy("K")


def _wide_sigmoid(x: Any, out: Any) -> None:
    np.abs(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    above = np.maximum(out, np.greater_equal(x, 0))
    np.add(out, 1, out=out)
    np.divide(above, out, out=out)


def _sigmoid(x: Any, out: Any) -> None:
    np.negative(x, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.divide(1, out, out=out)
    _with_its_tail(out, x)


def _with_its_tail(out: Any, x: Any) -> Any:
    if not isinstance(out, np.ndarray):
        return out or np.exp(x)
    if out.size and out.dtype.kind == "f" and np.minimum.reduce(out, axis=None) == 0:
        np.exp(x, out=out, where=out == 0)
    return out


def bell(e: Any) -> Any:
    """e / (1 + e)² for 0 <= e <= 1, in the memory of e: of 1 + e(2 + e) the last rounding is made good."""
    if type(e) is not float and e.dtype.itemsize < 8:
        return e / (1 + e) / (1 + e)
    rest = e + 2
    rest *= e
    below = rest + 1
    # What that sum lost, exactly.
    rest -= below - 1
    e /= below
    rest /= below
    rest *= e
    e -= rest
    return e


def logistic_density(x: Any) -> Any:
    """The derivative of the logistic function."""
    return bell(np.exp(-np.abs(x)))


def tanh(x: Any, out: Any = None) -> Any:
    """Of few numbers in float32 by double precision: NumPy's own errs by 1.4 roundings, and a gradient by 1 - out²."""
    if x.dtype.char != "f" or x.size > _CHEAP:
        if out is None and x.size <= SMALL and isinstance(x, np.ndarray) and not x.flags.forc and x.dtype.char in _ONES:
            out = _in_line(x)
            return np.tanh(out, out)
        return np.tanh(x) if out is None else np.tanh(x, out=out)
    if out is not None:
        return np.tanh(x, out=out, dtype=np.float64, casting="same_kind")
    return np.tanh(x, dtype=np.float64).astype(np.float32)


# -- gradients told from results --------------------------------------------------------------------------------------


def sigmoid_backward(g: Any, out: Any, array: Any = None) -> Any:
    """g times the derivative of the logistic function."""
    if out.dtype.kind == "c":
        return g * (out * (1 - out)).conjugate()
    if array is not None:
        return _told(_sigmoid_slope, _sigmoid_slopes, g, out, array)
    if is_large(out):
        return fill(_sigmoid_backward, out, g)
    if not isinstance(out, np.ndarray) or out.dtype.char not in _ONES or not out.ndim:
        return g * (out * (1 - out))
    slope = np.subtract(_ONES[out.dtype.char], out)
    np.multiply(slope, out, slope)
    return np.multiply(slope, g, slope) if slope.shape == g.shape else slope * g


def _sigmoid_backward(y: Any, g: Any, out: Any) -> None:
    np.subtract(1, y, out=out)
    np.multiply(out, y, out=out)
    np.multiply(out, g, out=out)


def _sigmoid_slope(y: float, x: float) -> float:
    plain = y * (1 - y)
    told = bell(math.exp(-abs(x)))
    return told if abs(told - plain) <= _DOUBT * y else plain


def _sigmoid_slopes(y: Any, x: Any) -> Any:
    e = np.abs(x)
    np.negative(e, out=e)
    told = bell(np.exp(e, out=e))
    plain = 1 - y
    plain *= y
    return believed(plain, told, _DOUBT * y)


def tanh_backward(g: Any, out: Any, array: Any = None) -> Any:
    """g times the derivative of tanh."""
    if out.dtype.kind == "c":
        return g * (1 - out * out).conjugate()
    if array is not None:
        return _told(_tanh_slope, _tanh_slopes, g, out, array)
    if is_large(out):
        return fill(_tanh_backward, out, g)
    if not isinstance(out, np.ndarray) or out.dtype.char not in _ONES or not out.ndim:
        return g * (1 - out * out)
    slope = out * out
    np.subtract(_ONES[out.dtype.char], slope, slope)
    return np.multiply(slope, g, slope) if slope.shape == g.shape else slope * g


def _tanh_backward(y: Any, g: Any, out: Any) -> None:
    np.multiply(y, y, out=out)
    np.subtract(1, out, out=out)
    np.multiply(out, g, out=out)


def _tanh_slope(y: float, x: float) -> float:
    plain = 1 - y * y
    told = 4 * bell(math.exp(-2 * abs(x)))
    return told if abs(told - plain) <= _DOUBT else plain


def _tanh_slopes(y: Any, x: Any) -> Any:
    e = np.abs(x)
    e *= -2
    told = bell(np.exp(e, out=e))
    told *= 4
    square = y * y
    one = told + square
    if np.maximum.reduce(one, axis=None) <= 1 + _DOUBT and np.minimum.reduce(one, axis=None) >= 1 - _DOUBT:
        return told
    return believed(np.subtract(1, square, out=square), told, _DOUBT)


def _told(one: Callable[[float, float], float], many: Callable[[Any, Any], Any], g: Any, out: Any, array: Any) -> Any:
    """g times a slope: of few elements by Python's numbers, of many block by block."""
    if not isinstance(out, np.ndarray):
        return g * one(float(out), float(array))
    if out.size <= FEW:
        slopes = map(one, out.ravel().tolist(), array.ravel().tolist())
        return g * np.fromiter(slopes, np.float64, out.size).reshape(out.shape)

    if out.size <= _BLOCK:
        slopes = many(out, array)
        return np.multiply(slopes, g, out=slopes) if slopes.shape == g.shape else g * slopes

    def step(y: Any, x: Any, g: Any, out: Any) -> None:
        np.multiply(many(y, x), g, out=out)

    return fill(step, out, array, g, block=_BLOCK)


# -- sums and powers of results --------------------------------------------------------------------------------------


def one_more(out: Any, array: Any = None) -> Any:
    """out + 1 of a result e^x - 1: the exponential, of which -1 + 1 has nothing left."""
    plain = out + 1
    return plain if array is None else np.where(out < -0.5, believed(plain, np.exp(array), _DOUBT), plain)[()]


def rsqrt_slope(out: Any, array: Any = None) -> Any:
    """The derivative -out³ / 2 of a result 1 / √x."""
    if array is None:
        return -0.5 * (out * out * out)
    plain = -0.5 * out * out * out
    return believed(plain, -0.5 * out / array, -_DOUBT * plain)[()]
