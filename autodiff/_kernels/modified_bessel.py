"""Bessel's modified functions of orders 0 and 1, scaled and not, and their derivatives, element by element in float64.

Near 0 by powers of x², further out by e^x or e^-x times a series whose constant has two parts, so that the product is
rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff._kernels import modified_series as series
from autodiff._kernels.pieces import Piece, Series, by_root, piecewise
from autodiff._kernels.twofold import Pair, divide, grown, quick_sum, two_product

Kernel = Callable[[Any], Any]

#: Where e^x is infinite sooner than what it is multiplied with is small.
_STEEP = 680.0


def even(*pieces: Piece) -> Kernel:
    """The function of |x| that is piecewise these."""
    right = piecewise(*pieces)
    return lambda x: right(np.abs(x))


def odd(*pieces: Piece) -> Kernel:
    """That with the sign of x; as in torch 0 where x is -0."""
    right = piecewise(*pieces)

    def kernel(x: Any) -> Any:
        y = right(np.abs(x))
        return np.where(x < 0, -y, y)[()]

    return kernel


def _far(formula: Series, power: int = 1) -> Callable[[Any], Pair]:
    """A series in 1 / x over the square root of x, or of a power of it, in two parts."""

    def pair(x: Any) -> Pair:
        return divide(quick_sum(*formula.parts(1 / x)), _root(x, power))

    return pair


def _root(x: Any, power: int) -> Pair:
    """√x or √x³ in two parts."""
    root = np.sqrt(x)
    square, rest = two_product(root, root)
    below = ((x - square) - rest) / (2 * root)
    if power == 1:
        return root, below
    product, more = two_product(root, x)
    return quick_sum(product, more + below * x)


def _near(formula: Series) -> Callable[[Any], Pair]:
    return lambda x: quick_sum(*formula.parts(x))


def _scaled(pair: Callable[[Any], Pair]) -> Kernel:
    return lambda x: pair(x)[0]


def _times_exp(pair: Callable[[Any], Pair], sign: float = 1.0) -> Kernel:
    """e^x times a pair, or e^-x."""

    def formula(x: Any) -> Any:
        steep = x > (_STEEP if sign > 0 else 705)
        out = grown(np.exp(np.where(steep, 0.0, x) * sign), pair(x), 0.0)
        if steep.any():
            half = np.exp(x[steep] * (sign / 2))
            out[steep] = half * (half * pair(x[steep])[0])
        return out

    return formula


def _far_out(pair: Callable[[Any], Pair]) -> Kernel:
    """A constant over √x³, where that overflows."""
    return lambda x: pair(x * 2.0**-400)[0] * 2.0**-600


def _infinite(value: float) -> Piece:
    return (lambda x: x == np.inf, lambda x: np.full_like(x, value))


i0 = even(
    _infinite(np.inf),
    (lambda x: x < 2, lambda x: series.I0_NEAR(x * x)),
    (lambda x: x < 4, _times_exp(_near(series.I0E_2))),
    (lambda x: x < 8, _times_exp(_near(series.I0E_3))),
    (lambda x: x >= 8, _times_exp(_far(series.I0E_FAR))),
)
i1 = odd(
    _infinite(np.inf),
    # A little more than half of the smallest number there is: rounded that is the whole.
    (lambda x: x == 5e-324, lambda x: +x),
    (lambda x: x < 2, lambda x: x * series.I1_NEAR(x * x)),
    (lambda x: x < 4, _times_exp(_near(series.I1E_2))),
    (lambda x: x < 8, _times_exp(_near(series.I1E_3))),
    (lambda x: x >= 8, _times_exp(_far(series.I1E_FAR))),
)
i1_slope = even(
    _infinite(np.inf),
    (lambda x: x < 2, lambda x: series.I1_SLOPE_NEAR(x * x)),
    (lambda x: x < 4, _times_exp(_near(series.I1_SLOPE_2))),
    (lambda x: x < 8, _times_exp(_near(series.I1_SLOPE_3))),
    (lambda x: x >= 8, _times_exp(_far(series.I1_SLOPE_FAR))),
)
i0e = even(
    _infinite(0.0),
    (lambda x: x < 1, series.I0E_0),
    (lambda x: x < 2, series.I0E_1),
    (lambda x: x < 4, series.I0E_2),
    (lambda x: x < 8, series.I0E_3),
    (lambda x: x >= 8, _scaled(_far(series.I0E_FAR))),
)
i1e = odd(
    _infinite(0.0),
    (lambda x: x < 1, lambda x: x * series.I1E_0(x)),
    (lambda x: x < 2, series.I1E_1),
    (lambda x: x < 4, series.I1E_2),
    (lambda x: x < 8, series.I1E_3),
    (lambda x: x >= 8, _scaled(_far(series.I1E_FAR))),
)
_i0e_fall = piecewise(
    _infinite(0.0),
    (lambda x: x < 0.5, series.I0E_FALL_0),
    (lambda x: x < 1, series.I0E_FALL_1),
    (lambda x: x < 2, series.I0E_FALL_2),
    (lambda x: x < 4, series.I0E_FALL_3),
    (lambda x: x < 8, series.I0E_FALL_4),
    (lambda x: x < 1e150, _scaled(_far(series.I0E_FALL_FAR, 3))),
    (lambda x: x > 0, _far_out(_far(series.I0E_FALL_FAR, 3))),
)


def i0e_slope(x: Any) -> Any:
    """The derivative of e^-|x| I0(x), by torch's choice 0 at 0."""
    return -np.sign(x) * _i0e_fall(np.abs(x))


i1e_slope = even(
    _infinite(0.0),
    (lambda x: x < 0.5, series.I1E_SLOPE_0),
    (lambda x: x < 1, series.I1E_SLOPE_1),
    (lambda x: x < 1.25, series.I1E_SLOPE_2),
    (lambda x: x < 2, by_root(series.I1E_ROOT, series.I1E_BY_ROOT)),
    (lambda x: x < 2.5, series.I1E_SLOPE_3),
    (lambda x: x < 4, series.I1E_SLOPE_4),
    (lambda x: x < 8, series.I1E_SLOPE_5),
    (lambda x: x < 1e150, _scaled(_far(series.I1E_SLOPE_FAR, 3))),
    (lambda x: x > 0, _far_out(_far(series.I1E_SLOPE_FAR, 3))),
)


def _k0_near(x: Any) -> Any:
    """-log x, and what else there is."""
    depth, square = -np.log(x), x * x
    return depth + (series.K0_NEAR(square) + depth * square * series.I0_REST(square))


def _k1_near(x: Any) -> Any:
    """1 / x, and what else there is."""
    return 1 / x + x * (series.K1_NEAR(x * x) + np.log(x) * series.I1_NEAR(x * x))


def _grown(x: Any, value: Any) -> Any:
    """e^x times a value, for small x."""
    return value + value * np.expm1(x)


_OUTSIDE: tuple[Piece, ...] = (
    (lambda x: x < 0, lambda x: np.full_like(x, np.nan)),
    (lambda x: x == 0, lambda x: np.full_like(x, np.inf)),
    _infinite(0.0),
)


def _up_to(bounds: Sequence[float], formulas: Sequence[Any]) -> list[Piece]:
    """Each formula up to its bound."""
    return [(lambda x, bound=bound: x < bound, formula) for bound, formula in zip(bounds, formulas)]


def _second_kind(near: Any, middle: Sequence[Any], beyond: Sequence[Any], far: Any) -> Any:
    """A function K of x > 0: apart from its pole near 0, by itself, and as e^-x times what that leaves."""
    return piecewise(
        *_OUTSIDE,
        *_up_to((0.5, 1, 1.5, 2), (near, *middle)),
        *_up_to((4, 8, 16), [_times_exp(_near(part), -1) for part in beyond]),
        (lambda x: x >= 16, _times_exp(_far(far), -1)),
    )


def _second_kind_scaled(near: Any, left: Sequence[Any], beyond: Sequence[Any], far: Any) -> Any:
    """e^x times that."""
    return piecewise(
        *_OUTSIDE,
        (lambda x: x < 0.0625, lambda x: _grown(x, near(x))),
        *_up_to((0.125, 0.25, 0.5, 1, 2), left),
        *_up_to((4, 8, 16), beyond),
        (lambda x: x >= 16, _scaled(_far(far))),
    )


_K0E, _K1E = (series.K0E_2, series.K0E_3, series.K0E_4), (series.K1E_2, series.K1E_3, series.K1E_4)
_K0E_LEFT = (series.K0E_LEFT_0, series.K0E_LEFT_1, series.K0E_LEFT_2, series.K0E_0, series.K0E_1)
_K1E_LEFT = (series.K1E_LEFT_0, series.K1E_LEFT_1, series.K1E_LEFT_2, series.K1E_0, series.K1E_1)
k0 = _second_kind(_k0_near, (series.K0_0, series.K0_1, series.K0_2), _K0E, series.K0E_FAR)
k1 = _second_kind(_k1_near, (series.K1_0, series.K1_1, series.K1_2), _K1E, series.K1E_FAR)
k0e = _second_kind_scaled(_k0_near, _K0E_LEFT, _K0E, series.K0E_FAR)
k1e = _second_kind_scaled(_k1_near, _K1E_LEFT, _K1E, series.K1E_FAR)
