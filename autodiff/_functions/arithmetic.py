"""Arithmetic whose signature is more than its operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.function import function
from autodiff._core.inplace import assign, check_writable
from autodiff._core.promotion import cast, foreign, plain
from autodiff._core.registry import PRIMITIVES, ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor, wrap

Operand = Any  # a Tensor or a Python number


def _operand_dtype(*operands: Operand) -> np.dtype[Any]:
    return dtypes.result_type(x._array if isinstance(x, Tensor) else plain(x) for x in operands)


def _need_tensor(name: str, *operands: Operand) -> None:
    if not any(isinstance(x, Tensor) for x in operands):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(operands[0]).__name__}")


def _need_tensors(name: str, **operands: Operand) -> None:
    for place, (role, x) in enumerate(operands.items(), 1):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): argument '{role}' (position {place}) must be Tensor, not {type(x).__name__}")


def as_tensor(name: str, input: Operand, other: Operand) -> Operand:
    """A left operand that is a number, beside another number: torch takes it for a 0-dim tensor."""
    if isinstance(other, Tensor):
        return input
    if foreign(input) or foreign(other):
        _need_tensor(name, input, other)
    return wrap(np.asarray(input, dtypes.Default.of_number(plain(input))))


# -- arithmetic -----------------------------------------------------------------------------------------------


def _sum(name: str, input: Operand, other: Operand, alpha: Any) -> Tensor | None:
    """The sum of two floating or complex tensors as one node; None for other operands: they are scaled first."""
    if foreign(input) or not isinstance(other, Tensor) or isinstance(alpha, bool):
        return None
    d = _operand_dtype(input, other)
    if d.kind not in "fc" or not isinstance(alpha, (int, float) if d.kind == "f" else (int, float, complex)):
        return None
    if not isinstance(input, Tensor):
        input = wrap(np.asarray(input, d))
    return PRIMITIVES[f"_{name}_scaled"].op(input, other, alpha=alpha, dtype=d)  # type: ignore[no-any-return]


def _from_number(input: Tensor, other: Operand, alpha: Any) -> Tensor | None:
    """A number without so many times a floating or complex tensor, as one node; None for other operands."""
    d = _operand_dtype(input, other)
    numbers = (int, float) if d.kind == "f" else (int, float, complex)
    if any(isinstance(x, (bool, Tensor)) or not isinstance(x, numbers) for x in (other, alpha)) or d.kind not in "fc":
        return None
    return ops._rsub_scaled_from_number(input, other=other, alpha=alpha, dtype=d)  # type: ignore[no-any-return]


def _scaled(name: str, input: Operand, other: Operand, alpha: Any) -> Operand:
    _need_tensor(name, input, other)
    d = _operand_dtype(input, other)
    kind = d.kind
    if isinstance(alpha, bool) and kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, complex) and kind != "c":
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")
    if isinstance(alpha, float) and kind in "biu":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if kind == "b":
        return ops.mul(other, bool(alpha)) if isinstance(other, Tensor) else bool(other and alpha)
    if alpha == 1:
        return other
    return ops.mul(cast(other, d), alpha) if isinstance(other, Tensor) else other * alpha


@function(inplace=True, out=True)
def add(input: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other."""
    if not isinstance(input, Tensor):
        input = as_tensor("add", input, other)
    if type(alpha) is not int or alpha != 1:
        if (found := _sum("add", input, other, alpha)) is not None:
            return found
        other = _scaled("add", input, other, alpha)
    return ops.add(input, other)  # type: ignore[no-any-return]


@function(inplace=True, out=True, aliases=("subtract",))
def sub(input: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other."""
    if not isinstance(input, Tensor):
        input = as_tensor("sub", input, other)
    if type(alpha) is not int or alpha != 1:
        if (found := _sum("sub", input, other, alpha)) is not None:
            return found
        other = _scaled("sub", input, other, alpha)
    return ops.sub(input, other)  # type: ignore[no-any-return]


@function(method=False)
def rsub(input: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    _need_tensors("rsub", input=input)
    if type(alpha) is not int or alpha != 1:
        found = _sum("rsub", input, other, alpha) if isinstance(other, Tensor) else _from_number(input, other, alpha)
        if found is not None:
            return found
        input = _scaled("rsub", other, input, alpha)
    return ops._rsub(input, other) if isinstance(other, Tensor) else ops._rsub_from_number(input, other)  # type: ignore[no-any-return]


@function(inplace=True, out=True, aliases=("divide",))
def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient; with `rounding_mode` "floor" or "trunc" rounded, and of integers an integer."""
    if not isinstance(input, Tensor):
        input = as_tensor("div", input, other)
    if rounding_mode is None:
        return ops.div(input, other)  # type: ignore[no-any-return]
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return ops._divide_floor(input, other) if rounding_mode == "floor" else ops._divide_trunc(input, other)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def true_divide(input: Operand, other: Operand) -> Tensor:
    """The quotient."""
    return div(input, other)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def copysign(input: Tensor, other: Operand) -> Tensor:
    """The size of input with the sign of other, also of a zero."""
    _need_tensors("copysign", input=input)
    return ops._copysign(input, other) if isinstance(other, Tensor) else ops._copysign_of_number(input, other)  # type: ignore[no-any-return]


@function("Tensor", method=True, aliases=("absolute_",))
def abs_(self: Tensor) -> Tensor:
    """The absolute value, in place. Raises RuntimeError for complex tensors, whose dtype could not stay."""
    if self._array.dtype.kind == "c":
        check_writable(self, ())
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return assign(self, ops.abs)


# -- three operands -------------------------------------------------------------------------------------------


def _together(name: str, input: Tensor, tensor1: Tensor, tensor2: Tensor) -> tuple[Tensor, ...]:
    _need_tensors(name, input=input, tensor1=tensor1, tensor2=tensor2)
    d = _operand_dtype(input, tensor1, tensor2)
    if d.kind == "b":
        raise NotImplementedError(f"\"{name}_cpu_out\" not implemented for 'Bool'")
    return tuple(cast(x, d) for x in (input, tensor1, tensor2))


@function(inplace=True, out=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    input, tensor1, tensor2 = _together("addcmul", input, tensor1, tensor2)
    return ops.addcmul(input, tensor1, tensor2, value=_factor(value, input))  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value * tensor1 / tensor2. Raises RuntimeError for two integer tensors."""
    _need_tensors("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if tensor1._array.dtype.kind in "biu" and tensor2._array.dtype.kind in "biu":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
            "true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value "
            "* torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value "
            "* tensor1 / tensor2), for all dtypes."
        )
    input, tensor1, tensor2 = _together("addcdiv", input, tensor1, tensor2)
    return ops.addcdiv(input, tensor1, tensor2, value=_factor(value, input))  # type: ignore[no-any-return]


def _factor(value: Any, input: Tensor) -> Any:
    """A Python number in the kind of dtype that it meets."""
    kind = input._array.dtype.kind
    if isinstance(value, complex) and kind != "c":
        raise RuntimeError("value cannot be converted to type double without overflow")
    if kind in "iu":
        return int(np.asarray(int(value)).astype(input._array.dtype))
    return int(value) if isinstance(value, bool) else value


@function(inplace=True, out="same")
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input); the weight is a number or a tensor."""
    _need_tensors("lerp", input=input, end=end)
    own = input._array.dtype
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, Tensor) and x._array.dtype is not own and (name == "end" or x._array.ndim):
            raise RuntimeError(
                f"expected dtype {dtypes.of(input._array)} for `{name}` but got dtype {dtypes.of(x._array)}"
            )
    by = "tensor" if isinstance(weight, Tensor) else "scalar"
    d = _operand_dtype(input, end, weight) if isinstance(weight, Tensor) else own
    if d.kind not in "fc":
        raise NotImplementedError(f"\"lerp_kernel_{by}\" not implemented for '{dtypes.title(d)}'")
    if isinstance(weight, Tensor):
        return ops.lerp_by_tensor(cast(input, d), cast(end, d), cast(weight, d))  # type: ignore[no-any-return]
    return ops.lerp_by_number(input, end, weight=_factor(weight, input))  # type: ignore[no-any-return]


# -- powers of two --------------------------------------------------------------------------------------------


@function(inplace=True, out=True)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2 ** other."""
    _need_tensors("ldexp", input=input, other=other)
    d, exponent = dtypes.floating(_operand_dtype(input, other)), other._array.dtype
    if exponent.kind == "b" and input._array.dtype.kind == "f":
        raise NotImplementedError("\"ldexp_cpu_exp\" not implemented for 'Bool'")
    if exponent.kind == "b":
        other = ops.to(other, dtype=np.dtype("int64"))
    if d.char in "dD" and exponent.kind == "f" and not other._array.ndim:
        other = cast(other, np.dtype(np.float64))  # one number beside doubles is made one of them
    return ops.ldexp(cast(input, d), other)  # type: ignore[no-any-return]


@function(out=True)
def frexp(input: Tensor) -> Any:
    """input = mantissa * 2 ** exponent, the mantissa in [1/2, 1)."""
    if input._array.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return _Frexp(*ops.frexp(input))


_Frexp = named("frexp", "mantissa", "exponent")


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
            return ops.bitwise_or(input, not exponent)  # x ** 1 and x ** 0 are no powers to torch
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    try:
        if not isinstance(exponent, Tensor):
            return PRIMITIVES["pow"].general(cast(input, d), plain(exponent))
        if not isinstance(input, Tensor):
            return ops.power_of_number(cast(exponent, d), base=input)
        raised = ops._power_to_bool if exponent._array.dtype.kind == "b" else ops.power_of_tensors
        return raised(cast(input, d), cast(exponent, d))
    except (ValueError, OverflowError) as error:
        if d.kind in "iu":
            if not isinstance(exponent, Tensor) and exponent > 0:
                raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow") from None
            raise RuntimeError("Integers to negative integer powers are not allowed.") from None
        raise RuntimeError(errors.cannot_broadcast(input._array.shape, exponent._array.shape)) from error


@function(inplace=True, out=True)
def square(input: Tensor) -> Tensor:
    """input ** 2."""
    return ops.pow(input, 2)  # type: ignore[no-any-return]


@function(out="same")
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """The power computed in double precision."""
    _need_tensor("float_power", input, exponent)
    wide = _widest(input, exponent)
    # As in torch the casts are operators of their own: what `pow` saves are the copies.
    return ops.pow(*(ops.promoted(x, dtype=wide) if _narrow(x, wide) else x for x in (input, exponent)))  # type: ignore[no-any-return]


def _narrow(x: Operand, wide: np.dtype[Any]) -> bool:
    return isinstance(x, Tensor) and x._array.dtype is not wide


@function("Tensor", method=True)
def float_power_(self: Tensor, exponent: Operand) -> Tensor:
    """The power in place. Raises RuntimeError for a tensor that is not in double precision."""
    wide = _widest(self, exponent)
    if self._array.dtype is not wide:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {dtypes.title(self._array.dtype)} but the operation's result "
            f"requires dtype {dtypes.title(wide)}"
        )
    return assign(self, lambda before: float_power(before, exponent))


def _widest(*operands: Operand) -> np.dtype[Any]:
    return np.dtype("complex128" if _operand_dtype(*operands).kind == "c" else "float64")
