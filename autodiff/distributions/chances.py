"""Distributions that a probability or its log-odds says: each from the other when it is asked for."""

from __future__ import annotations

from typing import Any

from autodiff._core.geometry import Size
from autodiff.distributions import constraints
from autodiff.distributions.distribution import ExponentialFamily, need_one
from autodiff.distributions.utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class Chances(ExponentialFamily):
    """`probs` or `logits`, and what else broadcasts with them, by name."""

    arg_constraints: Any = {"probs": constraints.unit_interval, "logits": constraints.real}

    def __init__(self, probs: Any, logits: Any, validate_args: bool | None, **beside: Any) -> None:
        need_one("`probs` or `logits`", probs, logits)
        if beside:
            *found, given = broadcast_all(*beside.values(), logits if probs is None else probs)
            self.__dict__.update(zip(beside, found))
        else:
            (given,) = broadcast_all(logits if probs is None else probs)
        setattr(self, "logits" if probs is None else "probs", given)
        self._given = "logits" if probs is None else "probs"
        super().__init__(given.shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        # What was derived is derived anew.
        new.__dict__.pop("logits" if self._given == "probs" else "probs", None)
        return new

    @property
    def _param(self) -> Any:
        return self.__dict__[self._given]

    def _new(self, *args: Any, **kwargs: Any) -> Any:
        return self._param.new(*args, **kwargs)

    @lazy_property
    def logits(self) -> Any:
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Any:
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Size:
        """The shape of what was given."""
        return self._param.size()  # type: ignore[no-any-return]
