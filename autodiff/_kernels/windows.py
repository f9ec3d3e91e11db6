"""Window functions in float64: n points of the symmetric window, n at least 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels import scipy_special


def raised_cosine(alpha: float, beta: float) -> Callable[[int], Any]:
    return lambda n: alpha - beta * np.cos(2 * np.pi * np.arange(n) / (n - 1))


def blackman(n: int) -> Any:
    angle = 2 * np.pi * np.arange(n) / (n - 1)
    return 0.08 * np.cos(2 * angle) - 0.5 * np.cos(angle) + 0.42


def triangle(n: int) -> Any:
    return 1 - np.abs(2 * np.arange(n) / (n - 1) - 1)


def kaiser(beta: float) -> Callable[[int], Any]:
    def shape(n: int) -> Any:
        place = 2 * np.arange(n) / (n - 1) - 1
        i0 = scipy_special.special().i0
        return i0(beta * np.sqrt(1 - place * place)) / i0(np.float64(beta))

    return shape
