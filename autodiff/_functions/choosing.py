"""Choices whose signature is more than their operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.promotion import cast, plain
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap


@function(inplace=True, out=True, aliases=("clip",))
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """input between bounds that are numbers or tensors; where they cross, the upper bound wins."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if input._array.dtype.kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        return _clamp_to_tensors(input, min, max)
    d = _dtype(input, min, max)
    if d.kind == "b":
        raise NotImplementedError("\"clamp_scalar_cpu\" not implemented for 'Bool'")
    return ops.clamp_to_numbers(cast(input, d), low=min, high=max)  # type: ignore[no-any-return]


def _clamp_to_tensors(input: Tensor, low: Any, high: Any) -> Tensor:
    d = _dtype(input, low, high)
    bounds = [None if x is None else cast(x if isinstance(x, Tensor) else wrap(np.asarray(x)), d) for x in (low, high)]
    result = cast(input, d)
    if bounds[0] is not None and bounds[1] is not None:
        return ops.clamp_between(result, *bounds)  # type: ignore[no-any-return]
    return ops.clamp_high(result, bounds[1]) if bounds[0] is None else ops.clamp_low(result, bounds[0])  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """input, at least `min`."""
    return clamp(input, min)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """input, at most `max`."""
    return clamp(input, None, max)  # type: ignore[no-any-return]


def _dtype(*operands: Any) -> np.dtype[Any]:
    given = (x for x in operands if x is not None)
    return dtypes.result_type(x._array if isinstance(x, Tensor) else plain(x) for x in given)
