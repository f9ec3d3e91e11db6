"""Window functions in float64: n points of the symmetric window, n at least 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def raised_cosine(alpha: float, beta: float) -> Callable[[int], Any]:
    return lambda n: alpha - beta * np.cos(2 * np.pi * np.arange(n) / (n - 1))


def blackman(n: int) -> Any:
    angle = 2 * np.pi * np.arange(n) / (n - 1)
    return 0.08 * np.cos(2 * angle) - 0.5 * np.cos(angle) + 0.42


def triangle(n: int) -> Any:
    return 1 - np.abs(2 * np.arange(n) / (n - 1) - 1)


def kaiser(beta: float) -> Callable[[int], Any]:
    """Of the squared argument, which is a ratio of integers: I0 multiplies what its argument is off by beta."""

    def shape(n: int) -> Any:
        square = np.longdouble(beta) ** 2
        place = np.arange(n, dtype=np.longdouble)
        inside = square * (place * (n - 1 - place)) / np.longdouble(n - 1) ** 2
        return (_i0_of_root(4 * inside) / _i0_of_root(square)).astype(np.float64)

    return shape


def _i0_of_root(square: Any) -> Any:
    """I0 of the root of `square` by its power series, whose terms are all positive."""
    total, term, n = np.ones_like(square), np.ones_like(square), 0
    while np.any(term > total * _LAST):
        n += 1
        term = term * square / (4 * n * n)
        total = total + term
    return total


#: The share of the sum from which on terms no longer count.
_LAST = 1e-22
