"""Orthogonal polynomials by their recurrences; the degree is cut to an integer, below 0 the polynomial is 0.

Each member is (ax + b) times the one before it, less c times the one before that, over d; climbed in pairs of floats,
since near a root everything but rounding errors cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels.layout import laid_like
from autodiff._kernels.pairs import Pair, add, divide, multiply, two_product, two_sum

#: a, b, c, d of the step to degree k.
Step = Callable[[int], tuple[float, float, float, float]]
#: A polynomial of x and an array of degrees.
Closed = Callable[[Any, Any], Any]
#: From this degree on a closed form serves instead, where there is one: climbing costs a step a degree.
_HIGH = 512
#: What two terms are scaled by, so that they do not overflow where their difference is a number.
_FAR = 2.0**-40


def polynomial(first: tuple[float, float], step: Step, closed: Closed | None = None) -> Callable[..., Any]:
    """The kernel of a family: its member of degree 1 as (a, b), the later steps, and a closed form for |x| < 1."""
    return _kernel(first, step, closed, lambda x: (x, np.zeros_like(x)))


def shifted(first: tuple[float, float], step: Step, closed: Closed | None = None) -> Callable[..., Any]:
    """The same on 0..1 instead of -1..1."""
    return _kernel(first, step, closed, lambda x: two_sum(2 * x, -1.0))


def _kernel(
    first: tuple[float, float], step: Step, closed: Closed | None, place: Callable[[Any], Pair]
) -> Callable[..., Any]:
    def kernel(x: Any, n: Any) -> Any:
        operands = x, n
        kind = np.result_type(*(a.dtype for a in (x, n) if isinstance(a, (np.ndarray, np.generic))))
        x, n = np.broadcast_arrays(np.asarray(x, np.float64), _degrees(n))
        at = place(x)
        inside = (np.abs(at[0]) < 1) & (n > _HIGH) if closed is not None else np.zeros(x.shape, bool)
        out = _climbed(at, np.where(inside, -1, n), lambda k: (*first, 0.0, 1.0) if k == 1 else step(k))
        if inside.any() and closed is not None:
            out = np.where(inside, closed(np.where(inside, at[0], 0), n), out)
        return laid_like(out.astype(kind), *operands)

    return kernel


def _degrees(n: Any) -> Any:
    """Degrees as integers; nan and what lies below 0 as -1."""
    n = np.asarray(n)
    return np.where(n > -1, np.trunc(np.minimum(n, 2.0**62)), -1).astype(np.int64)


def _climbed(x: Pair, n: Any, step: Step) -> Any:
    zero = np.zeros_like(x[0])
    below, here = (zero, zero), (zero + 1, zero)
    # Alongside in plain floats, for what overflows when it is split.
    below_plain, plain = zero, zero + 1
    out = np.where(n == 0, 1.0, 0.0)
    for k in range(1, int(n.max(initial=0)) + 1):
        a, b, c, d = step(k)
        slope = multiply((a, 0.0), x) if a != 1 else x
        slope = add(slope, (b, 0.0)) if b else slope
        below, here = here, add(multiply(slope, here), _scaled(below, -c))
        steep = a * x[0] + b
        # Divided first: only the quotient has to be in range.
        grown = (steep * (plain * _FAR) - c * (below_plain * _FAR)) / d / _FAR
        # What has overflown grows on.
        below_plain, plain = plain, np.where(np.isinf(plain), steep * plain, grown)
        if d != 1:
            here = divide(here, d)
        out = np.where(n == k, np.where(np.isfinite(here[0]), here[0], plain), out)
        later = n > k
        if not np.isfinite(plain[later]).any():
            # Only signs still change: with every step, where the slope is negative.
            turned = (steep < 0) & ((n - k) % 2 == 1)
            return np.where(later, np.where(turned, -plain, plain), out)
    return out


def _scaled(a: Pair, factor: float) -> Pair:
    high, low = two_product(a[0], factor)
    return high, low + a[1] * factor


def _cosine(x: Any, n: Any) -> Any:
    return np.cos(n * np.arccos(x))


def _sines(x: Any, n: Any) -> Any:
    return np.sin((n + 1) * np.arccos(x)) / np.sqrt((1 - x) * (1 + x))


def _half_cosines(x: Any, n: Any) -> Any:
    half = np.arccos(x) / 2
    return np.cos((2 * n + 1) * half) / np.cos(half)


def _half_sines(x: Any, n: Any) -> Any:
    half = np.arccos(x) / 2
    return np.sin((2 * n + 1) * half) / np.sin(half)


def _twice(k: int) -> tuple[float, float, float, float]:
    return 2, 0, 1, 1


_CHEBYSHEV: dict[str, tuple[tuple[float, float], Step, Closed]] = {
    "t": ((1, 0), _twice, _cosine),
    "u": ((2, 0), _twice, _sines),
    "v": ((2, -1), _twice, _half_cosines),
    "w": ((2, 1), _twice, _half_sines),
}
#: The kernel by torch's name.
KERNELS = {
    **{f"chebyshev_polynomial_{kind}": polynomial(*row) for kind, row in _CHEBYSHEV.items()},
    **{f"shifted_chebyshev_polynomial_{kind}": shifted(*row) for kind, row in _CHEBYSHEV.items()},
    "hermite_polynomial_h": polynomial((2, 0), lambda k: (2, 0, 2 * (k - 1), 1)),
    "hermite_polynomial_he": polynomial((1, 0), lambda k: (1, 0, k - 1, 1)),
    "laguerre_polynomial_l": polynomial((-1, 1), lambda k: (-1, 2 * k - 1, k - 1, k)),
    "legendre_polynomial_p": polynomial((1, 0), lambda k: (2 * k - 1, 0, k - 1, k)),
}
