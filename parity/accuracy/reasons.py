"""Why an engine's operator misses the aim in float64; an operator that misses it and is not named here is a bug."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: The aim, in ulp of float64.
AIM = 2.0

_ROUNDINGS = "a few correctly rounded steps in a row, each within its half ulp"
_RESULT = (
    "the gradient is told from the result, which is what torch saves; where that has rounded to its limit, what is "
    "left of the derivative is lost"
)
_ROOTS = "near its roots on the negative axis (and the gradient's) terms cancel: the absolute error stays small"
_ROOT = "near the root of the gradient terms cancel: the absolute error stays small"
_OVERFLOWS = "a square in the gradient overflows past 1e154, as in torch; below it a few ulp"
_SCIPY = "SciPy's kernel, which torch shares"
_PHASE = (
    "SciPy's kernel, which torch shares: near the function's roots, and far out, where the phase is a rounded number's"
)
_EXPONENT = "the exponent is rounded before its exponential is taken, in the far negative tail"

#: By operator.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(["acosh", "erfc", "erfinv", "log10", "log2", "rsqrt", "sqrt"], _ROUNDINGS),
        **dict.fromkeys(
            ["special.ndtr", "special.log_ndtr", "special.erfcx", "logit", "reciprocal"],
            _ROUNDINGS,
        ),
        **dict.fromkeys(["tanh", "sigmoid", "special.expit", "expm1"], _RESULT),
        "special.ndtri": f"SciPy's kernel, which torch shares; {_RESULT}",
        **dict.fromkeys(["asinh", "atan"], _OVERFLOWS),
        **dict.fromkeys(["digamma", "lgamma", "special.gammaln", "special.psi"], _ROOTS),
        "polygamma": f"{_ROUNDINGS}; more where what it divides by overflows and the result is subnormal",
        **dict.fromkeys(["mvlgamma", "special.multigammaln"], "a sum of terms of either sign, near its root"),
        "special.entr": _ROOT,
        "frac": "the truth's fault: past 2^100 its differences step over whole periods; the gradient is 1",
        "exp2": "at 1024 the result overflows before its gradient does, which is told from it",
        **dict.fromkeys(
            ["nn.functional.logsigmoid", "nn.functional.softplus"],
            "past 709 the gradient is subnormal, and an exponential on the way to it overflows",
        ),
        **dict.fromkeys(["i0", "special.i0", "special.i1"], _SCIPY),
        **dict.fromkeys(
            ["special.i0e", "special.i1e"], f"{_SCIPY}; the gradient is a difference of nearly equal numbers far out"
        ),
        **dict.fromkeys([f"special.modified_bessel_{name}" for name in ("i0", "i1", "k0", "k1")], _SCIPY),
        **dict.fromkeys([f"special.scaled_modified_bessel_{name}" for name in ("k0", "k1")], _SCIPY),
        **dict.fromkeys([f"special.bessel_{name}" for name in ("j0", "j1", "y0", "y1")], _PHASE),
        "special.airy_ai": _PHASE,
        "special.spherical_bessel_j0": _PHASE,
        "nn.functional.gelu": f"{_EXPONENT}; {_ROOT}; by tanh, the cube overflows far out",
        **dict.fromkeys(["nn.functional.silu", "nn.functional.mish"], f"{_EXPONENT}; {_ROOT}"),
        "nn.functional.tanhshrink": "x - tanh(x) cancels near 0, as in torch, and its gradient with it",
        "nn.functional.softsign": "far out the gradient is a difference of nearly equal terms, as in torch",
        "sinc": "the gradient cancels near 0 and near its roots",
    }
)
