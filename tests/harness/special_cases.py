"""Where the truth of special functions is held against torch: tame points, and where torch itself is only so good."""

from __future__ import annotations

import numpy as np

from parity.catalogue import CATALOGUE
from parity.program import Ref

RNG = np.random.default_rng(11)
A = RNG.uniform(0.3, 0.9, (3, 4))
B = RNG.uniform(1.2, 1.9, (3, 4))
S = RNG.uniform(-0.9, 0.9, (3, 4)) * 1.7
N = np.array([0, 1, 4, 7])

R0, R1 = Ref(0), Ref(1)
_OF_DEGREE = [name for name, row in CATALOGUE.items() if row.family == "polynomials"]

_ANYWHERE = """
erf special.erf erfc special.erfc special.erfcx special.ndtr special.log_ndtr i0 special.i0 special.i1 special.i0e
special.i1e special.modified_bessel_i0 special.modified_bessel_i1 special.bessel_j0 special.bessel_j1
special.spherical_bessel_j0 special.airy_ai
"""
_INSIDE = """
erfinv special.erfinv special.ndtri special.entr lgamma special.gammaln digamma special.digamma special.psi
special.bessel_y0 special.bessel_y1 special.modified_bessel_k0 special.modified_bessel_k1
special.scaled_modified_bessel_k0 special.scaled_modified_bessel_k1
"""
CASES: dict[str, list[tuple[tuple[np.ndarray, ...], tuple, dict]]] = {
    **{op: [((S,), (R0,), {})] for op in _ANYWHERE.split()},
    **{op: [((A,), (R0,), {})] for op in _INSIDE.split()},
    **{op: [((A,), (R0,), {}), ((A,), (R0, 0.4), {})] for op in ("logit", "special.logit")},
    **{op: [((A,), (2, R0), {}), ((B,), (3, R0), {})] for op in ("polygamma", "special.polygamma")},
    **{op: [((B,), (R0, 2), {})] for op in ("mvlgamma", "special.multigammaln")},
    "special.xlog1py": [((S, A), (R0, R1), {})],
    **{op: [((S, N), (R0, R1), {})] for op in _OF_DEGREE},
}
#: First arguments that torch has no derivative by.
CONSTANT_FIRST: dict[str, tuple[np.ndarray, ...]] = {
    "special.zeta": (B, A),
    **dict.fromkeys(("igamma", "igammac", "special.gammainc", "special.gammaincc"), (A, B)),
}
_BY_TRIGAMMA = """
digamma lgamma mvlgamma polygamma special.digamma special.gammaln special.multigammaln special.polygamma special.psi
"""
#: torch's derivatives of these go through its trigamma function, which is good to ten digits.
ROUGH = frozenset(_BY_TRIGAMMA.split())
