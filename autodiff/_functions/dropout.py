"""Leaving out and noise in training: dropout in all its forms, gumbel_softmax. Knows masks, no stream."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.generator import stream_of
from autodiff._functions.sampling import all_alike, exponential_
from autodiff._kernels.creation import alike

#: What a selu of -inf is, positive: alpha times the scale.
ALPHA = 1.7580993408473766


def kept(shape_of: Any, p: float, feature: bool, dtype: Any = None) -> Any:
    """1 where something stays, with probability 1 - p: per element, or per channel of each sample."""
    if feature:
        if shape_of.ndim < 2:
            raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
        memory = np.empty((*shape_of.shape[:2], *[1] * (shape_of.ndim - 2)), shape_of.dtype)
    else:
        memory = alike(shape_of, dtype or shape_of.dtype)
    drawn = all_alike(stream_of(None, "dropout"), memory, 1 - p)
    if not feature:
        return drawn
    spread = alike(shape_of, shape_of.dtype)  # in the input's layout, which the product then has
    spread[...] = drawn
    return spread


def _dropped(input: Tensor, p: float, train: bool, feature: bool, alpha: bool, inplace: bool) -> Tensor:
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    times = input.mul_ if inplace else input.mul  # type: ignore[attr-defined]
    array = input._array
    if p == 0 or not train or not array.size:
        return input
    if p == 1:
        return times(wrap(np.zeros((), array.dtype)))  # type: ignore[no-any-return]
    noise = kept(array, p, feature)
    if array.dtype.kind != "f":
        raise RuntimeError("result type Float can't be cast to the desired output type Long")
    if not alpha:
        return times(wrap(dtypes.converted(noise / (1 - p), array.dtype)))  # type: ignore[no-any-return]
    a = 1 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    shift = dtypes.converted((noise - 1) * (ALPHA * a) + ALPHA * a * p, array.dtype)
    scaled = times(wrap(dtypes.converted(noise * a, array.dtype)))
    return scaled.add_(wrap(shift)) if inplace else scaled.add(wrap(shift))  # type: ignore[no-any-return]


def _family(name: str, feature: bool, alpha: bool, text: str) -> None:
    def public(input: Tensor, p: float, train: bool) -> Tensor:
        return _dropped(input, p, train, feature, alpha, False)

    def written(input: Tensor, p: float, train: bool) -> Tensor:
        return _dropped(input, p, train, feature, alpha, True)

    public.__doc__ = f"{text}, in training."
    written.__doc__ = f"{text}, in training, written into the tensor."
    function(name=name, method=False)(public)
    function(name=name + "_", method=False)(written)


_family("dropout", False, False, "Elements left out with probability p, the others enlarged by as much")
_family("feature_dropout", True, False, "Channels left out with probability p, the others enlarged by as much")
_family("alpha_dropout", False, True, "Elements set to selu's lowest value with probability p, mean and variance kept")
_family("feature_alpha_dropout", True, True, "Channels set to selu's lowest value, mean and variance kept")


@function(method=False)
def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """Dropout and its mask."""
    array = input._array
    if train is False or not array.size:
        mask, scale = np.ones_like(array, bool if array.size else array.dtype), 1.0
    else:
        if array.dtype.kind != "f":
            raise RuntimeError("result type Float can't be cast to the desired output type Long")
        mask = kept(array, p, False, np.dtype(bool))
        scale = 0.0 if p == 1 else 1 / (1 - p)
    found = wrap(mask)
    return ops._native_dropout(input, found, scale=scale), found


# -- nn.functional -------------------------------------------------------------------------------------------


def _checked(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


@function("nn.functional", method=False, name="dropout")
def functional_dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Elements left out with probability p, the others enlarged by as much, in training."""
    _checked(p)
    return _dropped(input, p, training, False, False, inplace)


@function("nn.functional", method=False, name="alpha_dropout")
def functional_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Elements set to selu's lowest value with probability p, mean and variance kept, in training."""
    _checked(p)
    return _dropped(input, p, training, False, True, inplace)


@function("nn.functional", method=False, name="feature_alpha_dropout")
def functional_feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Channels set to selu's lowest value with probability p, mean and variance kept, in training."""
    _checked(p)
    return _dropped(input, p, training, True, True, inplace)


@function("nn.functional", method=False)
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Channels of (N, C, L) or (C, L) left out with probability p, the others enlarged by as much, in training."""
    _checked(p)
    ndim = input._array.ndim
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch "
            "dimension (i.e. 2D or 3D inputs)."
        )
    return _by_channel(input, p, training, inplace, ndim == 2)


@function("nn.functional", method=False)
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Channels of (N, C, H, W) left out with probability p, the others enlarged by as much, in training."""
    _checked(p)
    ndim = input._array.ndim
    if ndim not in (3, 4):
        warnings.warn(_deprecated("dropout2d", ndim, 2, "3-D or 4-D"), UserWarning, stacklevel=3)
    if ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a "
            "future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain "
            "the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
            UserWarning,
            stacklevel=3,
        )
    return _by_channel(input, p, training, inplace, False)


@function("nn.functional", method=False)
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Channels of (N, C, D, H, W) or (C, D, H, W) left out with probability p, in training."""
    _checked(p)
    ndim = input._array.ndim
    if ndim not in (4, 5):
        warnings.warn(_deprecated("dropout3d", ndim, 3, "4-D or 5-D"), UserWarning, stacklevel=3)
    return _by_channel(input, p, training, inplace, ndim == 4)


def _deprecated(name: str, ndim: int, spatial: int, wanted: str) -> str:
    return (
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future "
        "release. To retain the behavior and silence this warning, please use dropout instead. Note that "
        f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel "
        f"dimension, and an optional batch dimension (i.e. {wanted} inputs)."
    )


def _by_channel(input: Tensor, p: float, training: bool, inplace: bool, alone: bool) -> Tensor:
    if not alone:
        return _dropped(input, p, training, True, False, inplace)
    if inplace:
        return _dropped(input.unsqueeze_(0), p, training, True, False, True).squeeze_(0)  # type: ignore[attr-defined,no-any-return]
    return _dropped(input.unsqueeze(0), p, training, True, False, False).squeeze(0)  # type: ignore[attr-defined,no-any-return]


@function("nn.functional", method=False)
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample in which classes weigh as much as chance likes them; `hard`: the winner takes 1, gradients stay soft."""
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", UserWarning, stacklevel=3)
    waits = exponential_(wrap(np.empty(logits._array.shape, logits._array.dtype)))
    soft: Any = ((logits - ops.log(waits)) / tau).softmax(dim)  # type: ignore[attr-defined,operator]
    if not hard:
        return soft  # type: ignore[no-any-return]
    chosen = ops.zeros_like(soft.detach()).scatter_(dim, soft.argmax(dim, keepdim=True), 1.0)  # type: ignore[attr-defined]
    return chosen - soft.detach() + soft  # type: ignore[no-any-return]
