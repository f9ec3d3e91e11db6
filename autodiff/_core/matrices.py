"""torch's checks of arguments that are batches of matrices; knows no operator but the name it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.errors import LinAlgError
from autodiff._core.tensor import Tensor

Tolerance = float | Tensor | None


def check_matrix(name: str, x: Any, called: str = "A") -> None:
    """Raise RuntimeError for less than two dimensions, TypeError for what is no tensor."""
    if not isinstance(x, Tensor):
        short = name.replace("linalg.", "linalg_")
        raise TypeError(f"{short}(): argument '{called}' (position 1) must be Tensor, not {type(x).__name__}")
    if x._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {called} must have at least 2 dimensions.")


def check_square(name: str, x: Any) -> None:
    """Raise RuntimeError for anything but batches of square matrices."""
    check_matrix(name, x)
    rows, columns = x._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {rows} by {columns} matrices")


def check_floating(name: str, x: Tensor, half: bool = False) -> None:
    """Raise RuntimeError for integers, and for floats of two bytes unless `half`."""
    d = x._array.dtype
    if d.kind not in "fc":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {dtypes.title(d)}")
    if dtypes.is_half(d) and not half:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {dtypes.title(d)}")


def check_kernel(kernel: str, x: Tensor) -> None:
    """Raise NotImplementedError for dtypes that LAPACK has no routine for, by torch's name of the kernel."""
    d = x._array.dtype
    if d.kind not in "fc" or dtypes.is_half(d):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.title(d)}'")


def check_same_dtype(name: str, a: Tensor, b: Tensor, called: tuple[str, str] = ("A", "B")) -> None:
    d, e = a._array.dtype, b._array.dtype
    if d != e:
        raise RuntimeError(
            f"{name}: Expected {called[0]} and {called[1]} to have the same dtype, but found {called[0]} of type "
            f"{dtypes.title(d)} and {called[1]} of type {dtypes.title(e)} instead"
        )


def check_fits(name: str, A: Tensor, B: Tensor, left: bool) -> None:
    """Raise RuntimeError unless the equation AX = B (or XA = B) has shapes that fit."""
    check_square(name, A)
    check_matrix(name, B, "B")
    a, b = A._array.shape, B._array.shape
    if a[-2] != b[-2 if left else -1]:
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} ({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})"
        )


def check_batches(A: Any, B: Any) -> None:
    """Raise RuntimeError for batches that do not broadcast."""
    common_batch(A.shape[:-2], B.shape[:-2])


def common_batch(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that two batches broadcast to. Raises RuntimeError."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(a, b)) from None


@contextmanager
def renamed(before: str, after: str) -> Iterator[None]:
    """Within, a RuntimeError of one operator is told as another's."""
    try:
        yield
    except RuntimeError as error:
        raise RuntimeError(str(error).replace(before, after)) from None


def failed(name: str, info: Any, sentence: str, error: type[Exception] = LinAlgError) -> Exception:
    """The error of the first matrix that LAPACK could not take; `{}` in the sentence is its code."""
    codes = info.reshape(-1)
    first = int((codes != 0).argmax())
    which = f"(Batch element {first}): " if info.ndim else ""
    return error(f"{name}: {which}" + sentence.format(int(codes[first])))


def tolerances(A: Tensor, atol: Tolerance, rtol: Tolerance) -> tuple[Any, Any]:
    """What singular values are compared with, in torch's defaults: a number or array each."""
    absolute: Any = atol._array if isinstance(atol, Tensor) else atol
    relative: Any = rtol._array if isinstance(rtol, Tensor) else rtol
    if relative is None:
        # An absolute tolerance alone stands alone.
        alone = absolute is not None and bool(np.any(np.asarray(absolute) > 0))
        epsilon = float(np.finfo(A._array.dtype).eps)
        relative = 0.0 if alone else epsilon * max(A._array.shape[-2:])
    return 0.0 if absolute is None else absolute, relative
