"""beta times a tensor plus alpha times a product of matrices or vectors, with torch's checks of shapes and dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.promotion import plain
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.matmul import expands


def _matrices(*factors: tuple[str, Tensor, int]) -> None:
    for name, x, ndim in factors:
        if x._array.ndim != ndim:
            what = {1: "vector", 2: "matrix", 3: "3D tensor"}[ndim]
            raise RuntimeError(f"{name} must be a {what}, got {x._array.ndim}-D tensor")


def _of_one_dtype(kernel: str, input: Tensor, a: Tensor, b: Tensor, names: tuple[str, str]) -> None:
    """Raise unless all have one dtype, which is not bool."""
    for one, other, pair in ((a, b, names), (input, b, ("self", names[1]))):
        if one._array.dtype is not other._array.dtype:
            d, e = (dtypes.title(x._array.dtype) for x in (one, other))
            raise RuntimeError(f"{pair[0]} and {pair[1]} must have the same dtype, but got {d} and {e}")
    if a._array.dtype.kind == "b":
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


def _factor(value: Any, x: Tensor) -> Any:
    """alpha or beta as a Python number. Raises RuntimeError for a complex one of real tensors."""
    value = plain(value.item() if isinstance(value, Tensor) else value)
    if isinstance(value, complex) and x._array.dtype.kind != "c":
        if value.imag:
            raise RuntimeError("value cannot be converted to type float without overflow")
        value = value.real
    return int(value) if x._array.dtype.kind in "iu" else value


@function(inplace=True, out="same")
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); with beta 0 the input's nan and inf do not count."""
    _matrices(("mat1", mat1, 2), ("mat2", mat2, 2))
    a, b = mat1._array.shape, mat2._array.shape
    if a[1] != b[0]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})")
    _of_one_dtype("addmm_impl_cpu_", input, mat1, mat2, ("mat1", "mat2"))
    expands(input, (a[0], b[1]))
    return ops.addmm(input, mat1, mat2, beta=_factor(beta, input), alpha=_factor(alpha, input))  # type: ignore[no-any-return]


def _batches(batch1: Tensor, batch2: Tensor) -> tuple[int, int]:
    """The rows and columns of the products of two batches, checked."""
    _matrices(("batch1", batch1, 3), ("batch2", batch2, 3))
    a, b = batch1._array.shape, batch2._array.shape
    if a[0] != b[0] or a[2] != b[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a[0]}, {a[2]}] "
            f"but got: [{b[0]}, {b[1]}]."
        )
    return a[1], b[2]


@function(inplace=True, out="same")
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), batch by batch."""
    room = _batches(batch1, batch2)
    _of_one_dtype("baddbmm", input, batch1, batch2, ("batch1", "batch2"))
    expands(input, (batch1._array.shape[0], *room))
    return ops.baddbmm(input, batch1, batch2, beta=_factor(beta, input), alpha=_factor(alpha, input))  # type: ignore[no-any-return]


@function(inplace=True, out="same")
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * the sum of the products of two batches."""
    room = _batches(batch1, batch2)
    _of_one_dtype("addmm_impl_cpu_", input, batch1, batch2, ("batch1", "batch2"))
    expands(input, room)
    return ops.addbmm(input, batch1, batch2, beta=_factor(beta, input), alpha=_factor(alpha, input))  # type: ignore[no-any-return]


@function(inplace=True, out="same")
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    a, b, c = mat._array.shape, vec._array.shape, input._array.shape
    if len(a) != 2 or len(b) != 1 or len(c) > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {len(c)}, {len(a)}, {len(b)}")
    if a[1] != b[0] or (c and c[0] not in (1, a[0])):
        raise RuntimeError(f"size mismatch, got input ({c[0] if c else 1}), mat ({a[0]}x{a[1]}), vec ({b[0]})")
    if not input._array.dtype is mat._array.dtype is vec._array.dtype:
        d, e, f = (dtypes.title(x._array.dtype) for x in (input, mat, vec))
        raise RuntimeError(f"addmv input tensors must have the same dtype, but got {d}, {e}, and {f}")
    if mat._array.dtype.kind == "b":
        raise NotImplementedError("\"addmv_impl_cpu\" not implemented for 'Bool'")
    return ops.addmv(input, mat, vec, beta=_factor(beta, input), alpha=_factor(alpha, input))  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (vec1 outer vec2), in their common dtype; of bools the logic."""
    _matrices(("vec1", vec1, 1), ("vec2", vec2, 1))
    expands(input, (vec1._array.size, vec2._array.size))
    given = (input, vec1, vec2)
    target = dtypes.result_type([x._array for x in given])
    if target.kind in "biu":
        for name, value in (("beta", beta), ("alpha", alpha)):
            if isinstance(value, (float, complex, np.floating)):
                raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    given = tuple([x if x._array.dtype is target else ops.promoted(x, dtype=target) for x in given])  # type: ignore[assignment]
    return ops.addr(*given, beta=_factor(beta, given[0]), alpha=_factor(alpha, given[0]))  # type: ignore[no-any-return]
