"""Forward lines of orthogonal polynomials; a degree is cut to an integer, and below 0 the polynomial is 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise
from parity.truth.table import forward

Polynomial = Callable[[Any, int], Any]


def _second_kind(x: Any, n: int) -> Any:
    return x.chebyshev_u(n)


def _shifted(polynomial: Polynomial) -> Polynomial:
    return lambda x, n: polynomial(2 * x - 1, n)


_KINDS: dict[str, Polynomial] = {
    "t": lambda x, n: x.chebyshev_t(n),
    "u": _second_kind,
    "v": lambda x, n: _second_kind(x, n) - _second_kind(x, n - 1),
    "w": lambda x, n: _second_kind(x, n) + _second_kind(x, n - 1),
}
_POLYNOMIALS: dict[str, Polynomial] = {
    **{f"chebyshev_polynomial_{kind}": polynomial for kind, polynomial in _KINDS.items()},
    **{f"shifted_chebyshev_polynomial_{kind}": _shifted(polynomial) for kind, polynomial in _KINDS.items()},
    "hermite_polynomial_h": lambda x, n: x.hermite_h(n),
    "hermite_polynomial_he": lambda x, n: (x / arb(2).sqrt()).hermite_h(n) / arb(2).sqrt() ** n,
    "laguerre_polynomial_l": lambda x, n: x.laguerre_l(n),
    "legendre_polynomial_p": lambda x, n: x.legendre_p(n),
}


def _degree(n: Any) -> int:
    number = float(n)
    return math.trunc(number) if number > -1 else -1


def _enter(name: str, polynomial: Polynomial) -> None:
    def scalar(x: Any, n: int) -> Any:
        return polynomial(x, n) if n > 0 else arb(n + 1)

    spread, degrees = elementwise(scalar, 2), np.frompyfunc(_degree, 1, 1)

    @forward(f"special.{name}")
    def _(x: Any, n: Any) -> Array:
        return spread(balls(x), degrees(n))


for _name, _polynomial in _POLYNOMIALS.items():
    _enter(_name, _polynomial)
