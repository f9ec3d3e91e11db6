"""Distributions: parameters that have gradients, by their names; what cannot be told raises in every engine."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import ModuleSpec, fed, module, needed


def _law(
    name: str,
    *,
    among: Any = None,
    rough: Any = None,
    single: Any = None,
    **drawn: str,
) -> ModuleSpec:
    """A row: what is drawn for each parameter, after its shape if that is not a batch's; `among` are settings."""
    feeds = (fed(words if ":" in words else f"N C: {words}", name=parameter) for parameter, words in drawn.items())
    return module(name, *feeds, kind="distribution", rough=rough, single=single, **(among or {}))


_LOC = {"loc": "real", "scale": "positive"}
_TRIGAMMA = "torch's polygamma(1, x) holds ten digits in float64"
#: Differences of the incomplete gamma function show it: -(dP(a, x)/da) / p(x; a), here to nine digits of ours.
_GAMMA = {
    "rsample": "torch takes the derivative of a gamma variate by its shape from fits that hold three or four digits",
    "entropy": _TRIGAMMA,
    "kl_divergence": _TRIGAMMA,
}
_I0 = "torch's VonMises has I0 by polynomials with seven or eight digits, in any dtype"
_COUNT = {"total_count": needed(5, 1, 12)}
#: A rounding is enough for a sample or a factor to be no longer what the class checks for.
_UNCHECKED = {"validate_args": needed(False)}

# fmt: off
ROWS = [
    *(_law(name, **_LOC) for name in ("Cauchy", "Gumbel", "Laplace", "LogNormal", "LogisticNormal", "Normal")),
    *(_law(name, scale="positive") for name in ("HalfCauchy", "HalfNormal")),
    *(_law(name, probs="share") for name in ("Bernoulli", "ContinuousBernoulli", "Geometric")),
    _law("StudentT", rough=_GAMMA, df="beyond", **_LOC),
    _law("Uniform", low="share", high="beyond"),
    _law("VonMises", single={"value": _I0}, rough=dict.fromkeys(("log_prob", "variance", "kl_divergence"), _I0),
         loc="real", concentration="positive"),
    _law("Exponential", rate="positive"),
    _law("Poisson", rate="positive"),
    _law("Gamma", rough=_GAMMA, concentration="positive", rate="positive"),
    _law("InverseGamma", rough=_GAMMA, concentration="positive", rate="positive"),
    _law("Chi2", rough=_GAMMA, df="positive"),
    _law("Beta", rough=_GAMMA, concentration1="positive", concentration0="positive"),
    _law("Kumaraswamy", concentration1="positive", concentration0="positive"),
    _law("FisherSnedecor", rough=_GAMMA, df1="beyond", df2="beyond"),
    _law("Pareto", scale="positive", alpha="positive"),
    _law("Weibull", scale="positive", concentration="positive"),
    _law("Dirichlet", rough=_GAMMA, concentration="positive"),
    _law("Binomial", among=_COUNT, logits="real"),
    _law("NegativeBinomial", among=_COUNT, logits="real"),
    _law("Multinomial", among=_COUNT, logits="real"),
    *(_law(name, logits="real") for name in
      ("Categorical", "OneHotCategorical", "OneHotCategoricalStraightThrough")),
    _law("RelaxedBernoulli", temperature="positive", logits="real"),
    _law("RelaxedOneHotCategorical", temperature="1: positive", logits="real"),
    _law("MultivariateNormal", among=_UNCHECKED, loc="C: real", scale_tril="C C: factor"),
    _law("LowRankMultivariateNormal", loc="C: real", cov_factor="C 2: real", cov_diag="C: positive"),
    _law("LKJCholesky", among={"dim": needed(2, 3), **_UNCHECKED}, concentration="positive"),
]
