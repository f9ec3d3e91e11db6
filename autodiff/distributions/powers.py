"""Powers of simpler variates: Pareto, Weibull, Kumaraswamy, inverse gamma; and the generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.registry import ops
from autodiff.distributions import constraints
from autodiff.distributions.bounded import Uniform
from autodiff.distributions.compounds import TransformedDistribution
from autodiff.distributions.distribution import Distribution
from autodiff.distributions.gammas import Exponential, Gamma
from autodiff.distributions.transforms import AffineTransform, ExpTransform, PowerTransform
from autodiff.distributions.utils import broadcast_all, euler_constant


class Pareto(TransformedDistribution):
    """alpha scale^alpha / x^(alpha + 1), from scale on."""

    arg_constraints: Any = {"alpha": constraints.positive, "scale": constraints.positive}

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(0, self.scale)], validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return Pareto(self.scale.expand(batch_shape), self.alpha.expand(batch_shape), False)

    @property
    def mean(self) -> Any:
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        a = self.alpha.clamp(min=2)
        return self.scale.pow(2) * a / ((a - 1).pow(2) * (a - 2))

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        return constraints.greater_than_eq(self.scale)

    def entropy(self) -> Any:
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())


class Weibull(TransformedDistribution):
    """scale * e^(1 / concentration) of a standard exponential e."""

    arg_constraints: Any = {"scale": constraints.positive, "concentration": constraints.positive}
    support: Any = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(self.scale.new_ones(self.scale.shape), validate_args=validate_args)
        parts = [PowerTransform(self.concentration_reciprocal), AffineTransform(0, self.scale)]
        super().__init__(base, parts, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return Weibull(self.scale.expand(batch_shape), self.concentration.expand(batch_shape), False)

    @property
    def mean(self) -> Any:
        return self.scale * (1 + self.concentration_reciprocal).lgamma().exp()

    @property
    def mode(self) -> Any:
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Any:
        again = (1 + 2 * self.concentration_reciprocal).lgamma().exp()
        return self.scale.pow(2) * (again - (2 * (1 + self.concentration_reciprocal).lgamma()).exp())

    def entropy(self) -> Any:
        away = euler_constant * (1 - self.concentration_reciprocal)
        return away + (self.scale * self.concentration_reciprocal).log() + 1


def _moment(a: Any, b: Any, n: int) -> Any:
    """The n-th moment of a Kumaraswamy variate."""
    one = 1 + n / a
    return (b.log() + one.lgamma() + b.lgamma() - (one + b).lgamma()).exp()


class Kumaraswamy(TransformedDistribution):
    """(1 - u^(1 / concentration0))^(1 / concentration1) of a uniform u."""

    arg_constraints: Any = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support: Any = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        zeros = self.concentration0.new_zeros(self.concentration0.shape)
        parts = [
            PowerTransform(self.concentration0.reciprocal()),
            AffineTransform(1.0, -1.0),
            PowerTransform(self.concentration1.reciprocal()),
        ]
        super().__init__(Uniform(zeros, zeros + 1, validate_args=validate_args), parts, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return Kumaraswamy(self.concentration1.expand(batch_shape), self.concentration0.expand(batch_shape), False)

    @property
    def mean(self) -> Any:
        return _moment(self.concentration1, self.concentration0, 1)

    @property
    def mode(self) -> Any:
        a, b = self.concentration1, self.concentration0
        found = a.reciprocal() * (-b).log1p() - a.reciprocal() * (-a * b).log1p()
        return found.exp().masked_fill((b < 1) | (a < 1), math.nan)

    @property
    def variance(self) -> Any:
        return _moment(self.concentration1, self.concentration0, 2) - self.mean.pow(2)

    def entropy(self) -> Any:
        a, b = self.concentration1, self.concentration0
        t1, t0 = 1 - a.reciprocal(), 1 - b.reciprocal()
        harmonic = (b + 1).digamma() + euler_constant
        return t0 + t1 * harmonic - a.log() - b.log()


class InverseGamma(TransformedDistribution):
    """1 / x of a gamma variate x."""

    arg_constraints: Any = {"concentration": constraints.positive, "rate": constraints.positive}
    support: Any = constraints.positive
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        inverted = PowerTransform(-base.rate.new_ones(()))
        super().__init__(base, inverted, validate_args=validate_args)

    @property
    def concentration(self) -> Any:
        return self.base_dist.concentration

    @property
    def rate(self) -> Any:
        return self.base_dist.rate

    @property
    def mean(self) -> Any:
        found = self.rate / (self.concentration - 1)
        return found.where(self.concentration > 1, found.new_full((), math.inf))

    @property
    def mode(self) -> Any:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Any:
        found = self.rate.square() / ((self.concentration - 1).square() * (self.concentration - 2))
        return found.where(self.concentration > 2, found.new_full((), math.inf))

    def entropy(self) -> Any:
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()


class GeneralizedPareto(Distribution):
    """What exceeds a threshold: (1 + concentration z)^-(1 / concentration + 1) / scale, where z = (x - loc) / scale."""

    arg_constraints: Any = {
        "loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real,
    }  # fmt: skip
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        upper = self.loc - self.scale / self.concentration
        return constraints.interval(self.loc, upper.where(self.concentration < 0, upper.new_full((), math.inf)))

    def rsample(self, sample_shape: Any = ()) -> Any:
        u = ops.rand(tuple(self._extended_shape(sample_shape)), dtype=self.loc.dtype)
        return self.icdf(u)

    def _near_zero(self) -> Any:
        return self.concentration.isclose(self.concentration.new_zeros(()))

    def _safe(self) -> Any:
        return self.concentration.masked_fill(self._near_zero(), 1.0)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        z, k = (value - self.loc) / self.scale, self._safe()
        found = -(1 + k.reciprocal()) * (k * z).log1p()
        found = (-z).where(self._near_zero(), found) - self.scale.log()
        return found.masked_fill(z < 0, -math.inf)

    def log_survival_function(self, value: Any) -> Any:
        """The logarithm of the probability of more than a value."""
        if self._validate_args:
            self._validate_sample(value)
        z, k = (value - self.loc) / self.scale, self._safe()
        return (-z).where(self._near_zero(), -(k * z).log1p() / k)

    def cdf(self, value: Any) -> Any:
        return 1 - self.log_survival_function(value).exp()

    def log_cdf(self, value: Any) -> Any:
        """The logarithm of the probability of no more than a value."""
        return (-self.log_survival_function(value).exp()).log1p()

    def icdf(self, value: Any) -> Any:
        k = self._safe()
        curved = self.loc + self.scale * (-k * (-value).log1p()).expm1() / k
        return (self.loc - self.scale * (-value).log1p()).where(self._near_zero(), curved)

    @property
    def mean(self) -> Any:
        return (self.loc + self.scale / (1 - self.concentration)).where(
            self.concentration < 1, self.loc.new_full((), math.inf)
        )

    @property
    def variance(self) -> Any:
        found = self.scale.pow(2) / ((1 - self.concentration).pow(2) * (1 - 2 * self.concentration))
        return found.where(self.concentration < 0.5, found.new_full((), math.inf))

    @property
    def mode(self) -> Any:
        return self.loc

    def entropy(self) -> Any:
        return (self.scale.log() + self.concentration + 1).expand(self._batch_shape)


__all__ = ["GeneralizedPareto", "InverseGamma", "Kumaraswamy", "Pareto", "Weibull"]
