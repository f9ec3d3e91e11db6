"""Random matrices: Wishart's, and Cholesky factors of random correlations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff import linalg
from autodiff._core.registry import ops
from autodiff._functions.ranges import arange
from autodiff._functions.values import tensor
from autodiff.distributions import constraints
from autodiff.distributions.distribution import Distribution, ExponentialFamily
from autodiff.distributions.gammas import Beta, Chi2
from autodiff.distributions.multivariate import factor_of_precision
from autodiff.distributions.utils import broadcast_all, lazy_property, limits, standard_normal


class Wishart(ExponentialFamily):
    """The sum of df outer products of normal vectors, by a covariance, a precision or a Cholesky factor."""

    support: Any = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    @property
    def arg_constraints(self) -> Any:  # type: ignore[override]
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }

    def __init__(
        self,
        df: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        forms = {
            "scale_tril": scale_tril, "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix,
        }  # fmt: skip
        given = {name: m for name, m in forms.items() if m is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        df = tensor(df, dtype=matrix.dtype) if isinstance(df, (int, float)) else df
        batch = tuple(ops.broadcast_shapes(tuple(matrix.shape[:-2]), tuple(df.shape)))
        event = tuple(matrix.shape[-2:])
        self.df = df.expand(batch)
        setattr(self, name, matrix.expand((*batch, -1, -1)))
        if self.df.le(event[-1] - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {event[-1] - 1}.")
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = linalg.cholesky(matrix)  # type: ignore[attr-defined]
        else:
            self._unbroadcasted_scale_tril = factor_of_precision(matrix)
        self._event_shape = event
        count = event[-1]
        self._dist_chi2 = Chi2(self.df.unsqueeze(-1) - arange(count, dtype=matrix.dtype).expand((*batch, count)))
        super().__init__(batch, event, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        found = self._unbroadcasted_scale_tril.expand((*batch_shape, *self._event_shape))
        return Wishart(self.df.expand(batch_shape), scale_tril=found, validate_args=False)

    def _widened(self, matrix: Any) -> Any:
        return matrix.expand((*self._batch_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Any:
        return self._widened(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Any:
        return self._widened(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self) -> Any:
        return self._widened(ops.cholesky_inverse(self._unbroadcasted_scale_tril, upper=False))

    @property
    def mean(self) -> Any:
        return self.df.view((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = (self.df - self.covariance_matrix.shape[-1] - 1).masked_fill_(
            self.df <= self.covariance_matrix.shape[-1] + 1, math.nan
        )
        return factor.view((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def variance(self) -> Any:
        v = self.covariance_matrix
        own = v.diagonal(dim1=-2, dim2=-1)
        return self.df.view((*self._batch_shape, 1, 1)) * (v.pow(2) + own.unsqueeze(-1) * own.unsqueeze(-2))

    def rsample(self, sample_shape: Any = (), max_try_correction: Any = None) -> Any:
        """By Bartlett's decomposition."""
        count = self._event_shape[-1]
        roots = self._dist_chi2.rsample(sample_shape).clamp(min=float(limits(self.df).tiny)).sqrt().diag_embed()
        below = np.tril_indices(count, -1)
        noise = standard_normal((*tuple(roots.shape[:-2]), count * (count - 1) // 2), self.df)
        rows, columns = (i.tolist() for i in below)
        roots[..., rows, columns] = noise
        factor = self._unbroadcasted_scale_tril @ roots
        return factor @ factor.mT

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        nu, p = self.df, self._event_shape[-1]
        inner = ops.cholesky_solve(value, self._unbroadcasted_scale_tril, upper=False)
        halves = self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        found = -nu * (p * math.log(2) / 2 + halves) - (nu / 2).mvlgamma(p)
        found = found + (nu - p - 1) / 2 * linalg.slogdet(value).logabsdet  # type: ignore[attr-defined]
        return found - inner.diagonal(dim1=-2, dim2=-1).sum(-1) / 2

    def entropy(self) -> Any:
        nu, p = self.df, self._event_shape[-1]
        halves = self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        steps = arange(p, dtype=nu.dtype)
        digammas = (nu.unsqueeze(-1) / 2 - steps / 2).digamma().sum(-1)
        found = (p + 1) * (p * math.log(2) / 2 + halves) + (nu / 2).mvlgamma(p)
        return found - (nu - p - 1) / 2 * digammas + nu * p / 2


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices, of density det^(concentration - 1), by the onion method."""

    arg_constraints: Any = {"concentration": constraints.positive}
    support: Any = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        marginal = self.concentration + 0.5 * (dim - 2)
        offset = arange(dim - 1, dtype=self.concentration.dtype)
        offset = ops.cat(offset.new_zeros((1,)), offset, dim=0)
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(self.concentration.size(), (dim, dim), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return LKJCholesky(self.dim, self.concentration.expand(batch_shape), validate_args=False)

    def sample(self, sample_shape: Any = ()) -> Any:
        y = self._beta.sample(sample_shape).unsqueeze(-1)
        u = standard_normal(self._extended_shape(sample_shape), self.concentration).tril(-1)
        sphere = u / u.norm(dim=-1, keepdim=True)
        sphere[..., 0, :].fill_(0.0)
        w = y.sqrt() * sphere
        diagonal = (1 - (w**2).sum(-1)).clamp(min=float(limits(w).tiny)).sqrt()
        return w + diagonal.diag_embed()

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        order = arange(2, self.dim + 1).to(self.concentration)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        found = (order * value.diagonal(dim1=-2, dim2=-1)[..., 1:].log()).sum(-1)
        less = self.dim - 1
        alpha = self.concentration + 0.5 * less
        scale = (alpha - 0.5).mvlgamma(less) - alpha.lgamma() * less + 0.5 * less * math.log(math.pi)
        return found - scale
