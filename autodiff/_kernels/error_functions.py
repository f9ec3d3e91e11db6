"""The error function and the normal distribution's, element by element: SciPy's kernels, mended where they lose digits.

float16 is computed in float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels import error_series as series
from autodiff._kernels import quantile_series
from autodiff._kernels.half import in_single
from autodiff._kernels.logistic import believed
from autodiff._kernels.pieces import Series, alone, piecewise
from autodiff._kernels.scipy_special import special
from autodiff._kernels.twofold import Pair, divide, grown, quick_sum

_SQRT_HALF = math.sqrt(0.5)
#: Past it e^(-x²) is 0 in every dtype, and its halves below have no infinity to meet.
_FAR = 60.0


def gauss(x: Any) -> Any:
    """e^(-x²), with the square's rounding error made good: at x = 26 it would cost 300 ulp."""
    return _gauss(x, 1.0)


def grown_gauss(x: Any) -> Any:
    """e^(x²/2)."""
    return _gauss(x, -0.5)


def _gauss(x: Any, factor: float, height: Pair | None = None) -> Any:
    """height e^(-factor x²)."""
    if x.dtype.itemsize < 8:
        wide = x.astype(np.float64)
        out = np.exp(wide * wide * -factor)
        return (out if height is None else out * height[0]).astype(x.dtype)
    x = np.minimum(np.maximum(x, -_FAR), _FAR)
    # The square of 24 bits is exact.
    head = x.astype(np.float32).astype(np.float64)
    out = np.exp(head * head * -factor)
    more = np.expm1((x - head) * (x + head) * -factor)
    # An infinity has no rest: it would be nan.
    return np.where(np.isinf(out), out, out + out * more if height is None else grown(out, height, more))


#: 1 / √(2π) in two parts.
OVER_ROOT = (0.3989422804014327, -2.4923272022777433e-17)


def normal_density(x: Any) -> Any:
    """The normal distribution's density."""
    return _gauss(x, 0.5, OVER_ROOT)


@in_single
def erf(x: Any) -> Any:
    return special().erf(x) if x.dtype.itemsize < 8 else _erf(x)


@in_single
def erfc(x: Any) -> Any:
    """1 - erf(x)."""
    return special().erfc(x) if x.dtype.itemsize < 8 else _erfc(x)


def _far(x: Any) -> Pair:
    """erfcx(x) for large x, in two parts."""
    return divide(quick_sum(*series.ERFCX_FAR.parts(1 / (x * x))), (x, 0.0))


def _far_slope(x: Any) -> Any:
    return series.SLOPE_FAR(1 / (x * x)) / x / x


#: e^(x²) erfc(x).
_erfcx = piecewise(
    (lambda x: x < -30, lambda x: np.full_like(x, np.inf)),
    (lambda x: x < -1, lambda x: 2 * _gauss(x, -1.0) - _erfcx(-x)),
    (lambda x: x < -0.5, series.ERFCX_LEFT_1),
    (lambda x: x < 0, series.ERFCX_LEFT_0),
    (lambda x: x < 0.5, series.ERFCX_0),
    (lambda x: x < 1, series.ERFCX_1),
    (lambda x: x < 2, series.ERFCX_2),
    (lambda x: x < 4, series.ERFCX_3),
    (lambda x: x > 1e150, lambda x: 1 / math.sqrt(math.pi) / x),
    (lambda x: x > 0, lambda x: _far(x)[0]),
)
erfcx = in_single(_erfcx)
_erfcx_slope = piecewise(
    (lambda x: x < -26, lambda x: 4 * x * _gauss(x, -1.0)),
    (lambda x: x < -1, lambda x: _gauss(x, -1.0, (4 * x, 0.0)) + _erfcx_slope(-x)),
    (lambda x: x < -0.5, series.SLOPE_LEFT_1),
    (lambda x: x < 0, series.SLOPE_LEFT_0),
    (lambda x: x < 0.5, series.SLOPE_0),
    (lambda x: x < 1, series.SLOPE_1),
    (lambda x: x < 2, series.SLOPE_2),
    (lambda x: x < 4, series.SLOPE_3),
    (lambda x: x > 1e150, lambda x: -1 / math.sqrt(math.pi) / x / x),
    (lambda x: x > 0, _far_slope),
)
#: The derivative of that.
erfcx_slope = in_single(_erfcx_slope)
#: 1 - erf(x) for x > 1, where the last digits are erf's alone.
_short = piecewise(
    (lambda x: x < 1.25, series.ERFC_2),
    (lambda x: x < 1.5, series.ERFC_3),
    (lambda x: x < 2, alone(lambda x: np.exp(-x * x) * series.ERFCX_2(x))),
    (lambda x: x < 4, alone(lambda x: np.exp(-x * x) * series.ERFCX_3(x))),
    (lambda x: x < 6, alone(lambda x: np.exp(-x * x) * _far(x)[0])),
    (lambda x: x >= 6, np.zeros_like),
)
_erf = piecewise(
    (lambda x: abs(x) <= 1, alone(lambda x: x + x * series.ERF_NEAR(x * x))),
    (lambda x: abs(x) > 1, alone(lambda x: np.copysign(1 - _short(abs(x)), x))),
)


def _times(formula: Series) -> Any:
    """e^(-x²) times a series."""
    return alone(lambda x: _gauss(x, 1.0, quick_sum(*formula.parts(x))))


_erfc = piecewise(
    (lambda x: x < -6, lambda x: np.full_like(x, 2.0)),
    (lambda x: x < 0.46, alone(lambda x: 1 - _erf(x))),
    (lambda x: x < 0.75, series.ERFC_0),
    (lambda x: x < 1, series.ERFC_1),
    (lambda x: x < 1.25, series.ERFC_2),
    (lambda x: x < 1.5, series.ERFC_3),
    (lambda x: x < 2, _times(series.ERFCX_2)),
    (lambda x: x < 4, _times(series.ERFCX_3)),
    (lambda x: x > 60, np.zeros_like),
    (lambda x: x > 0, alone(lambda x: _gauss(x, 1.0, _far(x)))),
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


_steepness = piecewise(
    (lambda depth: depth < 2.5, series.ERFINV_STEEP_0),
    (lambda depth: depth < 5, series.ERFINV_STEEP_1),
    (lambda depth: depth < 10, series.ERFINV_STEEP_2),
    (lambda depth: depth < 20, series.ERFINV_STEEP_3),
    (lambda depth: depth < 37, series.ERFINV_STEEP_4),
)


def _steep(x: Any) -> Any:
    """By the distance from 1, which is exact."""
    apart = 1 - np.abs(x)
    return np.where(apart == 0, np.inf, _steepness(-np.log(apart)) / apart)


#: The derivative √π/2 e^(y²): squaring y would cost digits for large y.
erfinv_slope = in_single(
    piecewise(
        (lambda x: np.abs(x) <= 0.75, lambda x: series.ERFINV_SLOPE(x * x)),
        (lambda x: np.abs(x) <= 1, _steep),
        (lambda x: np.abs(x) > 1, lambda x: np.full_like(x, np.nan)),
    )
)


def mills_pair(x: Any) -> Pair:
    """e^(x²/2) times the normal distribution's function left of -2."""
    pieces = (
        (x < -6, lambda x: divide(quick_sum(*series.MILLS_RATIO_FAR.parts(1 / (x * x))), (-x, 0.0))),
        ((x >= -6) & (x < -3.5), lambda x: quick_sum(*series.MILLS_RATIO_1.parts(x))),
        (x >= -3.5, lambda x: quick_sum(*series.MILLS_RATIO_0.parts(x))),
    )
    if not x.ndim:
        return next(formula(x) for here, formula in pieces if here)
    large, small = np.empty_like(x), np.empty_like(x)
    for here, formula in pieces:
        if here.any():
            large[here], small[here] = formula(x[here])
    return large, small


def times_gauss(x: Any, factor: Pair) -> Any:
    """e^(-x²/2) times a factor, which may be the reason why the product is no smaller."""
    out = _gauss(x, 0.5, factor)
    far = abs(x) > 37.6
    if not x.ndim:
        if far:
            half = _gauss(x, 0.25)
            out = half * (half * factor[0])
    elif far.any():
        half = _gauss(x[far], 0.25)
        out[far] = half * (half * factor[0][far])
    return out


_ndtr = piecewise(
    (lambda x: x < -60, np.zeros_like),
    (lambda x: x < -2, alone(lambda x: times_gauss(x, mills_pair(x)))),
    (lambda x: x < -1.5, series.NDTR_2),
    (lambda x: x < -1, series.NDTR_1),
    (lambda x: x < -0.375, series.NDTR_0),
    (lambda x: x < 9, alone(lambda x: 0.5 + 0.5 * _erf(x * _SQRT_HALF))),
    (lambda x: x > 0, np.ones_like),
)


@in_single
def ndtr(x: Any) -> Any:
    """The normal distribution's function."""
    return special().ndtr(x) if x.dtype.itemsize < 8 else _ndtr(x)


#: Its logarithm.
log_ndtr = piecewise(
    (lambda x: x < -1, lambda x: np.log(_erfcx(x * -_SQRT_HALF) * 0.5) - x * x * 0.5),
    (lambda x: x < -0.5, series.LOG_NDTR_0),
    (lambda x: x < 0, series.LOG_NDTR_1),
    (lambda x: x < 0.75, series.LOG_NDTR_2),
    (lambda x: x < 1.25, series.LOG_NDTR_3),
    (lambda x: x < 1.625, series.LOG_NDTR_4),
    (lambda x: x < 2, series.LOG_NDTR_5),
    (lambda x: x > 0, lambda x: np.log1p(-_ndtr(-x))),
)


def _hazard_right(x: Any) -> Any:
    density = normal_density(x)
    return density + density * (_ndtr(-x) / _ndtr(x))


#: The derivative of that: density over distribution.
log_ndtr_slope = piecewise(
    (lambda x: x < -6, lambda x: -x * series.HAZARD_FAR(1 / (x * x))),
    (lambda x: x < -4, series.HAZARD_0),
    (lambda x: x < -2, series.HAZARD_1),
    (lambda x: x < -1, series.HAZARD_2),
    (lambda x: x < 0, series.HAZARD_3),
    (lambda x: x < 0.75, series.HAZARD_4),
    (lambda x: x < 1.25, series.HAZARD_5),
    (lambda x: x < 1.625, series.HAZARD_6),
    (lambda x: x < 2, series.HAZARD_7),
    (lambda x: x > 0, lambda x: _hazard_right(x)),
)


def ndtri(x: Any) -> Any:
    """The inverse of the normal distribution's function."""
    return special().ndtri(x) if x.dtype.itemsize < 8 else _ndtri(x)


#: Up to which of these depths -log x which of the series serves.
_DEPTHS = (2.0, 3.0, 5.0, 9.0, 18.0, 36.0, 72.0, 144.0, 288.0, 576.0, 750.0)


def _by_depth(name: str) -> Any:
    pieces = [(d, getattr(quantile_series, f"{name}_{i}")) for i, d in enumerate(_DEPTHS)]
    return piecewise(*((lambda depth, d=d: depth < d, formula) for d, formula in pieces))


_ndtri_deep, _ndtri_steep = _by_depth("NDTRI"), _by_depth("NDTRI_STEEP")


def _middle(x: Any) -> Any:
    return np.abs(x - 0.5) < 0.22


_ndtri = piecewise(
    (_middle, lambda x: (x - 0.5) * quantile_series.NDTRI_NEAR((x - 0.5) ** 2)),
    (lambda x: (x < 0) | (x > 1), lambda x: np.full_like(x, np.nan)),
    (lambda x: (x == 0) | (x == 1), lambda x: np.where(x == 0, -np.inf, np.inf)),
    (lambda x: x < 0.5, lambda x: _ndtri_deep(-np.log(x))),
    (lambda x: x > 0.5, lambda x: -_ndtri_deep(-np.log(1 - x))),
)
_ndtri_slope = piecewise(
    (_middle, lambda x: quantile_series.NDTRI_SLOPE_NEAR((x - 0.5) ** 2)),
    (lambda x: (x <= 0) | (x >= 1), lambda x: np.full_like(x, np.inf)),
    (lambda x: x < 0.5, lambda x: _ndtri_steep(-np.log(x)) / x),
    (lambda x: x > 0.5, lambda x: _ndtri_steep(-np.log(1 - x)) / (1 - x)),
)


def ndtri_slope(out: Any, array: Any = None) -> Any:
    """Its derivative √(2π) e^(out²/2), in float64 of the argument's array where that is what the result belongs to."""
    plain = math.sqrt(2 * math.pi) * grown_gauss(out)
    # What a rounded result says of itself is off by its square.
    return plain if array is None else believed(plain, _ndtri_slope(array), 1e-15 * (1 + out * out) * plain)[()]


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
