"""Comparisons and predicates whose signature or answer is more than their operands'."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels import comparison
from autodiff._kernels.flags import silently


def _need_tensors(name: str, **operands: Any) -> None:
    for place, (role, x) in enumerate(operands.items(), 1):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): argument '{role}' (position {place}) must be Tensor, not {type(x).__name__}")


@function(out="discrete same")
def isposinf(input: Tensor) -> Tensor:
    """Where input is positive infinity. Raises RuntimeError for complex tensors."""
    return _signed_infinity("isposinf", input, ops._isposinf)


@function(out="discrete same")
def isneginf(input: Tensor) -> Tensor:
    """Where input is negative infinity. Raises RuntimeError for complex tensors."""
    return _signed_infinity("isneginf", input, ops._isneginf)


def _signed_infinity(name: str, input: Tensor, test: Any) -> Tensor:
    _need_tensors(name, input=input)
    if input._array.dtype.kind == "c":
        raise RuntimeError(f"{name} does not support complex inputs.")
    return test(input)  # type: ignore[no-any-return]


@function()
def isreal(input: Tensor) -> Tensor:
    """Where the imaginary part is 0: everywhere in real tensors."""
    return ops._isreal(input)  # type: ignore[no-any-return]


@function()
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where |input - other| <= atol + rtol * |other|; infinities are close to themselves only."""
    _need_tensors("isclose", input=input, other=other)
    a, b = input._array, other._array
    if a.dtype is not b.dtype:
        raise RuntimeError(f"{dtypes.title(a.dtype)} did not match {dtypes.title(b.dtype)}")
    for name, bound in (("rtol", rtol), ("atol", atol)):
        if not bound >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {bound:g}")
    if a.dtype.kind not in "fc":
        return wrap(silently(comparison.close_integers, a, b, rtol, atol, dtypes.Default.real))
    return wrap(silently(comparison.close, a, b, rtol, atol, equal_nan))


@function()
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close (see isclose), as a Python bool."""
    return bool(np.all(isclose(input, other, rtol, atol, equal_nan)._array))


@function()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements, as a Python bool; nan equals nothing."""
    _need_tensors("equal", input=input, other=other)
    a, b = input._array, other._array
    return a.shape == b.shape and bool(np.all(a == b))
