"""Why an engine's operator misses the aim in float64; an operator that misses it and is not named here is a bug."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: The aim, in ulp of float64.
AIM = 2.0

_ROUNDINGS = "a few correctly rounded steps in a row, each within its half ulp"
_ROOTS = "near its roots on the negative axis (and the gradient's) terms cancel: the absolute error stays small"
_PHASE = (
    "SciPy's kernel, which torch shares: near the function's roots, and far out, where the phase is a rounded number's"
)

#: By operator.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(["digamma", "lgamma", "special.gammaln", "special.psi"], _ROOTS),
        "polygamma": f"{_ROUNDINGS}; more where what it divides by overflows and the result is subnormal",
        **dict.fromkeys(["mvlgamma", "special.multigammaln"], "a sum of terms of either sign, near its root"),
        "frac": "the truth's fault: past 2^100 its differences step over whole periods; the gradient is 1",
        **dict.fromkeys([f"special.bessel_{name}" for name in ("j0", "j1", "y0", "y1")], _PHASE),
        "special.airy_ai": _PHASE,
        "sinc": f"{_ROUNDINGS}; near its roots the gradient cancels, and past 2^100 the truth steps over them",
    }
)
