"""torch.distributions: probability distributions, their transforms, and divergences between them."""

from __future__ import annotations

import sys as _sys

from autodiff.distributions import constraint_registry, constraints, kl, transforms, utils  # noqa: F401
from autodiff.distributions.bounded import ContinuousBernoulli, Uniform, VonMises
from autodiff.distributions.categorical import (
    Categorical,
    Multinomial,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from autodiff.distributions.compounds import Independent, MixtureSameFamily, TransformedDistribution
from autodiff.distributions.constraint_registry import biject_to, transform_to
from autodiff.distributions.discrete import Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson
from autodiff.distributions.distribution import Distribution, ExponentialFamily
from autodiff.distributions.gammas import Beta, Chi2, Dirichlet, Exponential, FisherSnedecor, Gamma
from autodiff.distributions.kl import kl_divergence, register_kl
from autodiff.distributions.location import (
    Cauchy,
    Gumbel,
    HalfCauchy,
    HalfNormal,
    Laplace,
    LogisticNormal,
    LogNormal,
    Normal,
    StudentT,
)
from autodiff.distributions.matrices import LKJCholesky, Wishart
from autodiff.distributions.multivariate import LowRankMultivariateNormal, MultivariateNormal
from autodiff.distributions.powers import GeneralizedPareto, InverseGamma, Kumaraswamy, Pareto, Weibull
from autodiff.distributions.relaxed import RelaxedBernoulli, RelaxedOneHotCategorical
from autodiff.distributions.transforms import *  # noqa: F403

#: torch's own modules, one a distribution, to the family that has it here.
_MODULES = {
    "bounded": "continuous_bernoulli uniform von_mises",
    "categorical": "multinomial one_hot_categorical",
    "compounds": "independent mixture_same_family transformed_distribution",
    "discrete": "bernoulli binomial geometric negative_binomial poisson",
    "distribution": "exp_family",
    "gammas": "beta chi2 dirichlet exponential fishersnedecor gamma",
    "location": "cauchy gumbel half_cauchy half_normal laplace log_normal logistic_normal normal studentT",
    "matrices": "lkj_cholesky wishart",
    "multivariate": "lowrank_multivariate_normal multivariate_normal",
    "powers": "generalized_pareto inverse_gamma kumaraswamy pareto weibull",
    "relaxed": "relaxed_bernoulli relaxed_categorical",
}
for _family, _names in _MODULES.items():
    for _name in _names.split():
        _module = _sys.modules[f"{__name__}.{_family}"]
        _sys.modules[f"{__name__}.{_name}"] = globals()[_name] = _module

__all__ = [
    "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2", "ContinuousBernoulli", "Dirichlet",
    "Distribution", "Exponential", "ExponentialFamily", "FisherSnedecor", "Gamma", "GeneralizedPareto", "Geometric",
    "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "InverseGamma", "Kumaraswamy", "LKJCholesky", "Laplace",
    "LogNormal", "LogisticNormal", "LowRankMultivariateNormal", "MixtureSameFamily", "Multinomial",
    "MultivariateNormal", "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough",
    "Pareto", "Poisson", "RelaxedBernoulli", "RelaxedOneHotCategorical", "StudentT", "TransformedDistribution",
    "Uniform", "VonMises", "Weibull", "Wishart", "biject_to", "kl_divergence", "register_kl", "transform_to",
    *transforms.__all__,
]  # fmt: skip
