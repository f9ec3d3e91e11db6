"""The gamma function's relatives, element by element: SciPy's kernels with torch's answers at poles and infinities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.elementary import in_single
from autodiff._kernels.scipy_special import special


@in_single
def lgamma(x: Any) -> Any:
    """log |gamma(x)|, infinite at both ends."""
    return np.where(x == -np.inf, np.inf, special().gammaln(x)).astype(x.dtype)


@in_single
def digamma(x: Any) -> Any:
    return special().digamma(x)


@in_single
def polygamma(x: Any, n: int) -> Any:
    """The nth derivative of digamma."""
    if n == 0:
        return special().digamma(x)
    if n == 1:
        return _trigamma(x)
    wide = x.astype(np.float64)
    return ((-1) ** (n + 1) * math.factorial(n) * special().zeta(n + 1.0, wide)).astype(x.dtype)


def _trigamma(x: Any) -> Any:
    """By reflection on the left side, where the series of zeta ends at poles."""
    left = x <= 0
    zeta = special().zeta(2.0, np.where(left, 1 - x, x).astype(np.float64))
    turns = np.pi / np.sin(np.pi * (x - np.round(x)).astype(np.float64))
    return np.where(left, turns * turns - zeta, zeta).astype(x.dtype)


def zeta(x: Any, q: Any) -> Any:
    """Hurwitz's zeta function, the sum of (k + q)^-x."""
    return special().zeta(x, q)


def igamma(a: Any, x: Any) -> Any:
    """The lower incomplete gamma function over gamma(a)."""
    return _incomplete("gammainc", a, x, 0.0)


def igammac(a: Any, x: Any) -> Any:
    """The upper one."""
    return _incomplete("gammaincc", a, x, 1.0)


def _incomplete(name: str, a: Any, x: Any, start: float) -> Any:
    """As torch has it, an end of either range settles the value before nan is asked for in the other."""
    kind = a.dtype
    if kind.char == "e":
        a, x = a.astype(np.float32), x.astype(np.float32)
    found = getattr(special(), name)(a, x)
    found = np.where((x == np.inf) & np.isnan(a), 1 - start, found)
    found = np.where(((x == 0) & np.isnan(a)) | ((a == np.inf) & np.isnan(x)), start, found)
    return found.astype(kind)
