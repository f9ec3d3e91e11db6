"""Why an engine's operator misses the aim in float64; an operator that misses it and is not named here is a bug."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: The aim, in ulp of float64.
AIM = 2.0

_PHASE = (
    "SciPy's kernel, which torch shares: near the function's roots, and far out, where the phase is a rounded number's"
)
_ROOT = "the numbers next to a root, where of a sum in two parts all but the last digits cancels"

#: By operator.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ["mvlgamma", "special.multigammaln"],
            "a sum of terms of either sign: at the numbers next to its gradient's root pairs of numbers cancel, too",
        ),
        **dict.fromkeys([f"special.bessel_{name}" for name in ("j0", "j1", "y0", "y1")], _PHASE),
        "special.airy_ai": _PHASE,
        **dict.fromkeys(
            [
                *(f"special.{way}chebyshev_polynomial_{kind}" for way in ("", "shifted_") for kind in "tuvw"),
                *(f"special.{name}" for name in ("hermite_polynomial_h", "hermite_polynomial_he")),
                *(f"special.{name}" for name in ("laguerre_polynomial_l", "legendre_polynomial_p")),
            ],
            _ROOT,
        ),
    }
)
