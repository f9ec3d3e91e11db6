"""Complex numbers taken apart and put together, with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.batched import Batched
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


def _is_complex(x: Tensor) -> bool:
    return x._array.dtype.kind == "c"  # type: ignore[no-any-return]


# -- conjugates -----------------------------------------------------------------------------------------------


@function()
def conj(input: Tensor) -> Tensor:
    """The conjugate, computed at once: nothing here is conjugated lazily."""
    return ops.conj(input)  # type: ignore[no-any-return]


@function(out=True)
def conj_physical(input: Tensor) -> Tensor:
    """The conjugate in memory of its own; a real tensor is its own."""
    return ops.conj_physical0(input) if _is_complex(input) else input


@function("Tensor", method=True)
def conj_physical_(self: Tensor) -> Tensor:
    """The conjugate, in place."""
    return assign(self, ops.conj_physical1)


@function()
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, since nothing here is conjugated lazily."""
    return input


@function()
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself, since nothing here is negated lazily."""
    return input


@function()
def is_conj(input: Tensor) -> bool:
    """False, since nothing here is conjugated lazily."""
    return False


@function()
def is_neg(input: Tensor) -> bool:
    """False, since nothing here is negated lazily."""
    return False


@function()
def positive(input: Tensor) -> Tensor:
    """The tensor itself. Raises RuntimeError for bool."""
    if input._array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# -- parts ----------------------------------------------------------------------------------------------------


@function(method=False)
def view_as_real(input: Tensor) -> Tensor:
    """The real and the imaginary parts along a last dimension of size 2, as a view."""
    if not _is_complex(input):
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return ops.view_as_real(input)  # type: ignore[no-any-return]


@function(method=False)
def view_as_complex(input: Tensor) -> Tensor:
    """Complex numbers of the pairs along the last dimension, as a view. Raises RuntimeError where they lie apart."""
    array = input._array if isinstance(input, Batched) else input.memory()
    if array.dtype.kind != "f":
        title = {"complex64": "ComplexFloat", "complex128": "ComplexDouble"}.get(array.dtype.name)
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{title or dtypes.title(array.dtype)}"
        )
    if array.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if array.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    step = array.itemsize
    if array.strides[-1] != step:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(stride % (2 * step) for stride, n in zip(array.strides[:-1], array.shape) if n != 1):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if not isinstance(input, Batched) and input.storage_offset() % 2:  # type: ignore[attr-defined]
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    return ops.view_as_complex(input)  # type: ignore[no-any-return]


@function(method=False)
def real(input: Tensor) -> Tensor:
    """The real part, as a view; a real tensor is its own."""
    return ops.select(ops.view_as_real(input), dim=input._array.ndim, index=0) if _is_complex(input) else input


@function(method=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary part, as a view. Raises RuntimeError for real tensors."""
    if not _is_complex(input):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return ops.select(ops.view_as_real(input), dim=input._array.ndim, index=1)  # type: ignore[no-any-return]


@function(out=True)
def angle(input: Tensor) -> Tensor:
    """The angle from the positive real axis; of real numbers 0 or π."""
    if _is_complex(input):
        return ops.angle_of_complex(input)  # type: ignore[no-any-return]
    return ops.angle_of_real(cast(input, dtypes.floating(input._array.dtype)))  # type: ignore[no-any-return]


# -- put together -----------------------------------------------------------------------------------------------


@function(method=False, out="same")
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """real + imag * i of two real tensors of one dtype."""
    _need_parts("complex", real=real, imag=imag)
    return ops.complex(real, imag)  # type: ignore[no-any-return]


@function(method=False, out="same")
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """abs * (cos(angle) + sin(angle) * i) of two real tensors of one dtype."""
    _need_parts("polar", abs=abs, angle=angle)
    return ops.polar(abs, angle)  # type: ignore[no-any-return]


def _need_parts(name: str, **parts: Any) -> None:
    for place, (role, x) in enumerate(parts.items(), 1):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): argument '{role}' (position {place}) must be Tensor, not {type(x).__name__}")
    a, b = (x._array.dtype for x in parts.values())
    first, second = dtypes.title(a), dtypes.title(b)
    if a.kind != "f" or b.kind != "f" or dtypes.BRAIN in (a, b):
        raise RuntimeError(f"Expected both inputs to be Half, Float or Double tensors but got {first} and {second}")
    if a is not b:
        raise RuntimeError(f"Expected object of scalar type {first} but got scalar type {second} for second argument")
    if a.itemsize == 2:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Half'")
    try:
        np.broadcast_shapes(*(x._array.shape for x in parts.values()))
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(*(x._array.shape for x in parts.values()))) from None
