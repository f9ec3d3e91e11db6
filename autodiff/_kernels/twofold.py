"""Numbers of twice the digits: float64 pairs, a sum of a large and a small part. Knows no function.

For the few places where terms cancel. Everything works on arrays and on Python's floats (T. J. Dekker, A
floating-point technique for extending the available precision, 1971).
"""

from __future__ import annotations

from typing import Any

import numpy as np

Pair = tuple[Any, Any]

_SPLIT = 134217729.0  # 2**27 + 1


def two_sum(a: Any, b: Any) -> Pair:
    """a + b exactly."""
    s = a + b
    rest = s - a
    return s, (a - (s - rest)) + (b - rest)


def quick_sum(a: Any, b: Any) -> Pair:
    """a + b exactly, where a is the larger."""
    s = a + b
    return s, b - (s - a)


def two_product(a: Any, b: Any) -> Pair:
    """a * b exactly, below 1e300."""
    p = a * b
    c = _SPLIT * a
    a_head = c - (c - a)
    a_rest = a - a_head
    c = _SPLIT * b
    b_head = c - (c - b)
    b_rest = b - b_head
    return p, a_rest * b_rest - (((p - a_head * b_head) - a_rest * b_head) - a_head * b_rest)


def add(x: Pair, y: Pair) -> Pair:
    s, e = two_sum(x[0], y[0])
    t, f = two_sum(x[1], y[1])
    s, e = quick_sum(s, e + t)
    return quick_sum(s, e + f)


def multiply(x: Pair, y: Pair) -> Pair:
    p, e = two_product(x[0], y[0])
    return quick_sum(p, e + (x[0] * y[1] + x[1] * y[0]))


def divide(x: Pair, y: Pair) -> Pair:
    q = x[0] / y[0]
    p, e = two_product(q, y[0])
    rest = (((x[0] - p) - e) + x[1]) - q * y[1]
    return quick_sum(q, rest / y[0])


def grown(e: Any, factor: Pair, more: Any) -> Any:
    """e (1 + more) times a pair, with the last rounding alone; `more` is small."""
    p, rest = two_product(e, factor[0])
    # Among the smallest numbers there are no digits to make good.
    rest = np.where(np.abs(p) > 1e-280, rest, 0)
    return p + (rest + e * (factor[1] + factor[0] * more))
