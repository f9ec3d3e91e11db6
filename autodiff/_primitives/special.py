"""The error function's and the gamma function's relatives.

A formula mentions what torch saves. Each is one of several that are equal on paper: the one that loses no digits.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import discrete, general, pointwise, underived, without_negation
from autodiff._core.registry import ops
from autodiff._kernels.late import Late

error_functions, gamma = Late("error_functions"), Late("gamma")


# -- the error function -----------------------------------------------------------------------------------------------
pointwise(
    "erf",
    error_functions.erf,
    lambda input: 2 / math.sqrt(math.pi) * ops._gauss(input),
    refuses="c",
    public="erf special.erf",
)
pointwise(
    "erfc",
    error_functions.erfc,
    lambda input: -2 / math.sqrt(math.pi) * ops._gauss(input),
    refuses="c",
    public="erfc special.erfc",
)
pointwise("_gauss", error_functions.gauss, lambda input, out: -2 * input * out)
pointwise("_normal_density", error_functions.normal_density, lambda input, out: -input * out)
general(
    "_ndtri_slope",
    error_functions.ndtri_slope,
    lambda g, input, out: g * (input * out),
    inputs=("input",),
)
pointwise(
    "erfcx",
    error_functions.erfcx,
    lambda input, out: ops._erfcx_slope(input, out),
    node="SpecialErfcxBackward0",
    refuses="ch",
    spellings="out",
    public="special.erfcx",
)
# Slopes that torch makes of the result have it as their other operand: so the second derivative passes its node.
pointwise(
    "_erfcx_slope",
    lambda input, other: error_functions.erfcx_slope(input),
    lambda g, other: 2 * g * other,
    # The incoming gradient first: it may be the reason why the product does not overflow.
    lambda g, input: 2 * g * input,
)
pointwise(
    "erfinv",
    error_functions.erfinv,
    lambda input: ops._erfinv_slope(input),
    refuses="c",
    public="erfinv special.erfinv",
)
pointwise("_erfinv_slope", error_functions.erfinv_slope, lambda input, out: 2 * ops.erfinv(input) * (out * out))

# -- the normal distribution ------------------------------------------------------------------------------------------
pointwise(
    "_ndtr",
    error_functions.ndtr,
    lambda input: ops._normal_density(input),
    node="MulBackward1",
)
pointwise(
    "ndtri",
    error_functions.ndtri,
    lambda out, input_array: ops._ndtri_slope(out, array=input_array),
    node="SpecialNdtriBackward0",
    refuses="ch",
    spellings="out",
    public="special.ndtri",
)
pointwise(
    "log_ndtr",
    error_functions.log_ndtr,
    lambda input, out: ops._log_ndtr_slope(input, out),
    node="SpecialLogNdtrBackward0",
    refuses="ch",
    spellings="out",
    public="special.log_ndtr",
)

pointwise(
    "_log_ndtr_slope",
    lambda input, other: error_functions.log_ndtr_slope(input),
    lambda input, out: -out * input,
    lambda out: -out,
)

# -- logarithms -------------------------------------------------------------------------------------------------------
pointwise(
    "entr",
    error_functions.entr,
    lambda input: ops._entr_slope(input),
    node="SpecialEntrBackward0",
    refuses="c",
    spellings="out",
    public="special.entr",
)
pointwise("_entr_slope", error_functions.entr_slope, lambda input: -1 / input)


pointwise(
    "xlog1py",
    error_functions.xlog1py,
    lambda g, input, other: ops.where(ops._lost(input, other), 0, ops.xlog1py(g, other)),
    lambda g, input, other: g * input / (other + 1),
    node="SpecialXlog1PyBackward0",
    refuses="c",
    spellings="out",
    public="special.xlog1py",
)
discrete("_lost", lambda x, y: (x == 0) & (y <= -1))
general(
    "logit",
    error_functions.logit,
    lambda g, input, eps: ops.where(
        ops._within(input, low=0.0 if eps is None else eps, high=1.0 if eps is None else 1 - eps),
        g / (input * (1 - input)),
        math.nan if eps is None else 0,
    ),
    inputs=("input",),
)

# -- the gamma function -----------------------------------------------------------------------------------------------
pointwise(
    "lgamma",
    gamma.lgamma,
    lambda input: ops.digamma(input),
    refuses="c",
    public="lgamma special.gammaln",
)
pointwise(
    "digamma",
    gamma.digamma,
    lambda input: ops.polygamma_of(input, n=1),
    refuses="c",
    public="digamma special.digamma special.psi",
)
general(
    "polygamma_of",
    gamma.polygamma,
    lambda g, input, n: g * ops.polygamma_of(input, n=n + 1),
    inputs=("input",),
    node="PolygammaBackward0",
)
general(
    "mvlgamma",
    gamma.mvlgamma,
    lambda g, input, p: g * ops._mvdigamma(input, p=p),
    inputs=("input",),
)
general(
    "_mvdigamma",
    gamma.mvdigamma,
    lambda g, input, p: g * sum(ops.polygamma_of(input - j / 2, n=1) for j in range(p)),
    inputs=("input",),
)
pointwise(
    "zeta",
    gamma.zeta,
    underived("zeta"),
    lambda g, input, other: g * (-input * ops.zeta(input + 1, other)),
    node="SpecialZetaBackward0",
    refuses="ch",
    spellings="out",
    public="special.zeta",
)
without_negation("zeta")


def _density(input: Any, other: Any) -> Any:
    """Of the gamma distribution: the derivative of the lower incomplete gamma function over gamma."""
    return ops.exp((input - 1) * ops.log(other) - other - ops.lgamma(input))


general(
    "_igamma",
    gamma.igamma,
    underived("igamma: input"),
    lambda g, input, other: g * _density(input, other),
    inputs=("input", "other"),
    node="IgammaBackward0",
)
general(
    "_igammac",
    gamma.igammac,
    underived("igammac: input"),
    lambda g, input, other: -g * _density(input, other),
    inputs=("input", "other"),
    node="IgammacBackward0",
)
