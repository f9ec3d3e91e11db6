"""Elementary functions whose signature is more than their operands."""

from __future__ import annotations

from typing import Any

from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


@function("", "special", inplace=True, out=True)
def xlogy(input: Any, other: Any) -> Tensor:
    """input * log(other), and 0 where input is."""
    if not isinstance(input, Tensor):
        if not isinstance(other, Tensor):
            raise TypeError(f"xlogy(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        return ops._xlogy_of_number(input, other)  # type: ignore[no-any-return]
    return ops._xlogy(input, other) if isinstance(other, Tensor) else ops._xlogy_by_number(input, other)  # type: ignore[no-any-return]
