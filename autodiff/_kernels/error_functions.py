"""The error function and the normal distribution's, element by element: SciPy's kernels, mended where they lose digits.

float16 is computed in float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.elementary import in_single
from autodiff._kernels.scipy_special import special

_SQRT_HALF = math.sqrt(0.5)
#: Past it e^(-x²) is 0 in every dtype, and its halves below have no infinity to meet.
_FAR = 60.0


def gauss(x: Any) -> Any:
    """e^(-x²), with the square's rounding error made good: at x = 26 it would cost 300 ulp."""
    return _gauss(x, 1.0)


def half_gauss(x: Any) -> Any:
    """e^(-x²/2)."""
    return _gauss(x, 0.5)


def grown_gauss(x: Any) -> Any:
    """e^(x²/2)."""
    return _gauss(x, -0.5)


def _gauss(x: Any, factor: float) -> Any:
    if x.dtype.itemsize < 8:
        wide = x.astype(np.float64)
        return np.exp(wide * wide * -factor).astype(x.dtype)
    x = np.clip(x, -_FAR, _FAR)
    # The square of 24 bits is exact.
    head = x.astype(np.float32).astype(np.float64)
    out = np.exp(head * head * -factor)
    # An infinity has no rest: it would be nan.
    return out + np.where(np.isinf(out), 0, out) * np.expm1((x - head) * (x + head) * -factor)


@in_single
def erf(x: Any) -> Any:
    return special().erf(x)


@in_single
def erfc(x: Any) -> Any:
    """1 - erf(x), as erfcx(x) e^(-x²) on the right side."""
    if x.dtype.itemsize < 8:
        return special().erfc(x)
    return np.where(x < 0.5, 1 - special().erf(x), gauss(x) * special().erfcx(np.maximum(x, 0)))


def erfcx(x: Any) -> Any:
    return special().erfcx(x)


@in_single
def erfcx_slope(x: Any) -> Any:
    """The derivative of erfcx."""
    return 2 * (x * special().erfcx(x)) - 2 / math.sqrt(math.pi)


@in_single
def erfinv(x: Any) -> Any:
    """The inverse of erf; at -0 it is -0."""
    return np.copysign(special().erfinv(x), x)


@in_single
def erfinv_slope(x: Any) -> Any:
    """Its derivative √π/2 e^(y²), where e^(y²) is erfcx(y) / erfc(y): squaring y would cost digits for large y."""
    size = np.abs(x).astype(np.float64)
    y = special().erfinv(size)
    near = np.exp(np.minimum(y, 1) ** 2)
    found = np.where(size < 0.5, near, np.where(size == 1, np.inf, special().erfcx(y) / (1 - size)))
    return (found * (math.sqrt(math.pi) / 2)).astype(x.dtype)


@in_single
def ndtr(x: Any) -> Any:
    """The normal distribution's function."""
    if x.dtype.itemsize < 8:
        return special().ndtr(x)
    tail = half_gauss(x) * special().erfcx(np.abs(x) * _SQRT_HALF) * 0.5
    return np.where(x < -1, tail, np.where(x > 1, 1 - tail, 0.5 + 0.5 * special().erf(x * _SQRT_HALF)))


def log_ndtr(x: Any) -> Any:
    """Its logarithm."""
    if x.dtype.itemsize < 8:
        return log_ndtr(x.astype(np.float64)).astype(x.dtype)
    left = np.log(special().erfcx(np.abs(x) * _SQRT_HALF) * 0.5) - x * x * 0.5
    return np.where(x < -1, left, np.log1p(-ndtr(-x)))


def log_ndtr_slope(x: Any) -> Any:
    """Its derivative: density over distribution."""
    wide = x.astype(np.float64)
    left = math.sqrt(2 / math.pi) / special().erfcx(np.abs(wide) * _SQRT_HALF)
    right = half_gauss(wide) / ndtr(np.maximum(wide, 0)) * (1 / math.sqrt(2 * math.pi))
    return np.where(wide < 0, left, right).astype(x.dtype)


def ndtri(x: Any) -> Any:
    """The inverse of the normal distribution's function."""
    return special().ndtri(x)


@in_single
def entr(x: Any) -> Any:
    """-x log x, 0 at 0, -inf below."""
    return special().entr(x)


@in_single
def logit(x: Any, eps: float | None) -> Any:
    """log(x / (1 - x)), with x kept between eps and 1 - eps."""
    if eps is not None:
        x = np.where(x < eps, x.dtype.type(eps), np.where(x > 1 - eps, x.dtype.type(1 - eps), x))
    return special().logit(x)


def xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), 0 where x is 0."""
    kind = (x if isinstance(x, (np.ndarray, np.generic)) else y).dtype
    wide = np.float32 if kind.char == "e" else kind
    # SciPy would promote float32 by a Python number.
    return special().xlog1py(np.asarray(x, wide), np.asarray(y, wide)).astype(kind)
