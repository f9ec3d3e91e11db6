"""Functions that are put together: one formula a region, and Chebyshev series where no formula is good enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff._kernels.layout import in_rows, laid_like

Piece = tuple[Callable[[Any], Any], Callable[[Any], Any]]

#: Up to so many elements Python's own numbers are quicker than NumPy's.
FEW = 16
#: Elements that are computed at a time: a series goes over its share of them twice a term, in the cache.
_BLOCK = 1 << 15


def in_blocks(formula: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The kernel that applies a formula of a row of float64 to any array, block by block.

    The result has the argument's dtype and layout.
    """

    one = getattr(formula, "one", None)

    def kernel(x: Any) -> Any:
        if one is not None and x.size <= FEW and x.dtype.kind == "f":
            found = [one(v) for v in x.reshape(-1).tolist()]
            if not x.ndim:
                return x.dtype.type(found[0])
            out = np.array(found, x.dtype).reshape(x.shape)
            return out if x.flags.c_contiguous else laid_like(out, x)
        wide = np.asarray(x, np.float64)
        if not wide.flags.c_contiguous:
            return laid_like(kernel(in_rows(x)), x)
        if wide.size <= _BLOCK:
            return formula(wide.reshape(-1)).reshape(wide.shape).astype(x.dtype, copy=False)[()]
        flat = wide.reshape(-1)
        out = np.empty_like(flat)
        for start in range(0, flat.size, _BLOCK):
            out[start : start + _BLOCK] = formula(flat[start : start + _BLOCK])
        return out.reshape(wide.shape).astype(x.dtype, copy=False)

    return kernel


def piecewise(*pieces: Piece) -> Callable[[Any], Any]:
    """The function that is, where a condition is the first to hold, what stands beside it; nan stays nan.

    Each formula sees its own elements only, in float64; the result has the argument's dtype.
    """

    def together(x: Any) -> Any:
        left = x == x
        count = np.count_nonzero(left)
        out = None
        for condition, formula in pieces:
            if not count:
                break
            here = condition(x)
            here &= left
            found = np.count_nonzero(here)
            if found == x.size:
                return formula(x)
            if found:
                out = x.copy() if out is None else out
                places = here.nonzero()[0]
                out[places] = formula(x.take(places))
                left ^= here
                count -= found
        return x.copy() if out is None else out

    def one(x: float) -> Any:
        for condition, formula in pieces:
            if condition(x):
                return formula.one(x) if hasattr(formula, "one") else formula(np.array([x]))[0]
        return x

    together.one = one  # type: ignore[attr-defined]
    return in_blocks(together)


def alone(formula: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A formula that serves a single number as well as a row of them."""
    formula.one = lambda x: formula(np.float64(x))  # type: ignore[attr-defined]
    return formula


def by_root(root: tuple[float, float], quotient: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function near its root, which is given in two parts, so that the distance from there loses no digits."""

    def near(x: Any) -> Any:
        return ((x - root[0]) - root[1]) * quotient(x)

    near.one = near  # type: ignore[attr-defined]
    return near


class Series:
    """A polynomial in t, which runs from -1 to 1 as x does from low to high, by Horner's scheme."""

    def __init__(self, low: float, high: float, powers: Callable[[], tuple[list[float], float]]) -> None:
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        self._powers = powers
        self._coefficients: list[float] = []
        self._rest = 0.0

    def __call__(self, x: Any) -> Any:
        large, out = self.parts(x)
        out += large
        return out

    def one(self, x: float) -> float:
        """The same of a Python number."""
        large, out = self.parts(x)
        return large + out  # type: ignore[no-any-return]

    def parts(self, x: Any) -> tuple[float, Any]:
        """The constant, and what is added to it: small where the series hardly varies."""
        if not self._coefficients:
            self._coefficients, self._rest = self._powers()
        t = (x - self._middle) / self._half
        if isinstance(t, float):
            total, t = 0.0, float(t)
            for c in self._coefficients[:-1]:
                total = (total + c) * t
            return self._coefficients[-1], total + self._rest
        out = np.full_like(t, self._coefficients[0])
        out *= t
        for c in self._coefficients[1:-1]:
            out += c
            out *= t
        out += self._rest
        return self._coefficients[-1], out


def polynomial(low: float, high: float, rest: float, coefficients: Sequence[float]) -> Series:
    """The sum of c_k t^k; `rest` is what rounding took from c_0."""
    return Series(low, high, lambda: (list(reversed(coefficients)), rest))


def chebyshev(low: float, high: float, coefficients: Sequence[float]) -> Series:
    """The sum of c_k T_k(t)."""
    return Series(low, high, lambda: _in_powers(coefficients))


def _in_powers(coefficients: Sequence[float]) -> tuple[list[float], float]:
    """The same polynomial by the powers of t, the highest first, and what rounding took from the constant."""
    # In whole numbers, which lose nothing: multiples of the smallest float there is.
    whole = [_multiple(c) for c in coefficients]
    total = [0] * len(whole)
    before, here = [0], [1]
    for n, c in enumerate(whole):
        for k, factor in enumerate(here):
            total[k] += c * factor
        twice = [0, *((2 if n else 1) * f for f in here)]
        for k, factor in enumerate(before):
            twice[k] -= factor
        before, here = here, twice
    powers = [c / _UNIT for c in reversed(total)]
    return powers, (total[0] - _multiple(powers[-1])) / _UNIT


_UNIT = 1 << 1074


def _multiple(x: float) -> int:
    numerator, denominator = x.as_integer_ratio()
    return numerator * (_UNIT // denominator)
