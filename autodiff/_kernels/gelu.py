"""gelu and its slope, exactly and by tanh, in float64: nothing is lost in the tail, nor at the slope's root."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels import activation_series as series
from autodiff._kernels.error_functions import OVER_ROOT, mills_pair, ndtr, normal_density, times_gauss
from autodiff._kernels.pieces import Piece, alone, by_root, piecewise
from autodiff._kernels.twofold import Pair, add, grown, multiply, quick_sum, two_product

#: x times the normal distribution's function.
gelu = piecewise(
    (lambda x: x < -60, lambda x: 0 * x),
    (lambda x: x < -2, alone(lambda x: times_gauss(x, multiply((x, 0.0), mills_pair(x))))),
    (lambda x: x < -1.25, series.GELU_0),
    (lambda x: x < -0.375, series.GELU_1),
    (lambda x: x == x, alone(lambda x: x * ndtr(x))),
)


def _far_slope(x: Any) -> Any:
    return times_gauss(x, add(multiply((x, 0.0), OVER_ROOT), mills_pair(x)))


# As torch's both slopes are nan at infinity.
_AT_INFINITY: Piece = (np.isinf, lambda x: np.full_like(x, np.nan))
gelu_slope = piecewise(
    _AT_INFINITY,
    (lambda x: x < -60, np.zeros_like),
    (lambda x: x < -2, alone(_far_slope)),
    (lambda x: x < -1, series.GELU_LEFT),
    (lambda x: x < -0.5, by_root(series.GELU_ROOT, series.GELU_BY_ROOT)),
    (lambda x: x < -0.25, series.GELU_RIGHT_0),
    (lambda x: x <= 0, series.GELU_RIGHT_1),
    (lambda x: x > 60, np.ones_like),
    (lambda x: x > 0, alone(lambda x: ndtr(x) + x * normal_density(x))),
)

# -- the approximation x (1 + tanh u) / 2: x times the logistic function of w = 2u = √(8/π) (x + 0.044715 x³) ----------

#: √(8/π), 0.044715 times and three times that, in two parts.
_ROOT = (1.5957691216057308, -9.96930880911092e-17)
_CUBIC = (0.07135481627260025, -6.175149918155315e-19)
_SLOPE = (0.21406444881780073, 1.2025242832367862e-17)


def _w(x: Any) -> Pair:
    square = two_product(x, x)
    return multiply((x, 0.0), add(_ROOT, multiply(_CUBIC, square)))


def _x_times_slope(x: Any) -> Pair:
    square = two_product(x, x)
    return multiply((x, 0.0), add(_ROOT, multiply(_SLOPE, square)))


def _by_tanh(x: Any) -> Any:
    """x / (1 + e^-w), whose sum is exact."""
    w, rest = _w(x)
    e = np.exp(-w)
    below = 1 + e
    # Of the larger term nothing is lost in the sum.
    lost = np.where(e < 1, e - (below - 1), 1 - (below - e))
    out = x / below
    return out - out * ((lost - e * rest) / below)


def _by_tanh_tail(x: Any) -> Any:
    w, rest = _w(x)
    half = np.exp(w / 2)
    return x * half * half * (1 + rest)


gelu_by_tanh = piecewise(
    (lambda x: x < -40, lambda x: 0 * x),
    (lambda x: x < -20.9, alone(_by_tanh_tail)),
    (lambda x: x > 40, lambda x: +x),
    (lambda x: x == x, alone(_by_tanh)),
)


def _slope_left(x: Any) -> Any:
    """e (1 + e + x w') / (1 + e)², by e = e^w."""
    w, rest = _w(x)
    e = np.exp(w)
    off = e * (2 + e) / ((1 + e) * (1 + e))
    head, tail = add(add((1.0, 0.0), (e, e * rest)), _x_times_slope(x))
    return grown(e, quick_sum(head, tail - head * off), rest)


def _slope_tail(x: Any) -> Any:
    w, rest = _w(x)
    half = np.exp(w / 2)
    return (1 + _x_times_slope(x)[0]) * half * half * (1 + rest)


def _slope_right(x: Any) -> Any:
    """What it is short of 1 it has too much at -x."""
    return 1 - gelu_by_tanh_slope(-x)


gelu_by_tanh_slope = piecewise(
    _AT_INFINITY,
    (lambda x: x < -40, np.zeros_like),
    (lambda x: x < -20.9, alone(_slope_tail)),
    (lambda x: x < -2, alone(_slope_left)),
    (lambda x: x < -1, series.GELU_BY_TANH_LEFT),
    (lambda x: x < -0.5, by_root(series.GELU_BY_TANH_ROOT, series.GELU_BY_TANH_BY_ROOT)),
    (lambda x: x < -0.25, series.GELU_BY_TANH_RIGHT_0),
    (lambda x: x <= 0, series.GELU_BY_TANH_RIGHT_1),
    (lambda x: x > 40, np.ones_like),
    (lambda x: x > 0, alone(_slope_right)),
)
