"""Roundings whose signature is more than their operands."""

from __future__ import annotations

from typing import Any

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


@function("", "special", inplace=True, out="same")
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """To the nearest whole number or decimal place, halves to even."""
    if decimals == 0:
        return ops.round(input)  # type: ignore[no-any-return]
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"round_cpu\" not implemented for '{dtypes.title(input._array.dtype)}'")
    return ops.round_to(input, decimals=decimals)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def remainder(input: Any, other: Any) -> Tensor:
    """What division rounded down leaves, with the sign of other."""
    if not isinstance(input, Tensor):
        if not isinstance(other, Tensor):
            raise TypeError(f"remainder(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        return ops._remainder_of_number(input, other)  # type: ignore[no-any-return]
    return ops._remainder(input, other) if isinstance(other, Tensor) else ops._remainder_by_number(input, other)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def fmod(input: Tensor, other: Any) -> Tensor:
    """What division rounded towards 0 leaves, with the sign of input."""
    if not isinstance(input, Tensor):
        raise TypeError(f"fmod(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return ops._fmod(input, other) if isinstance(other, Tensor) else ops._fmod_by_number(input, other)  # type: ignore[no-any-return]
