"""Roundings, element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Kernel = Callable[..., Any]


def keeps_integers(kernel: Kernel) -> Kernel:
    """A rounding of floats; whole numbers are their own."""
    return lambda x: kernel(x) if x.dtype.kind == "f" else x.copy()


def round_to(x: Any, decimals: int) -> Any:
    """Half to even at a decimal place, by torch's own way: scaled, rounded, scaled back."""
    wide = x.astype(np.float32) if x.dtype.char == "e" else x
    ten = 10.0 ** abs(decimals)
    result = np.rint(wide * ten) / ten if decimals >= 0 else np.rint(wide / ten) * ten
    return result.astype(x.dtype) if wide is not x else result


def divide_floor(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y)


def divide_trunc(x: Any, y: Any) -> Any:
    """The quotient without its fraction; integers never pass through floats."""
    if np.result_type(x, y).kind in "iu":
        quotient = np.floor_divide(x, y)
        return quotient + ((quotient < 0) & (quotient * y != x))
    return np.trunc(np.true_divide(x, y))


def remainder(x: Any, y: Any) -> Any:
    """What division rounded down leaves, with the sign of y; NumPy's differs in the sign of zero."""
    if np.result_type(x, y).kind != "f":
        return np.remainder(x, y)
    left = np.fmod(x, y)
    return np.where((left != 0) & ((left < 0) != (np.asarray(y) < 0)), left + y, left)


def no_zero_divisor(operands: Any) -> None:
    """Raise RuntimeError for whole numbers divided by 0."""
    x, y = (np.asarray(operand) for operand in operands)
    kinds = x.dtype.kind + y.dtype.kind
    if set(kinds) <= set("biu") and kinds != "bb" and x.size and y.size and not y.all():
        raise RuntimeError("ZeroDivisionError")
