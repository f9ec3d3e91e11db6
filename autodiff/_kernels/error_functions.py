"""The error function and the normal distribution's, element by element: SciPy's kernels, mended where they lose digits.

float16 is computed in float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels import error_series as series
from autodiff._kernels.half import in_single
from autodiff._kernels.pieces import piecewise
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


def _gauss(x: Any, factor: float, height: Any = 1.0) -> Any:
    """height e^(-factor x²)."""
    if x.dtype.itemsize < 8:
        wide = x.astype(np.float64)
        return np.exp(wide * wide * -factor).astype(x.dtype)
    x = np.clip(x, -_FAR, _FAR)
    # The square of 24 bits is exact.
    head = x.astype(np.float32).astype(np.float64)
    out = height * np.exp(head * head * -factor)
    # An infinity has no rest: it would be nan.
    return out + np.where(np.isinf(out), 0, out) * np.expm1((x - head) * (x + head) * -factor)


@in_single
def erf(x: Any) -> Any:
    return special().erf(x) if x.dtype.itemsize < 8 else _erf(x)


@in_single
def erfc(x: Any) -> Any:
    """1 - erf(x)."""
    return special().erfc(x) if x.dtype.itemsize < 8 else _erfc(x)


def _far(x: Any) -> Any:
    return series.ERFCX_FAR(1 / (x * x)) / x


def _far_slope(x: Any) -> Any:
    return series.SLOPE_FAR(1 / (x * x)) / x / x


def _left_slope(x: Any) -> Any:
    return 2 * (x * _erfcx(x)) - 2 / math.sqrt(math.pi)


#: e^(x²) erfc(x).
_erfcx = piecewise(
    (lambda x: x < -30, lambda x: np.full_like(x, np.inf)),
    (lambda x: x < 0, lambda x: 2 * _gauss(x, -1.0) - _erfcx(-x)),
    (lambda x: x < 0.5, series.ERFCX_0),
    (lambda x: x < 1, series.ERFCX_1),
    (lambda x: x < 2, series.ERFCX_2),
    (lambda x: x < 4, series.ERFCX_3),
    (lambda x: x > 1e150, lambda x: 1 / math.sqrt(math.pi) / x),
    (lambda x: x > 0, _far),
)
erfcx = in_single(_erfcx)
#: The derivative of that.
erfcx_slope = in_single(
    piecewise(
        (lambda x: x < 0, _left_slope),
        (lambda x: x < 0.5, series.SLOPE_0),
        (lambda x: x < 1, series.SLOPE_1),
        (lambda x: x < 2, series.SLOPE_2),
        (lambda x: x < 4, series.SLOPE_3),
        (lambda x: x > 1e150, lambda x: -1 / math.sqrt(math.pi) / x / x),
        (lambda x: x > 0, _far_slope),
    )
)
_erf = piecewise(
    (lambda x: np.abs(x) <= 1, lambda x: x + x * series.ERF_NEAR(x * x)),
    (lambda x: np.abs(x) > 1, lambda x: np.copysign(1 - _erfc(np.abs(x)), x)),
)
_erfc = piecewise(
    (lambda x: x < -6, lambda x: np.full_like(x, 2.0)),
    (lambda x: x < 0.46, lambda x: 1 - _erf(x)),
    (lambda x: x > 0, lambda x: _gauss(x, 1.0, _erfcx(x))),
)


@in_single
def erfinv(x: Any) -> Any:
    """The inverse of erf; at -0 it is -0."""
    return np.copysign(special().erfinv(x), x) if x.dtype.itemsize < 8 else _erfinv(x)


def _erfinv_far(x: Any) -> Any:
    """SciPy's, and a step of Newton's on erfc."""
    size = np.abs(x)
    y = special().erfinv(size)
    finite = np.where(size < 1, y, 0.0)
    step = (_erfc(finite) - (1 - size)) * (math.sqrt(math.pi) / 2) * _gauss(finite, -1.0)
    return np.copysign(np.where(size < 1, finite + step, y), x)


_erfinv = piecewise(
    (lambda x: np.abs(x) <= 0.75, lambda x: x * series.ERFINV_NEAR(x * x)),
    (lambda x: np.abs(x) > 0.75, _erfinv_far),
)


def _steep(x: Any) -> Any:
    size = np.abs(x)
    return np.where(size == 1, np.inf, math.sqrt(math.pi) / 2 * _erfcx(_erfinv(size)) / (1 - size))


#: The derivative √π/2 e^(y²), where e^(y²) is erfcx(y) / erfc(y): squaring y would cost digits for large y.
erfinv_slope = in_single(
    piecewise(
        (lambda x: np.abs(x) < 0.5, lambda x: math.sqrt(math.pi) / 2 * np.exp(_erfinv(x) ** 2)),
        (lambda x: np.abs(x) <= 1, _steep),
        (lambda x: np.abs(x) > 1, lambda x: np.full_like(x, np.nan)),
    )
)
# Past -6 the far series of erfcx takes x²/2 as it is: no rounded x/√2 in between.
_ndtr = piecewise(
    (lambda x: x < -6, lambda x: _gauss(x, 0.5, series.ERFCX_FAR(2 / (x * x)) * -_SQRT_HALF / x)),
    (lambda x: x < -0.4, lambda x: 0.5 * _gauss(x, 0.5, _erfcx(x * -_SQRT_HALF))),
    (lambda x: x < 9, lambda x: 0.5 + 0.5 * _erf(x * _SQRT_HALF)),
    (lambda x: x > 0, np.ones_like),
)


@in_single
def ndtr(x: Any) -> Any:
    """The normal distribution's function."""
    return special().ndtr(x) if x.dtype.itemsize < 8 else _ndtr(x)


#: Its logarithm.
log_ndtr = piecewise(
    (lambda x: x < -1, lambda x: np.log(_erfcx(x * -_SQRT_HALF) * 0.5) - x * x * 0.5),
    (lambda x: x < 0, series.LOG_NDTR_0),
    (lambda x: x < 1, series.LOG_NDTR_1),
    (lambda x: x < 2, series.LOG_NDTR_2),
    (lambda x: x > 0, lambda x: np.log1p(-_ndtr(-x))),
)
#: The derivative of that: density over distribution.
log_ndtr_slope = piecewise(
    (lambda x: x < -6, lambda x: -x / series.ERFCX_FAR(2 / (x * x)) / math.sqrt(math.pi)),
    (lambda x: x < -4, lambda x: math.sqrt(2 / math.pi) / _erfcx(x * -_SQRT_HALF)),
    (lambda x: x < -2, series.MILLS_0),
    (lambda x: x < -1, series.MILLS_1),
    (lambda x: x < 0, series.MILLS_2),
    (lambda x: x < 1, series.MILLS_3),
    (lambda x: x < 2, series.MILLS_4),
    (lambda x: x > 0, lambda x: _gauss(x, 0.5, 1 / math.sqrt(2 * math.pi)) / _ndtr(x)),
)


def ndtri(x: Any) -> Any:
    """The inverse of the normal distribution's function."""
    return special().ndtri(x)


@in_single
def entr(x: Any) -> Any:
    """-x log x, 0 at 0, -inf below."""
    return special().entr(x)


#: 1 / e in two parts.
_OVER_E = (0.36787944117144233, -1.2428753672788363e-17)
#: The derivative of -x log x, near its root by the distance from there.
entr_slope = piecewise(
    (lambda x: np.abs(x - 0.46) < 0.28, lambda x: -np.log1p(((x - _OVER_E[0]) - _OVER_E[1]) / _OVER_E[0])),
    (lambda x: x == x, lambda x: -1 - np.log(x)),
)


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
