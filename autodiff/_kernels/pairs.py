"""Numbers as unevaluated sums of two float64, twice as precise: for kernels in which a rounding would grow."""

from __future__ import annotations

from typing import Any

#: The sum and what rounding it lost.
Pair = tuple[Any, Any]
#: Splits 53 bits into halves whose products are exact.
_SPLITTER = 2.0**27 + 1


def two_sum(a: Any, b: Any) -> Pair:
    """a + b exactly."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


def two_product(a: Any, b: Any) -> Pair:
    """a * b exactly, unless it overflows."""
    p = a * b
    a_high, b_high = _high(a), _high(b)
    a_low, b_low = a - a_high, b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


def _high(a: Any) -> Any:
    c = _SPLITTER * a
    return c - (c - a)


def add(a: Pair, b: Pair) -> Pair:
    high, low = two_sum(a[0], b[0])
    return two_sum(high, low + (a[1] + b[1]))


def multiply(a: Pair, b: Pair) -> Pair:
    high, low = two_product(a[0], b[0])
    return two_sum(high, low + (a[0] * b[1] + a[1] * b[0]))


def divide(a: Pair, b: float) -> Pair:
    """By a plain number."""
    high = a[0] / b
    back, lost = two_product(high, b)
    return two_sum(high, ((a[0] - back) - lost + a[1]) / b)
