"""sin(πx) / πx and its derivatives: a spherical Bessel function, and in float64 no more than an ulp or two off."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.pieces import chebyshev
from autodiff._kernels.twofold import add, divide, multiply
from autodiff._kernels.twofold_functions import PI, sine_and_cosine

#: The slope of sinc over x, by x².
_OVER_X = chebyshev(0.0, 0.25, (
    -2.9098246321373984, 0.37159795621353836, -0.00834829668279019, 9.656263922578849e-05, -6.827519734780793e-07,
    3.2602704154938287e-09, -1.1227069125483452e-11, 2.92099601005003e-14, -5.94541319924e-17, 9.72704175687719e-20,
))  # fmt: skip


def sinc(x: Any) -> Any:
    """sin(πx) / (πx), 1 at 0; π times a whole number is a root exactly."""
    if x.dtype.char != "d":
        return spherical(x, 0)
    # The roundings of both products with π are made good. Of the largest numbers, which are whole, nothing is asked.
    sign, turn, rest = _turned(x)
    below, more = multiply((np.where((np.abs(x) < 1e290) & (x != 0), x, 1), 0.0), PI)
    found = np.sin(turn) / below
    found = found + (rest * np.cos(turn) - found * more) / below
    return np.where(x == 0, 1, sign * found)[()]


def _turned(x: Any) -> tuple[Any, Any, Any]:
    """1 or -1, and in two parts the angle whose sine and cosine, times that, are those of πx."""
    whole = np.rint(x)
    return 1 - 2 * (whole % 2), *multiply((x - whole, 0.0), PI)


def sinc_slope(x: Any) -> Any:
    """The derivative of sinc, (cos πx - sinc x) / x."""
    if x.dtype.char != "d":
        return (-(np.pi**2) * (x * spherical(x, 1))).astype(x.dtype)
    x = np.asarray(x)
    near = np.abs(x) < 0.5
    far = np.where(near, 1, x)
    sign, turn, rest = _turned(far)
    cosine, share = sign * np.cos(turn), sinc(far)
    above = add((cosine, 0.0), (-share, -sign * rest * np.sin(turn)))
    # Of the largest numbers, which are whole, all digits are right without.
    found = np.where(np.abs(far) < 1e290, divide(above, (far, 0.0))[0], above[0] / far)
    # Where one term takes digits from the other, both have twice as many.
    close = np.abs(cosine - share) < 0.8 * np.abs(cosine) + 2 * np.abs(share)
    if (at := far[close]).size:
        sine, turned = sine_and_cosine(at - np.rint(at))
        share = divide(sine, multiply((at, 0.0), PI))
        found[close] = sign[close] * add(turned, (-share[0], -share[1]))[0] / at
    return np.where(near, x * _OVER_X(np.where(near, x * x, 0)), found)[()]


def spherical(x: Any, order: int) -> Any:
    """j(πx) / (πx)**order of the spherical Bessel function j of this order, which is even and smooth.

    Near 0 by its power series, elsewhere by the recurrence upwards in the order (DLMF 10.53.1 and 10.51.1).
    """
    x = np.asarray(x)
    wide = np.asarray(x, np.complex128 if x.dtype.kind == "c" else np.float64)
    z = wide * np.pi
    near = np.abs(z) < order + 1
    far = np.where(z == 0 if order == 0 else near, 1, z)
    whole = np.rint(wide.real)
    sign = 1 - 2 * (whole % 2)
    turn = (wide - whole) * np.pi
    below, found = sign * np.cos(turn), sign * np.sin(turn) / far
    for n in range(order):
        below, found = found, ((2 * n + 1) * found - below) / far**2
    if order == 0:
        found = np.where(z == 0, 1, found)
    elif near.any():
        found = np.where(near, _series(np.where(near, z, 0), order), found)
    return found.astype(x.dtype)[()]


def _series(z: Any, order: int) -> Any:
    """The sum over k of (-z²/2)**k / (k! (2 order + 2k + 1)!!)."""
    term = np.full_like(z, 1 / math.prod(range(1, 2 * order + 2, 2)))
    total, step, k = term, -0.5 * z * z, 0
    while (np.abs(term) > 1e-18).any():
        k += 1
        term = term * step / (k * (2 * order + 2 * k + 1))
        total = total + term
    return total
