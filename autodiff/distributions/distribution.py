"""What all distributions share: shapes, validation, drawing, expansion; and entropy of exponential families."""

from __future__ import annotations

import math
import warnings
from typing import Any

from autodiff._core.geometry import Size
from autodiff._core.modes import enable_grad, no_grad
from autodiff._core.tensor import Tensor
from autodiff.autograd import grad
from autodiff.distributions import constraints
from autodiff.distributions.utils import lazy_property, sum_rightmost


class Distribution:
    """`batch_shape` distributions side by side, each of values of `event_shape`.

    Raises ValueError for parameters outside `arg_constraints`, unless `validate_args` is False.
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: Any
    support: Any
    _validate_args = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether parameters are checked where nothing else is said."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()
        super().__init__()

    def _check_parameters(self) -> None:
        try:
            limits = self.arg_constraints
        except (NotImplementedError, AttributeError):
            warnings.warn(f"{self.__class__} does not define `arg_constraints`.", stacklevel=3)
            return
        for name, constraint in limits.items():
            if constraints.is_dependent(constraint):
                continue
            if name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property):
                continue
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    # -- shapes ----------------------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> Any:
        """How many distributions there are."""
        return self._batch_shape

    @property
    def event_shape(self) -> Any:
        """The shape of one value."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Any = ()) -> Any:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distributions as a batch of this shape, without copies of their parameters."""
        new = self._get_checked_instance(None, _instance)
        before = len(self._batch_shape)
        for name, value in self.__dict__.items():
            if isinstance(value, Tensor):
                setattr(new, name, value.expand((*batch_shape, *tuple(value.shape)[before:])))  # type: ignore[attr-defined]
            elif isinstance(value, Distribution):
                setattr(new, name, self._expanded(value, batch_shape))
            elif name not in ("_batch_shape", "_event_shape"):
                setattr(new, name, value)
        new._batch_shape, new._event_shape = Size(batch_shape), self._event_shape
        return new

    def _expanded(self, part: Distribution, batch_shape: Any) -> Distribution:
        """What a distribution is made of, expanded with it."""
        return part.expand((*batch_shape, *part.batch_shape[len(self._batch_shape) :]))  # type: ignore[no-any-return]

    def _get_checked_instance(self, cls: Any, _instance: Any = None) -> Any:
        if _instance is not None:
            return _instance
        if cls is not None and type(self).__init__ != cls.__init__:
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also "
                "define a custom .expand() method."
            )
        return self.__new__(type(self))

    # -- moments ---------------------------------------------------------------------------------------------

    @property
    def mean(self) -> Any:
        raise NotImplementedError

    @property
    def mode(self) -> Any:
        raise NotImplementedError(f"{self.__class__} does not implement mode")

    @property
    def variance(self) -> Any:
        raise NotImplementedError

    @property
    def stddev(self) -> Any:
        """The root of the variance."""
        return self.variance.sqrt()

    # -- drawing ---------------------------------------------------------------------------------------------

    def sample(self, sample_shape: Any = ()) -> Any:
        """Values of shape sample_shape + batch_shape + event_shape, without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Values that move with the parameters."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Any:
        """n values; torch deprecates it."""
        warnings.warn("sample_n will be deprecated. Use .sample((n,)) instead", UserWarning, stacklevel=2)
        return self.sample((n,))

    # -- densities -------------------------------------------------------------------------------------------

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density, or of the probability, at a value."""
        raise NotImplementedError

    def cdf(self, value: Any) -> Any:
        """The probability of no more than a value."""
        raise NotImplementedError

    def icdf(self, value: Any) -> Any:
        """The value that this probability does not exceed."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values that there are, along a first dimension."""
        raise NotImplementedError

    def entropy(self) -> Any:
        raise NotImplementedError

    def perplexity(self) -> Any:
        """exp(entropy)."""
        return self.entropy().exp()

    def _enumerated(self, values: Any, expand: bool) -> Any:
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values

    def _validate_sample(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        given, event = tuple(value.shape), tuple(self._event_shape)  # type: ignore[attr-defined]
        if given[len(given) - len(event) :] != event:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."  # type: ignore[attr-defined]
            )
        expected = (*self._batch_shape, *self._event_shape)
        for i, j in zip(reversed(given), reversed(expected)):
            if i != 1 and j not in (1, i):
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {Size(expected)}."  # type: ignore[attr-defined]
                )
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(f"{self.__class__} does not define `support` to enable sample validation.", stacklevel=3)
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {given}) to be within the support "
                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        own = {n: self.__dict__[n] for n in self.arg_constraints if n in self.__dict__}
        shown = ", ".join(f"{n}: {v if v.numel() == 1 else v.size()}" for n, v in own.items())
        return f"{type(self).__name__}({shown})"


class ExponentialFamily(Distribution):
    """Densities exp(t(x)·θ - F(θ) + k(x)): their entropy follows from F, the log-normalizer, and its gradient."""

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Any:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError

    def entropy(self) -> Any:
        with enable_grad():
            params = [p.detach().requires_grad_() for p in self._natural_params]
            normalizer = self._log_normalizer(*params)
            slopes = grad(normalizer.sum(), params, create_graph=True)
        found = normalizer - self._mean_carrier_measure
        for param, slope in zip(params, slopes):
            found = found - sum_rightmost(param * slope, len(self._event_shape))
        return found


def need_one(names: str, first: Any, second: Any) -> None:
    """Raise ValueError unless exactly one of two ways to say a parameter is given."""
    if (first is None) == (second is None):
        raise ValueError(f"Either {names} must be specified, but not both.")


HALF_LOG_TWO_PI = math.log(math.sqrt(2 * math.pi))
