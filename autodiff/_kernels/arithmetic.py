"""Signs and powers, element by element, where NumPy's own is not the answer torch gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.elementary import rsqrt
from autodiff._kernels.half import in_single


def add_scaled(input: Any, other: Any, alpha: Any, dtype: np.dtype[Any]) -> Any:
    """input + alpha * other, in a floating or complex dtype."""
    return np.add(input, np.multiply(other, alpha, dtype=dtype), dtype=dtype)


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


def sgn(x: Any) -> Any:
    """x / |x|, 0 at 0 and for a real nan, nan for complex infinities."""
    if x.dtype.kind != "c":
        return sign(x)
    return np.where(np.isfinite(x), np.sign(x), x * np.nan)[()]


def sign(x: Any) -> Any:
    """The sign; 0 for nan, as in torch."""
    if x.dtype.kind == "f":
        return np.subtract(x > 0, x < 0, dtype=x.dtype)
    return x.copy() if x.dtype.kind == "b" else np.sign(x)


def power(x: Any, exponent: Any) -> Any:
    """x to the power of a number or an array. Raises ValueError for integers to a negative power."""
    if exponent.__class__ is int:
        return x * x if exponent == 2 else x**exponent
    if exponent.__class__ is float and (exponent == 0.5 or exponent == -0.5) and x.dtype.kind == "f":
        # torch's way, also at -inf, where C's pow is not nan.
        return np.sqrt(x) if exponent > 0 else rsqrt(x)
    if isinstance(exponent, (np.ndarray, np.generic)) and exponent.dtype.kind == "i" and (exponent < 0).any():
        return _power_of_integers(x, exponent)
    return x**exponent


def _power_of_integers(x: Any, exponent: Any) -> Any:
    """Integers to powers of which some are negative: only 1 and -1 have a reciprocal, the others give 0."""
    whole = x ** np.abs(exponent)
    return np.where((exponent < 0) & (x != 1) & (x != -1), 0, whole)


def power_of_number(exponent: Any, base: Any) -> Any:
    """A number to the power of an array."""
    return power(np.asarray(base).astype(exponent.dtype)[()], exponent)


def nextafter(x: Any, y: Any) -> Any:
    """The float after x towards y, and y where they are equal: of -0 and 0 the second one."""
    return np.where(x == y, y, np.nextafter(x, y))[()]


# -- whole numbers -----------------------------------------------------------------------------------------------------


def gcd(x: Any, y: Any) -> Any:
    return np.gcd(x, y)


def lcm(x: Any, y: Any) -> Any:
    return np.lcm(x, y)


# -- three operands ----------------------------------------------------------------------------------------------------


@in_single
def addcmul(x: Any, a: Any, b: Any, value: Any) -> Any:
    """x + value * a * b, in the order in which torch rounds."""
    return x + (a if value == 1 else value * a) * b


@in_single
def addcdiv(x: Any, a: Any, b: Any, value: Any) -> Any:
    """x + value * a / b, in the order in which torch rounds."""
    return x + (a if value == 1 else value * a) / b


@in_single
def lerp(x: Any, end: Any, weight: Any) -> Any:
    """x + weight * (end - x), from the nearer side, so that both ends are met exactly."""
    way, near = end - x, abs(weight) < 0.5
    if isinstance(weight, np.ndarray):
        return np.where(near, x + weight * way, end - way * (1 - weight))
    return x + weight * way if near else end - way * (1 - weight)


# -- powers of two -----------------------------------------------------------------------------------------------------


#: Past the exponents of every dtype.
_REACH = 1 << 14


def ldexp(x: Any, exponent: Any) -> Any:
    """x * 2**exponent; a whole exponent overflows only with the result."""
    if exponent.dtype.kind not in "iu":
        return (x * np.exp2(exponent)).astype(x.dtype)
    if x.dtype.kind == "c":
        return ldexp(x.real, exponent) + 1j * ldexp(x.imag, exponent)
    # Further out every number is 0 or infinite, and C's int would wrap.
    return np.ldexp(x, np.clip(exponent.astype(np.int64), -_REACH, _REACH).astype(np.intc))


def frexp(x: Any) -> Any:
    """x = mantissa * 2**exponent, the mantissa in [1/2, 1); 0, infinities and nan stay, with exponent 0."""
    return np.frexp(x)


def ratio(x: Any, y: Any) -> Any:
    """x / y, nothing where y is 0."""
    return np.where(y == 0, 0, x / np.where(y == 0, y.dtype.type(1), y))[()]
