"""Logarithm, sine and cosine with twice the digits, by tables and short series: for where rounded ones would cancel.

The tables are worked out in decimal numbers when first asked for. Everything takes and gives arrays, or pairs of them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff._kernels.twofold import Pair, add, divide, multiply, quick_sum

_PI = "3.14159265358979323846264338327950288419716939937510582097494459"
_DIGITS = 50
#: Of a series so many terms, the first, need both parts; of sines and cosines, which run by squares, fewer.
_BOTH, _OF_SQUARES = 7, 4


def pair(x: Fraction | Decimal) -> tuple[float, float]:
    """A number in two parts."""
    exact = Fraction(x)
    head = float(exact)
    return head, float(exact - Fraction(head))


PI = pair(Decimal(_PI))


def polynomial(x: Pair, coefficients: Sequence[tuple[float, float]], both: int = _BOTH) -> Pair:
    """The sum of c_k x^k; x is small, and terms later than `both` need one part alone."""
    rest = np.zeros_like(x[0])
    for c in reversed(coefficients[both:]):
        rest = rest * x[0] + c[0]
    total: Pair = (rest, np.zeros_like(rest))
    for c in reversed(coefficients[:both]):
        total = add(multiply(total, x), c)
    return total


_LOG1P = [pair(Fraction((-1) ** n, n + 1)) for n in range(16)]
#: The logarithms of k / 128 for these k.
_FIRST, _LAST = 90, 182


#: A mantissa below it, about the root of 1/2, is taken twice.
_MIDDLE = 0.70703125


@functools.cache
def _logarithms() -> tuple[Any, Any, tuple[float, float]]:
    with localcontext() as context:
        context.prec = _DIGITS
        found = [pair((Decimal(k) / 128).ln()) for k in range(_FIRST, _LAST + 1)]
        return np.array([head for head, _ in found]), np.array([rest for _, rest in found]), pair(Decimal(2).ln())


def log(x: Pair) -> Pair:
    """The natural logarithm of a positive pair."""
    heads, rests, two = _logarithms()
    mantissa, power = np.frexp(x[0])
    low = mantissa < _MIDDLE
    mantissa, power = np.where(low, 2 * mantissa, mantissa), np.where(low, power - 1, power)
    place = np.rint(mantissa * 128)
    near = place / 128
    apart = quick_sum(mantissa - near, np.ldexp(x[1], -power))
    off = divide(apart, (near, np.zeros_like(near)))
    places = place.astype(np.intp) - _FIRST
    whole = multiply((power.astype(np.float64), 0.0), two)
    return add(add(whole, (heads[places], rests[places])), multiply(off, polynomial(off, _LOG1P)))


_SINE = [pair(Fraction((-1) ** n, _f)) for n, _f in enumerate([1, 6, 120, 5040, 362880, 39916800, 6227020800])]
_COSINE = [
    pair(Fraction((-1) ** n, _f)) for n, _f in enumerate([1, 2, 24, 720, 40320, 3628800, 479001600, 87178291200])
]


@functools.cache
def _turns() -> tuple[Any, Any, Any, Any]:
    """Sine and cosine of π k / 64 for k up to 32, each in two parts."""
    with localcontext() as context:
        context.prec = _DIGITS
        sines = []
        for k in range(33):
            x = Decimal(_PI) * k / 64
            term, total = x, x
            for n in range(1, 30):
                term *= -x * x / (2 * n * (2 * n + 1))
                total += term
            sines.append(pair(total))
    heads, rests = (np.array(part) for part in zip(*sines))
    # The sines of 0 and the cosine of a quarter turn are 0 exactly.
    return heads, rests, heads[::-1], rests[::-1]


def sine_and_cosine(t: Any) -> tuple[Pair, Pair]:
    """sin(πt) and cos(πt) for |t| <= 1/2."""
    sine, sine_rest, cosine, cosine_rest = _turns()
    place = np.rint(np.abs(t) * 64).astype(np.intp)
    angle = multiply((np.abs(t) - place / 64, 0.0), PI)
    square = multiply(angle, angle)
    s = multiply(angle, polynomial(square, _SINE, _OF_SQUARES))
    c = polynomial(square, _COSINE, _OF_SQUARES)
    at_sine, at_cosine = (sine[place], sine_rest[place]), (cosine[place], cosine_rest[place])
    whole = add(multiply(at_sine, c), multiply(at_cosine, s))
    other = add(multiply(at_cosine, c), negative(multiply(at_sine, s)))
    sign = np.copysign(1.0, t)
    return (sign * whole[0], sign * whole[1]), other


def negative(x: Pair) -> Pair:
    return -x[0], -x[1]
