"""Normal vectors, by a covariance, a precision, a Cholesky factor, or a factor of low rank and a diagonal."""

from __future__ import annotations

import math
from typing import Any

from autodiff import linalg
from autodiff._core.registry import ops
from autodiff.distributions import constraints
from autodiff.distributions.distribution import Distribution
from autodiff.distributions.utils import lazy_property, standard_normal


def times(matrices: Any, vectors: Any) -> Any:
    """A matrix times a vector, batches of both."""
    return (matrices @ vectors.unsqueeze(-1)).squeeze(-1)


def mahalanobis(factor: Any, x: Any) -> Any:
    """xᵀ (L Lᵀ)⁻¹ x, of a lower factor L."""
    solved = linalg.solve_triangular(factor, x.unsqueeze(-1), upper=False)  # type: ignore[attr-defined]
    return solved.pow(2).sum((-2, -1))


def factor_of_precision(precision: Any) -> Any:
    """The lower Cholesky factor of the inverse, without the inverse."""
    turned = linalg.cholesky(precision.flip((-2, -1))).flip((-2, -1)).mT  # type: ignore[attr-defined]
    eye = ops.eye(precision.shape[-1], dtype=precision.dtype)
    return linalg.solve_triangular(turned, eye, upper=False)  # type: ignore[attr-defined]


class MultivariateNormal(Distribution):
    """exp(-(x - loc)ᵀ Σ⁻¹ (x - loc) / 2), scaled; exactly one of the three says Σ."""

    arg_constraints: Any = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support: Any = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        forms = {
            "scale_tril": scale_tril, "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix,
        }  # fmt: skip
        given = {name: m for name, m in forms.items() if m is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            what = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{what} must be at least two-dimensional, with optional leading batch dimensions")
        batch = ops.broadcast_shapes(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        setattr(self, name, matrix.expand((*batch, -1, -1)))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        whole = self.__dict__[name]
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = linalg.cholesky(matrix)  # type: ignore[attr-defined]
        else:
            self._unbroadcasted_scale_tril = factor_of_precision(whole)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = self._get_checked_instance(None, _instance)
        shape = (*batch_shape, *self._event_shape)
        new.loc = self.loc.expand(shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril
        for name in ("covariance_matrix", "scale_tril", "precision_matrix"):
            if name in self.__dict__:
                setattr(new, name, self.__dict__[name].expand((*shape, *self._event_shape)))
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _widened(self, matrix: Any) -> Any:
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Any:
        return self._widened(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Any:
        factor = self._unbroadcasted_scale_tril
        return self._widened(factor @ factor.mT)

    @lazy_property
    def precision_matrix(self) -> Any:
        return self._widened(ops.cholesky_inverse(self._unbroadcasted_scale_tril, upper=False))

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        rows = self._unbroadcasted_scale_tril.pow(2).sum(-1)
        return rows.expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        eps = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + times(self._unbroadcasted_scale_tril, eps)

    def _half_log_det(self) -> Any:
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        away = mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + away) - self._half_log_det()

    def entropy(self) -> Any:
        found = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
        return found if not self._batch_shape else found.expand(self._batch_shape)


class LowRankMultivariateNormal(Distribution):
    """A normal vector of covariance W Wᵀ + diag(D), by solving systems of W's rank alone."""

    arg_constraints: Any = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support: Any = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event = tuple(loc.shape[-1:])
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if tuple(cov_factor.shape[-2:-1]) != event:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event[0]} x m")
        if tuple(cov_diag.shape[-1:]) != event:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event}")
        batch = tuple(ops.broadcast_shapes(
            tuple(loc.shape[:-1]), tuple(cov_factor.shape[:-2]), tuple(cov_diag.shape[:-1])
        ))  # fmt: skip
        self.loc, self.cov_diag = loc.expand((*batch, *event)), cov_diag.expand((*batch, *event))
        self.cov_factor = cov_factor.expand((*batch, *tuple(cov_factor.shape[-2:])))
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        self._capacitance_tril = capacitance(cov_factor, cov_diag)
        super().__init__(batch, event, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = self._get_checked_instance(None, _instance)
        new.__dict__.update({n: v for n, v in self.__dict__.items() if n.startswith("_")})
        shape = (*batch_shape, *self._event_shape)
        new.loc, new.cov_diag = self.loc.expand(shape), self.cov_diag.expand(shape)
        new.cov_factor = self.cov_factor.expand((*shape, self.cov_factor.shape[-1]))
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @lazy_property
    def variance(self) -> Any:
        rows = self._unbroadcasted_cov_factor.pow(2).sum(-1) + self._unbroadcasted_cov_diag
        return rows.expand((*self._batch_shape, *self._event_shape))

    @lazy_property
    def covariance_matrix(self) -> Any:
        factor = self._unbroadcasted_cov_factor
        found = factor @ factor.mT + self._unbroadcasted_cov_diag.diag_embed()
        return found.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Any:
        return linalg.cholesky(self.covariance_matrix)  # type: ignore[attr-defined]

    @lazy_property
    def precision_matrix(self) -> Any:
        scaled = self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)
        solved = linalg.solve_triangular(self._capacitance_tril, scaled, upper=False)  # type: ignore[attr-defined]
        found = self._unbroadcasted_cov_diag.reciprocal().diag_embed() - solved.mT @ solved
        return found.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = tuple(self._extended_shape(sample_shape))
        shared = standard_normal((*shape[:-1], self.cov_factor.shape[-1]), self.loc)
        own = standard_normal(shape, self.loc)
        spread = self._unbroadcasted_cov_diag.sqrt() * own
        return self.loc + times(self._unbroadcasted_cov_factor, shared) + spread

    def log_det(self) -> Any:
        """log |W Wᵀ + diag(D)|, by the determinant lemma."""
        inner = self._capacitance_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return 2 * inner + self._unbroadcasted_cov_diag.log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        away = value - self.loc
        scaled = self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)
        along = (away.pow(2) / self._unbroadcasted_cov_diag).sum(-1)
        within = mahalanobis(self._capacitance_tril, times(scaled, away))
        count = self._event_shape[0] * math.log(2 * math.pi)
        return -0.5 * (count + self.log_det() + (along - within))

    def entropy(self) -> Any:
        found = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self.log_det())
        return found if not self._batch_shape else found.expand(self._batch_shape)


def capacitance(factor: Any, diagonal: Any) -> Any:
    """The Cholesky factor of I + Wᵀ D⁻¹ W."""
    inner = (factor.mT / diagonal.unsqueeze(-2)) @ factor
    eye = ops.eye(factor.shape[-1], dtype=factor.dtype)
    return linalg.cholesky(inner + eye)  # type: ignore[attr-defined]
