"""Kullback-Leibler divergences: a table by the two classes, and the most special entry that fits them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autodiff import linalg
from autodiff._core.modes import enable_grad
from autodiff.autograd import grad
from autodiff.distributions.bounded import ContinuousBernoulli, Uniform
from autodiff.distributions.categorical import Categorical, OneHotCategorical
from autodiff.distributions.compounds import Independent, TransformedDistribution
from autodiff.distributions.discrete import Bernoulli, Binomial, Geometric, Poisson
from autodiff.distributions.distribution import Distribution, ExponentialFamily
from autodiff.distributions.gammas import Beta, Dirichlet, Exponential, Gamma
from autodiff.distributions.location import Cauchy, Gumbel, HalfNormal, Laplace, Normal
from autodiff.distributions.multivariate import LowRankMultivariateNormal, MultivariateNormal, mahalanobis, times
from autodiff.distributions.powers import Pareto
from autodiff.distributions.utils import euler_constant, sum_rightmost
from autodiff.nn import functional

_TABLE: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Any], Any]:
    """Decorates the divergence of two classes' distributions. Raises TypeError for others."""
    for given, name in ((type_p, "type_p"), (type_q, "type_q")):
        if not isinstance(given, type) or not issubclass(given, Distribution):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {given}")

    def enter(function: Any) -> Any:
        _TABLE[type_p, type_q] = function
        return function

    return enter


def _found(p: type, q: type) -> Callable[[Any, Any], Any] | None:
    """The entry whose classes stand nearest in the order in which Python resolves methods, the first one's first."""
    fitting = [(p.__mro__.index(a), q.__mro__.index(b), f) for (a, b), f in _TABLE.items()
               if issubclass(p, a) and issubclass(q, b)]  # fmt: skip
    return min(fitting, key=lambda entry: entry[:2])[2] if fitting else None


def kl_divergence(p: Any, q: Any) -> Any:
    """∫ p log(p / q), one for each of the batch. Raises NotImplementedError for classes that nobody registered."""
    rule = _found(type(p), type(q))
    if rule is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
        )
    return rule(p, q)


def _infinite(like: Any) -> Any:
    return like.new_full(like.shape, math.inf)


def _xlogx(x: Any) -> Any:
    return x.xlogy(x)


# -- both of one class --------------------------------------------------------------------------------------------


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    yes = p.probs * (functional.softplus(-q.logits) - functional.softplus(-p.logits))
    yes = yes.masked_fill(q.probs == 0, math.inf).masked_fill(p.probs == 0, 0.0)
    no = (1 - p.probs) * (functional.softplus(q.logits) - functional.softplus(p.logits))
    return yes + no.masked_fill(q.probs == 1, math.inf).masked_fill(p.probs == 1, 0.0)


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    p_all, q_all = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    scale = q.concentration1.lgamma() + q.concentration0.lgamma() + p_all.lgamma()
    scale = scale - (p.concentration1.lgamma() + p.concentration0.lgamma() + q_all.lgamma())
    one = (p.concentration1 - q.concentration1) * p.concentration1.digamma()
    zero = (p.concentration0 - q.concentration0) * p.concentration0.digamma()
    return scale + one + zero + (q_all - p_all) * p_all.digamma()


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Any:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    found = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return _infinite(found).where(p.total_count > q.total_count, found)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    found = p.probs * (p.logits - q.logits)
    found = found.masked_fill((q.probs == 0).expand_as(found), math.inf)
    return found.masked_fill((p.probs == 0).expand_as(found), 0.0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: Any, q: Any) -> Any:
    return _categorical(p._categorical, q._categorical)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Any:
    found = p.mean * (p.logits - q.logits) + p._cont_bern_log_norm() + (-p.probs).log1p()
    return found - q._cont_bern_log_norm() - (-q.probs).log1p()


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    total = p.concentration.sum(-1)
    scale = total.lgamma() - q.concentration.sum(-1).lgamma()
    scale = scale - (p.concentration.lgamma() - q.concentration.lgamma()).sum(-1)
    turned = p.concentration.digamma() - total.digamma().unsqueeze(-1)
    return scale + ((p.concentration - q.concentration) * turned).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _families(p: Any, q: Any) -> Any:
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman "
            "divergences"
        )
    with enable_grad():
        ours = [n.detach().requires_grad_() for n in p._natural_params]
        normalizer = p._log_normalizer(*ours)
        slopes = grad(normalizer.sum(), ours, create_graph=True)
    theirs = q._natural_params
    found = q._log_normalizer(*theirs) - normalizer
    for a, b, slope in zip(ours, theirs, slopes):
        found = found - sum_rightmost((b - a) * slope, len(q.event_shape))
    return found


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    found = q.concentration * (p.rate / q.rate).log() + q.concentration.lgamma() - p.concentration.lgamma()
    found = found + (p.concentration - q.concentration) * p.concentration.digamma()
    return found + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    ratio, q_place, p_place = p.scale / q.scale, q.loc / q.scale, p.loc / q.scale
    found = -ratio.log() - q_place + p_place + ratio * euler_constant
    return found + (q_place + (1 + ratio).lgamma() - p_place).exp() - (1 + euler_constant)


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Any:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Any:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * (-away / p.scale).exp() - 1


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio, away = (p.scale / q.scale).pow(2), ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + away - 1 - ratio.log())


@register_kl(Pareto, Pareto)
def _pareto(p: Any, q: Any) -> Any:
    shift, ratio = p.scale / q.scale, q.alpha / p.alpha
    found = q.alpha * shift.log() - ratio.log() + ratio - 1
    return found.masked_fill(p.support.lower_bound < q.support.lower_bound, math.inf)


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    return found.masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Any:
    apart = ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log()
    return apart - (4 * p.scale * q.scale).log()


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Any:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# -- normal vectors -----------------------------------------------------------------------------------------------


def _squares(matrix: Any) -> Any:
    """The trace of M Mᵀ."""
    return matrix.pow(2).sum((-2, -1))


def _check_widths(p: Any, q: Any, title: str) -> None:
    if p.event_shape != q.event_shape:
        raise ValueError(f"KL-divergence between two {title} with different event shapes cannot be computed")


def _log_det(p: Any) -> Any:
    return p.log_det() if isinstance(p, LowRankMultivariateNormal) else 2 * p._half_log_det()


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate(p: Any, q: Any) -> Any:
    _check_widths(p, q, "Multivariate Normals")
    solved = _solved(q, p._unbroadcasted_scale_tril)
    away = mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    return 0.5 * (_log_det(q) - _log_det(p)) + 0.5 * (_squares(solved) + away - p.event_shape[0])


def _solved(q: Any, matrix: Any) -> Any:
    """L⁻¹ M of q's factor L."""
    return linalg.solve_triangular(q._unbroadcasted_scale_tril, matrix, upper=False)  # type: ignore[attr-defined]


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _multivariate_low_rank(p: Any, q: Any) -> Any:
    _check_widths(p, q, "(Low Rank) Multivariate Normals")
    return _towards_low_rank(p, q, [p._unbroadcasted_scale_tril])


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _low_ranks(p: Any, q: Any) -> Any:
    _check_widths(p, q, "Low Rank Multivariate Normals")
    return _towards_low_rank(p, q, [p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag.sqrt().diag_embed()])


def _towards_low_rank(p: Any, q: Any, parts: list[Any]) -> Any:
    """p's covariance is the sum of the parts' squares."""
    scaled = q._unbroadcasted_cov_factor.mT / q._unbroadcasted_cov_diag.unsqueeze(-2)
    through = linalg.solve_triangular(q._capacitance_tril, scaled, upper=False)  # type: ignore[attr-defined]
    away = q.loc - p.loc
    distance = (away.pow(2) / q._unbroadcasted_cov_diag).sum(-1) - times(through, away).pow(2).sum(-1)
    trace: Any = 0.0
    for part in parts:
        trace = trace + _squares(part * q._unbroadcasted_cov_diag.rsqrt().unsqueeze(-1)) - _squares(through @ part)
    return 0.5 * (_log_det(q) - _log_det(p) + trace + distance - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _low_rank_multivariate(p: Any, q: Any) -> Any:
    _check_widths(p, q, "(Low Rank) Multivariate Normals")
    parts = (p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag.sqrt().diag_embed())
    trace = _squares(_solved(q, parts[0])) + _squares(_solved(q, parts[1]))
    away = mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    return 0.5 * (_log_det(q) - _log_det(p) + trace + away - p.event_shape[0])


# -- two classes: minus the entropy of one, minus the mean of the other's logarithm -----------------------------------


def _pairs(*entries: tuple[type, str]) -> Callable[[Any], Any]:
    def enter(function: Any) -> Any:
        for p, names in entries:
            for name in names.split():
                register_kl(p, globals()[name])(function)
        return function

    return enter


@_pairs(
    (Beta, "Pareto"), (ContinuousBernoulli, "Pareto"), (Exponential, "Beta ContinuousBernoulli Pareto Uniform"),
    (Gamma, "Beta ContinuousBernoulli Pareto Uniform"), (Gumbel, "Beta ContinuousBernoulli Exponential Gamma Pareto"),
    (Gumbel, "Uniform"), (Laplace, "Beta ContinuousBernoulli Exponential Gamma Pareto Uniform"),
    (Normal, "Beta ContinuousBernoulli Exponential Gamma Pareto Uniform"), (Pareto, "Beta ContinuousBernoulli Uniform"),
    (Poisson, "Bernoulli Binomial"),
)  # fmt: skip
def _never_within(p: Any, q: Any) -> Any:
    """p goes where q has nothing."""
    return _infinite(
        next(v for v in p.__dict__.values() if hasattr(v, "new_full")) if type(p) is not Beta else p.concentration1
    )


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Any:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p: Any, q: Any) -> Any:
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._cont_bern_log_norm()


@_pairs((Beta, "Exponential"), (ContinuousBernoulli, "Exponential"))
def _exponential_from(p: Any, q: Any) -> Any:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


def _mean_square_away(p: Any, q: Any) -> Any:
    """The mean of (x - loc)², for x drawn from p and q's loc."""
    return p.variance + (p.mean - q.loc).pow(2)


@_pairs((Beta, "Normal"), (ContinuousBernoulli, "Normal"), (Exponential, "Normal"), (Gamma, "Normal"),
        (Gumbel, "Normal"), (Laplace, "Normal"), (Uniform, "Normal"), (Pareto, "Normal"))  # fmt: skip
def _normal_from(p: Any, q: Any) -> Any:
    found = -p.entropy() + 0.5 * (2 * math.pi * q.scale.pow(2)).log() + _mean_square_away(p, q) / (2 * q.scale.pow(2))
    return found.masked_fill(p.alpha <= 2, math.inf) if isinstance(p, Pareto) else found


@_pairs((Beta, "Uniform"), (ContinuousBernoulli, "Uniform"))
def _uniform_from(p: Any, q: Any) -> Any:
    found = -p.entropy() + (q.high - q.low).log()
    return found.masked_fill((q.low > p.support.lower_bound) | (q.high < p.support.upper_bound), math.inf)


@register_kl(Beta, Gamma)
def _beta_gamma(p: Any, q: Any) -> Any:
    log_mean = p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    return (
        -p.entropy()
        + q.concentration.lgamma()
        - q.concentration * q.rate.log()
        - ((q.concentration - 1) * log_mean - q.rate * p.mean)
    )


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    found = -q.concentration * ratio.log() + ratio + q.concentration.lgamma()
    return found + q.concentration * euler_constant - (1 + euler_constant)


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Any, q: Any) -> Any:
    product, place = p.rate * q.scale, q.loc / q.scale
    return product.log() - 1 + product.reciprocal() - place + place.exp() * product / (product + 1)


@register_kl(Gamma, Exponential)
def _gamma_exponential(p: Any, q: Any) -> Any:
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Any, q: Any) -> Any:
    product, place = p.rate * q.scale, q.loc / q.scale
    found = (p.concentration - 1) * p.concentration.digamma() - p.concentration.lgamma() - p.concentration
    found = found + product.log() + p.concentration / product
    return found + place.exp() * (1 + product.reciprocal()).pow(-p.concentration) - place


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Any, q: Any) -> Any:
    away, ratio = (p.loc - q.loc) / q.scale, (p.scale / q.scale).pow(2)
    found = -0.5 * ratio.log() + away + (-away + 0.5 * ratio).exp()
    return found - 0.5 * (1 + math.log(2 * math.pi))


@register_kl(Normal, Laplace)
def _normal_laplace(p: Any, q: Any) -> Any:
    away = p.loc - q.loc
    ratio, z = p.scale / q.scale, away / p.scale
    spread = math.sqrt(2 / math.pi) * p.scale * (-0.5 * z.pow(2)).exp() + away * (math.sqrt(0.5) * z).erf()
    return -ratio.log() + spread / q.scale - (0.5 + 0.5 * math.log(0.5 * math.pi))


@register_kl(Pareto, Exponential)
def _pareto_exponential(p: Any, q: Any) -> Any:
    product = p.scale * q.rate
    found = (p.alpha / product).log() - p.alpha.reciprocal() + p.alpha * product / (p.alpha - 1) - 1
    return found.masked_fill(p.alpha <= 1, math.inf)


@register_kl(Pareto, Gamma)
def _pareto_gamma(p: Any, q: Any) -> Any:
    log_mean = p.scale.log() + p.alpha.reciprocal()
    found = p.alpha.log() - log_mean + q.concentration.lgamma() - q.concentration * q.rate.log()
    found = found + (1 - q.concentration) * log_mean + q.rate * p.alpha * p.scale / (p.alpha - 1) - 1
    return found.masked_fill(p.alpha <= 1, math.inf)


@register_kl(Uniform, Beta)
def _uniform_beta(p: Any, q: Any) -> Any:
    width = p.high - p.low
    logs = (q.concentration1 - 1) * (_xlogx(p.high) - _xlogx(p.low) - width) / width
    rest = (q.concentration0 - 1) * (_xlogx(1 - p.high) - _xlogx(1 - p.low) + width) / width
    scale = q.concentration1.lgamma() + q.concentration0.lgamma() - (q.concentration1 + q.concentration0).lgamma()
    found = -width.log() - logs + rest + scale
    return found.masked_fill((p.high > q.support.upper_bound) | (p.low < q.support.lower_bound), math.inf)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Any, q: Any) -> Any:
    found = -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._cont_bern_log_norm()
    outside = (p.high > q.support.upper_bound) | (p.low < q.support.lower_bound)
    return found.masked_fill(outside, math.inf)


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Any, q: Any) -> Any:
    found = q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()
    return found.masked_fill(p.low < q.support.lower_bound, math.inf)


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Any, q: Any) -> Any:
    width = p.high - p.low
    found = -width.log() + q.concentration.lgamma() - q.concentration * q.rate.log()
    found = found + (1 - q.concentration) * (_xlogx(p.high) - _xlogx(p.low) - width) / width
    return (found + q.rate * (p.high + p.low) / 2).masked_fill(p.low < q.support.lower_bound, math.inf)


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Any, q: Any) -> Any:
    share, high, low = q.scale / (p.high - p.low), (p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale
    return share.log() + 0.5 * (high + low) - share * ((-high).exp() - (-low).exp())


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Any, q: Any) -> Any:
    width = p.high - p.low
    logs = (_xlogx(p.high) - _xlogx(p.low) - width) / width
    found = logs * (q.alpha + 1) - (q.alpha * q.scale.pow(q.alpha) * width).log()
    return found.masked_fill(p.low < q.support.lower_bound, math.inf)
