"""Roundings whose signature is more than their operands."""

from __future__ import annotations

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


@function(inplace=True, out=True)
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """To the nearest whole number or decimal place, halves to even."""
    if decimals == 0:
        return ops.round(input)  # type: ignore[no-any-return]
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"round_cpu\" not implemented for '{dtypes.title(input._array.dtype)}'")
    return ops.round_to(input, decimals=decimals)  # type: ignore[no-any-return]
