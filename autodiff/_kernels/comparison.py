"""Nearness of elements, as torch measures it."""

from __future__ import annotations

from typing import Any

import numpy as np


def close(x: Any, y: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
    """Where |x - y| <= atol + rtol * |y| or x == y; never for an infinite distance."""
    same = x == y
    if equal_nan:
        same = same | (np.isnan(x) & np.isnan(y))
    distance = np.abs(x - y)
    return same | (np.isfinite(distance) & (distance <= atol + np.abs(rtol * y)))


def close_integers(x: Any, y: Any, rtol: float, atol: float, real: Any) -> Any:
    """The same of integers, which are floats of the default dtype for that."""
    return close(x.astype(real), y.astype(real), rtol, atol, False)
