"""Functions that are put together: one formula a region, and Chebyshev series where no formula is good enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Piece = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def piecewise(*pieces: Piece) -> Callable[[Any], Any]:
    """The function that is, where a condition is the first to hold, what stands beside it; nan stays nan.

    Each formula sees its own elements only, in float64; the result has the argument's dtype.
    """

    def kernel(x: Any) -> Any:
        wide = np.asarray(x, np.float64)
        out = wide.copy()
        left = ~np.isnan(wide)
        for condition, formula in pieces:
            here = left & condition(wide)
            if here.any():
                out[here] = formula(wide[here])
            left &= ~here
        return out.astype(x.dtype)[()]

    return kernel


def chebyshev(low: float, high: float, coefficients: Sequence[float]) -> Callable[[Any], Any]:
    """The sum of c_k T_k(t) by Clenshaw's recurrence, where t runs from -1 to 1 as x does from low to high."""
    middle, half = (low + high) / 2, (high - low) / 2
    first, *rest = coefficients
    rest.reverse()

    def series(x: Any) -> Any:
        t = (x - middle) / half
        here, before = np.zeros_like(t), np.zeros_like(t)
        for c in rest:
            here, before = 2 * t * here - before + c, here
        return t * here - before + first

    return series
