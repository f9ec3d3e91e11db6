"""Orthogonal polynomials by their recurrences; the degree is cut to an integer, below 0 the polynomial is 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: The next polynomial from x, its degree k and the two before it.
Recurrence = Callable[[Any, int, Any, Any], Any]
#: A polynomial of x and an array of degrees.
Closed = Callable[[Any, Any], Any]


def polynomial(first: Callable[[Any], Any], following: Recurrence, closed: Closed | None = None) -> Callable[..., Any]:
    """The kernel of a family: its member of degree 1, the recurrence, and a closed form for |x| < 1 if it has one."""

    def kernel(x: Any, n: Any) -> Any:
        kind = np.result_type(*(a.dtype for a in (x, n) if isinstance(a, (np.ndarray, np.generic))))
        x, n = np.broadcast_arrays(np.asarray(x, np.float64), _degrees(n))
        out = _climbed(x, n, first, following)
        if closed is not None:
            inside = (np.abs(x) < 1) & (n > _EXACT)
            out = np.where(inside, closed(np.where(inside, x, 0), n), out)
        return out.astype(kind)

    return kernel


#: Up to this degree the recurrence loses nothing to the closed form.
_EXACT = 6


def _degrees(n: Any) -> Any:
    """Degrees as integers; nan and what lies below 0 as -1."""
    n = np.asarray(n)
    if n.dtype.kind != "f":
        return np.maximum(n, -1).astype(np.int64)
    return np.where(n > -1, np.trunc(np.minimum(n, 2.0**62)), -1).astype(np.int64)


def _climbed(x: Any, n: Any, first: Callable[[Any], Any], following: Recurrence) -> Any:
    below, here = np.ones(x.shape), first(x)
    out = np.where(n == 1, here, np.where(n == 0, 1.0, 0.0))
    for k in range(2, int(n.max(initial=0)) + 1):
        below, here = here, following(x, k, here, below)
        out = np.where(n == k, here, out)
        if not np.isfinite(here).any():
            return np.where(n > k, here, out)
    return out


def _twice(x: Any, k: int, here: Any, below: Any) -> Any:
    return 2 * x * here - below


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


def shifted(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The same on 0..1 instead of -1..1."""

    def moved(x: Any, n: Any) -> Any:
        kind = np.result_type(*(a.dtype for a in (x, n) if isinstance(a, (np.ndarray, np.generic))))
        return kernel(2 * np.asarray(x, np.float64) - 1, n).astype(kind)

    return moved


chebyshev_t = polynomial(lambda x: x, _twice, _cosine)
chebyshev_u = polynomial(lambda x: 2 * x, _twice, _sines)
chebyshev_v = polynomial(lambda x: 2 * x - 1, _twice, _half_cosines)
chebyshev_w = polynomial(lambda x: 2 * x + 1, _twice, _half_sines)
hermite_h = polynomial(lambda x: 2 * x, lambda x, k, here, below: 2 * (x * here - (k - 1) * below))
hermite_he = polynomial(lambda x: x, lambda x, k, here, below: x * here - (k - 1) * below)
laguerre_l = polynomial(lambda x: 1 - x, lambda x, k, here, below: ((2 * k - 1 - x) * here - (k - 1) * below) / k)
legendre_p = polynomial(lambda x: x, lambda x, k, here, below: ((2 * k - 1) * x * here - (k - 1) * below) / k)
