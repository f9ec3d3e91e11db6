"""Arithmetic whose signature is more than its operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.promotion import cast, foreign, plain
from autodiff._core.registry import PRIMITIVES, ops
from autodiff._core.tensor import Tensor, wrap

Operand = Any  # a Tensor or a Python number


def _operand_dtype(*operands: Operand) -> np.dtype[Any]:
    return dtypes.result_type(x._array if isinstance(x, Tensor) else plain(x) for x in operands)


def _need_tensor(name: str, *operands: Operand) -> None:
    if not any(isinstance(x, Tensor) for x in operands):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(operands[0]).__name__}")


# -- arithmetic -----------------------------------------------------------------------------------------------


def _scaled(name: str, input: Operand, other: Operand, alpha: Any) -> Operand:
    _need_tensor(name, input, other)
    d = _operand_dtype(input, other)
    kind = d.kind
    if isinstance(alpha, bool) and kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, (float, complex)) and kind in "biu":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if kind == "b":
        return ops.logical_and(other, bool(alpha)) if isinstance(other, Tensor) else bool(other and alpha)
    if alpha == 1:
        return other
    return ops.mul(cast(other, d), alpha) if isinstance(other, Tensor) else other * alpha


@function(inplace=True, out=True)
def add(input: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other."""
    if type(alpha) is not int or alpha != 1:
        other = _scaled("add", input, other, alpha)
    elif not isinstance(input, Tensor):
        _need_tensor("add", input, other)
    return ops.add(input, other)  # type: ignore[no-any-return]


@function(inplace=True, out=True, aliases=("subtract",))
def sub(input: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other."""
    if type(alpha) is not int or alpha != 1:
        other = _scaled("sub", input, other, alpha)
    elif not isinstance(input, Tensor):
        _need_tensor("sub", input, other)
    return ops.sub(input, other)  # type: ignore[no-any-return]


@function(method=False)
def rsub(input: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    return ops.sub(other, _scaled("rsub", other, input, alpha))  # type: ignore[no-any-return]


@function(inplace=True, out=True, aliases=("divide",))
def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient; with `rounding_mode` "floor" or "trunc" rounded, and of integers an integer."""
    if rounding_mode is None:
        if not isinstance(input, Tensor):
            _need_tensor("div", input, other)
        return ops.div(input, other)  # type: ignore[no-any-return]
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    _need_tensor("div", input, other)
    d = _operand_dtype(input, other)
    if d.kind in "biu" and not np.all(other._array if isinstance(other, Tensor) else other):
        raise RuntimeError("ZeroDivisionError")
    return ops._divide_floor(input, other) if rounding_mode == "floor" else ops._divide_trunc(input, other)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def floor_divide(input: Operand, other: Operand) -> Tensor:
    """The quotient rounded down."""
    return div(input, other, rounding_mode="floor")  # type: ignore[no-any-return]


@function("Tensor", method=True)
def abs_(self: Tensor) -> Tensor:
    """The absolute value, in place. Raises RuntimeError for complex tensors, whose dtype could not stay."""
    if self._array.dtype.kind == "c":
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return assign(self, ops.abs)


# -- powers ---------------------------------------------------------------------------------------------------


@function(inplace=True, out=True)
def pow(input: Operand, exponent: Operand) -> Tensor:
    """input to the power of exponent. Raises RuntimeError for integers to a negative integer power."""
    return ops.pow(input, exponent)  # type: ignore[no-any-return]


@function(name="_power", method=False)
def power(input: Operand, exponent: Operand) -> Any:
    """What `pow` leaves to the slower way: two tensors, a number as the base, and dtypes that need a promotion."""
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        if isinstance(input, np.ndarray | np.generic) or isinstance(exponent, np.ndarray | np.generic):
            return PRIMITIVES["pow"].kernel(input, exponent)
        _need_tensor("pow", input, exponent)
    input, exponent = (wrap(x) if isinstance(x, np.ndarray) else plain(x) for x in (input, exponent))
    for place, x in enumerate((input, exponent)):
        if foreign(x):
            name = ("input", "exponent")[place]
            raise TypeError(f"pow(): argument '{name}' (position {place + 1}) must be Tensor, not {type(x).__name__}")
    d = _operand_dtype(input, exponent)
    if d.kind == "b":
        if isinstance(exponent, bool) and isinstance(input, Tensor):
            return ops.logical_or(input, not exponent)  # x ** 1 and x ** 0 are no powers to torch
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    try:
        if not isinstance(exponent, Tensor):
            return PRIMITIVES["pow"].general(cast(input, d), plain(exponent))
        if not isinstance(input, Tensor):
            return ops.power_of_number(cast(exponent, d), base=input)
        return ops.power_of_tensors(cast(input, d), cast(exponent, d))
    except ValueError as error:
        if d.kind in "iu":
            raise RuntimeError("Integers to negative integer powers are not allowed.") from None
        raise RuntimeError(errors.cannot_broadcast(input._array.shape, exponent._array.shape)) from error


@function(inplace=True, out=True)
def square(input: Tensor) -> Tensor:
    """input ** 2."""
    return ops.pow(input, 2)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """The power computed in double precision."""
    wide = np.dtype("complex128" if _operand_dtype(input, exponent).kind == "c" else "float64")
    return ops.pow(*(cast(x, wide) if isinstance(x, Tensor) else x for x in (input, exponent)))  # type: ignore[no-any-return]
