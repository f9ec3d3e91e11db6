"""Choices whose signature is more than their operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.modes import state
from autodiff._core.packing import rename
from autodiff._core.promotion import cast, foreign, plain
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap


@function(inplace=True, out=True, aliases=("clip",))
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """input between bounds that are numbers or tensors; where they cross, the upper bound wins."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if input._array.dtype.kind == "c" or any(isinstance(plain(x), complex) for x in (min, max)):
        raise NotImplementedError("clamp is not supported for complex types")
    for name, x in (("min", min), ("max", max)):
        if x is not None and foreign(x):
            raise TypeError(f"clamp(): argument '{name}' must be Tensor or Number, not {type(x).__name__}")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        return ops.clamp_to_tensors(*_of_one_dtype(input, min, max))  # type: ignore[no-any-return]
    d = _dtype(input, min, max)
    if d.kind == "b":
        raise NotImplementedError("\"clamp_scalar_cpu\" not implemented for 'Bool'")
    return ops.clamp_to_numbers(cast(input, d), low=min, high=max)  # type: ignore[no-any-return]


def _of_one_dtype(input: Tensor, *bounds: Any) -> tuple[Any, ...]:
    """The tensor and its bounds, of which one may be missing, as tensors of one dtype."""
    d = _dtype(input, *bounds)
    if d.kind == "c" or (d.kind == "b" and sum(x is not None for x in bounds) == 2):
        raise NotImplementedError(f"\"clamp_cpu\" not implemented for '{dtypes.title(d)}'")
    tensors = (x if x is None or isinstance(x, Tensor) else wrap(np.asarray(x)) for x in bounds)
    return cast(input, d), *(x if x is None else cast(x, d) for x in tensors)


@function(inplace=True, out=True)
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """input, at least `min`."""
    if isinstance(min, Tensor):
        return ops.clamp_to_low(*_of_one_dtype(input, min))  # type: ignore[no-any-return]
    return _named(clamp(input, min), "ClampMinBackward0")


@function(inplace=True, out=True)
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """input, at most `max`."""
    if isinstance(max, Tensor):
        return ops.clamp_to_high(*_of_one_dtype(input, max))  # type: ignore[no-any-return]
    return _named(clamp(input, None, max), "ClampMaxBackward0")


def _named(result: Tensor, title: str) -> Tensor:
    """torch has a derivative for one number alone, of each kind."""
    if result._node is not None:
        rename(result._node, title)
    return result


@function(inplace=True, out="same")
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """1 above 0, `values` at 0, else 0. Raises RuntimeError for two dtypes."""
    for place, (role, x) in enumerate((("input", input), ("values", values)), 1):
        if not isinstance(x, Tensor):
            raise TypeError(f"heaviside(): argument '{role}' (position {place}) must be Tensor, not {type(x).__name__}")
    if input._array.dtype.kind == "c" or values._array.dtype.kind == "c":
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input._array.dtype is not values._array.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return ops._heaviside(input, values)  # type: ignore[no-any-return]


@function(out="same")
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """nan and the infinities replaced: by 0 and by the largest finite numbers, or by what is given."""
    if input._array.dtype.kind == "c" and state.grad and input._node is not None:
        raise RuntimeError("nan_to_num does not support automatic differentiation for outputs with complex dtype.")
    return _replaced(input, nan, posinf, neginf)


@function("Tensor", method=True)
def nan_to_num_(
    self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """nan and the infinities replaced, in place, where torch differentiates complex tensors too."""
    return assign(self, lambda before: _replaced(before, nan, posinf, neginf))


def _replaced(input: Tensor, nan: float | None, posinf: float | None, neginf: float | None) -> Tensor:
    for name, x in (("nan", nan), ("posinf", posinf), ("neginf", neginf)):
        if x is not None and not isinstance(x, (float, int)):
            raise TypeError(f"nan_to_num(): argument '{name}' must be float, not {type(x).__name__}")
    return ops.nan_to_num(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)  # type: ignore[no-any-return]


def _dtype(*operands: Any) -> np.dtype[Any]:
    given = (x for x in operands if x is not None)
    return dtypes.result_type(x._array if isinstance(x, Tensor) else plain(x) for x in given)
