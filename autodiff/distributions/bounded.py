"""Distributions over an interval, or over a circle: uniform, continuous Bernoulli, von Mises."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core.modes import no_grad
from autodiff._core.registry import ops
from autodiff.distributions import constraints
from autodiff.distributions.chances import Chances
from autodiff.distributions.distribution import Distribution
from autodiff.distributions.utils import broadcast_all, clamp_probs, lazy_property
from autodiff.nn import functional


class Uniform(Distribution):
    """1 / (high - low) from low to high."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not (self.low < self.high).all():
            raise ValueError("Uniform is not defined when low>= high")

    @property
    def arg_constraints(self) -> Any:  # type: ignore[override]
        return {"low": constraints.less_than(self.high), "high": constraints.greater_than(self.low)}

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Any:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        return math.nan * self.high

    @property
    def stddev(self) -> Any:
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Any:
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape: Any = ()) -> Any:
        u = ops.rand(tuple(self._extended_shape(sample_shape)), dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Any) -> Any:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        return (self.high - self.low).log()


class ContinuousBernoulli(Chances):
    """probs^x (1 - probs)^(1 - x), scaled, over the whole unit interval; near 1/2 by a Taylor polynomial."""

    support: Any = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: Any = (0.499, 0.501), validate_args: bool | None = None
    ) -> None:
        self._lims = lims
        super().__init__(probs, logits, validate_args)
        if probs is not None and isinstance(self.__dict__.get("probs"), object):
            self.probs = clamp_probs(self.probs)

    def _outside_unstable_region(self) -> Any:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut_probs(self) -> Any:
        return self.probs.where(self._outside_unstable_region(), self.probs.new_full((), self._lims[0]))

    def _cont_bern_log_norm(self) -> Any:
        cut = self._cut_probs()
        low = cut.where(cut <= 0.5, cut.new_zeros(()))
        high = cut.where(cut >= 0.5, cut.new_ones(()))
        inner = (-2.0 * low).log1p().where(cut <= 0.5, (2.0 * high - 1.0).log())
        found = ((-cut).log1p() - cut.log()).abs().log() - inner
        x = (self.probs - 0.5).pow(2)
        return found.where(self._outside_unstable_region(), math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Any:
        cut = self._cut_probs()
        found = cut / (2.0 * cut - 1.0) + 1.0 / ((-cut).log1p() - cut.log())
        x = self.probs - 0.5
        return found.where(self._outside_unstable_region(), 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.pow(2)) * x)

    @property
    def variance(self) -> Any:
        cut = self._cut_probs()
        found = cut * (cut - 1.0) / (1.0 - 2.0 * cut).pow(2) + 1.0 / ((-cut).log1p() - cut.log()).pow(2)
        x = (self.probs - 0.5).pow(2)
        return found.where(self._outside_unstable_region(), 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    @property
    def stddev(self) -> Any:
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(ops.rand(tuple(self._extended_shape(sample_shape)), dtype=self.probs.dtype))

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        loss = functional.binary_cross_entropy_with_logits(logits, value, reduction="none")
        return -loss + self._cont_bern_log_norm()

    def cdf(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        cut = self._cut_probs()
        found = (cut.pow(value) * (1.0 - cut).pow(1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        found = found.where(self._outside_unstable_region(), value)
        found = found.where(value > 0.0, found.new_zeros(()))
        return found.where(value < 1.0, found.new_ones(()))

    def icdf(self, value: Any) -> Any:
        cut = self._cut_probs()
        over = (-cut + value * (2.0 * cut - 1.0)).log1p() - (-cut).log1p()
        return (over / (cut.log() - (-cut).log1p())).where(self._outside_unstable_region(), value)

    def entropy(self) -> Any:
        low, high = (-self.probs).log1p(), self.probs.log()
        return self.mean * (low - high) - self._cont_bern_log_norm() - low

    @property
    def _natural_params(self) -> tuple[Any]:
        return (self.logits,)

    def _log_normalizer(self, x: Any) -> Any:  # type: ignore[override]
        outside = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = x.where(outside, (self._lims[0] - 0.5) * x.new_ones(x.shape))
        found = (cut.exp() - 1.0).abs().log() - cut.abs().log()
        return found.where(outside, 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0)


class VonMises(Distribution):
    """exp(concentration cos(x - loc)) / 2π I0(concentration), around a circle."""

    arg_constraints: Any = {"loc": constraints.real, "concentration": constraints.positive}
    support: Any = constraints.real
    has_rsample = False

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        k = self.concentration
        return k * (value - self.loc).cos() - math.log(2 * math.pi) - (ops.i0e(k).log() + k)

    @lazy_property
    def _proposal_r(self) -> Any:
        """Of the wrapped Cauchy density from which is drawn (Best and Fisher, 1979), in double precision."""
        k = self.concentration.double()
        tau = 1 + (1 + 4 * k**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * k)
        found = (1 + rho**2) / (2 * rho)
        return (1 / k + k).where(k < 1e-5, found)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = tuple(self._extended_shape(sample_shape))
        with no_grad():
            loc, k = (t.detach().double().numpy() for t in (self.loc, self.concentration))
            r = self._proposal_r.detach().numpy()
            found, done = np.zeros(shape), np.zeros(shape, bool)
            while not done.all():
                u1, u2, u3 = ops.rand((3, *shape), dtype=self._proposal_r.dtype).numpy()
                z = np.cos(np.pi * u1)
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                with np.errstate(all="ignore"):
                    taken = ((c * (2 - c) - u2) > 0) | (np.log(c / u2) + 1 - c >= 0)
                found = np.where(taken, np.sign(u3 - 0.5) * np.arccos(np.clip(f, -1, 1)), found)
                done |= taken
            found = (found + np.pi + loc) % (2 * np.pi) - np.pi
            return self.loc.new_tensor(found)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @lazy_property
    def variance(self) -> Any:
        """The circular one."""
        return 1 - ops.i1e(self.concentration) / ops.i0e(self.concentration)
