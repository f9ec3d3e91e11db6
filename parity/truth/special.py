"""Forward lines of the error function's and the gamma function's relatives, from their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, equal, last_place, less
from parity.truth.scalar import real, unary
from parity.truth.table import NoTruth, forward, line

ZERO, ONE, HALF = arb(0), arb(1), arb(0.5)

unary("erf special.erf", lambda x: x.erf())
unary("erfc special.erfc", lambda x: x.erfc())
unary("special.erfcx", lambda x: x.erfc() * (x * x).exp())
unary("erfinv special.erfinv", lambda x: x.erfinv())


def _ndtr(x: Any) -> Any:
    return (-x * HALF.sqrt()).erfc() / 2


unary("special.ndtr", _ndtr)
unary("special.log_ndtr", lambda x: (-_ndtr(-x)).log1p() if less(ZERO, x) else _ndtr(x).log())
# Φ⁻¹(p) = -√2 erfc⁻¹(2p), for p as close to 1 as to 0
unary("special.ndtri", lambda x: -arb(2).sqrt() * (2 * x).erfcinv())


def _entropy(x: Any) -> Any:
    return ZERO if equal(x, ZERO) else -x * x.log()


unary("special.entr", _entropy)


@forward("logit", "special.logit")
def _(input: Array, eps: float | None = None) -> Array:
    def scalar(x: Any) -> Any:
        if eps is not None:
            # eps, and 1 - eps, as torch has them: numbers of the input's dtype
            x = arb(eps) if less(x, arb(eps)) else arb(1 - eps) if less(arb(1 - eps), x) else x
        return (x / (1 - x)).log()

    return elementwise(scalar, 1)(balls(input))


def _times_log1p(x: Any, y: Any) -> Any:
    return ZERO if equal(x, ZERO) else x * y.log1p()


_xlog1py = real(_times_log1p, 2)
line("special.xlog1py", lambda input, other: _xlog1py(input, other))


def _log_gamma(x: Any) -> Any:
    """log |Γ|: by reflection on the left side."""
    if less(ZERO, x):
        return x.lgamma()
    return (arb.pi() / abs(x.sin_pi())).log() - (1 - x).lgamma()


unary("lgamma special.gammaln", _log_gamma)
unary("digamma special.digamma special.psi", lambda x: x.digamma())


def _polygamma(n: int, x: Any) -> Any:
    """The sum (-1)^(n+1) n! ζ(n + 1, x); on the left side by reflection, from the derivatives of π cot πx."""
    if less(ZERO, x):
        return arb(-1) ** (n + 1) * arb(n).fac() * arb(n + 1).zeta(x)
    c, pi = x.cot_pi(), arb.pi()
    turns = {
        1: -(pi**2) * (1 + c * c),
        2: 2 * pi**3 * c * (1 + c * c),
        3: -2 * pi**4 * (1 + c * c) * (1 + 3 * c * c),
    }
    if n not in turns:
        raise NoTruth(f"polygamma of order {n} on the left side")
    return arb(-1) ** n * _polygamma(n, 1 - x) - turns[n]


@forward("polygamma", "special.polygamma")
def _(n: int, input: Array) -> Array:
    def scalar(x: Any) -> Any:
        return x.digamma() if n == 0 else _polygamma(n, x)

    return elementwise(scalar, 1)(balls(input))


@forward("mvlgamma", "special.multigammaln")
def _(input: Array, p: int) -> Array:
    def scalar(x: Any) -> Any:
        terms = [_log_gamma(x - arb(j) / 2) for j in range(p)]
        return sum(terms, arb(p * (p - 1)) / 4 * arb.pi().log())

    return elementwise(scalar, 1)(balls(input))


_STEEP = arb(2) ** 60
_FAR, _FARTHEST = arb(100), arb(10_000)


def _hurwitz(x: Any, q: Any) -> Any:
    if not less(ONE, x) or not less(ZERO, q):
        raise NoTruth("zeta is a sum for x > 1 and q > 0")
    if less(_STEEP, x):
        # Between its first term and that with the integral of the others; the series takes seconds there.
        return q ** (-x) * (ONE + (q / (x - 1)).union(arb(0)))
    return x.zeta(q)


_zeta = real(_hurwitz, 2)
line("special.zeta", lambda input, other: _zeta(input, other))


def _gamma_lower(a: Any, x: Any) -> Any:
    """The regularised lower function; for large a by its series, which the library takes seconds for."""
    if not (a > _FAR and a < _FARTHEST and x > ZERO and x < 2 * a):
        return x.gamma_lower(a, regularized=1)
    total = term = ONE
    k, last = 0, last_place()
    while not (2 * x < a + k and term < total * last):
        k += 1
        term = term * x / (a + k)
        total = total + term
    # Each term that is left is less than half the one before.
    return (total + term.union(ZERO)) * (a * x.log() - x - (a + 1).lgamma()).exp()


def _gamma_upper(a: Any, x: Any) -> Any:
    large = a > _FAR and a < _FARTHEST and x > ZERO and x < 2 * a
    return ONE - _gamma_lower(a, x) if large else x.gamma_upper(a, regularized=1)


_lower = real(_gamma_lower, 2)
_upper = real(_gamma_upper, 2)
line("igamma special.gammainc", lambda input, other: np.asarray(_lower(input, other), object))
line("igammac special.gammaincc", lambda input, other: np.asarray(_upper(input, other), object))
