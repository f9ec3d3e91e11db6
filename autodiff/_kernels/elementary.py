"""Elementary functions, element by element, where NumPy's own is not the answer torch gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Kernel = Callable[..., Any]


def in_single(kernel: Kernel) -> Kernel:
    """A composite kernel that computes float16 in float32, as torch does."""

    def wide(x: Any, **params: Any) -> Any:
        if x.dtype.char == "e":
            return kernel(x.astype(np.float32), **params).astype(np.float16)
        return kernel(x, **params)

    return wide


# -- roots ------------------------------------------------------------------------------------------


def log1p(z: Any) -> Any:
    """log(1 + z); of small complex numbers without the digits that NumPy loses in adding 1 first."""
    found = np.log1p(z)
    if found.dtype.kind != "c":
        return found
    x, y = np.real(z), np.imag(z)
    near = np.empty(np.shape(z), z.dtype)
    near.real, near.imag = 0.5 * np.log1p(x * (2 + x) + y * y), np.arctan2(y, 1 + x)
    return np.where(z == 0, z, np.where((abs(x) < 0.5) & (abs(y) < 0.5), near, found))


@in_single
def rsqrt(x: Any) -> Any:
    return 1 / np.sqrt(x)


# -- slopes of inverse functions, where the square overflows too ------------------------------------------------------


@in_single
def atan_slope(x: Any) -> Any:
    """1 / (x² + 1)."""
    return _beyond(1 / (x * x + 1), x, lambda x: 1 / x / x)


@in_single
def asinh_slope(x: Any) -> Any:
    """1 / √(x² + 1)."""
    return _beyond(1 / np.sqrt(x * x + 1), x, lambda x: 1 / np.abs(x))


@in_single
def acosh_slope(x: Any) -> Any:
    """1 / √(x² - 1), of complex numbers on the branch of 1 / √(x - 1) √(x + 1); as in torch a number below -1, too."""
    if x.dtype.kind == "c":
        return rsqrt(x - 1) * rsqrt(x + 1)
    return _beyond(1 / np.sqrt((x - 1) * (x + 1)), x, lambda x: np.where(x < 0, 0, 1 / x))


def _beyond(slope: Any, x: Any, formula: Callable[[Any], Any]) -> Any:
    """The slope, by the formula where it came out as 0."""
    if slope.dtype.kind == "c" or not slope.size or np.minimum.reduce(slope, axis=None) != 0:
        return slope
    return np.where(slope == 0, formula(x), slope)


# -- angles ------------------------------------------------------------------------------------------------------------


def times(factor: float) -> Kernel:
    """A multiplication by a constant."""
    return lambda x: x * factor


def hypot(x: Any, y: Any) -> Any:
    """The square root of x² + y²; NumPy's is coarse among float32's smallest numbers."""
    return np.hypot(x, y, dtype=np.float64).astype(x.dtype)


# -- logarithms of two operands ----------------------------------------------------------------------------------------


def logaddexp(x: Any, y: Any) -> Any:
    """log(e**x + e**y), of complex numbers by the one with the larger real part."""
    if np.result_type(x, y).kind != "c":
        return np.logaddexp(x, y)
    first = np.real(x) >= np.real(y)
    large, small = np.where(first, x, y), np.where(first, y, x)
    return np.where(x == y, large + math.log(2), large + np.log1p(np.exp(small - large)))


def xlogy(x: Any, y: Any) -> Any:
    """x * log(y); 0 where x is, whatever the logarithm, but for nan."""
    if not isinstance(y, (np.ndarray, np.generic)):
        y = x.dtype.type(y)
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y))[()]
