"""Signs and powers, element by element, where NumPy's own is not the answer torch gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.elementary import rsqrt


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
    """x / |x|, and 0 at 0 and for a real nan."""
    return np.sign(x) if x.dtype.kind == "c" else sign(x)


def sign(x: Any) -> Any:
    """The sign; 0 for nan, as in torch."""
    if x.dtype.kind == "f":
        return np.subtract(x > 0, x < 0, dtype=x.dtype)
    return x.copy() if x.dtype.kind == "b" else np.sign(x)


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
