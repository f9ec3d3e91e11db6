"""Running sums and products with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import numpy_dtype
from autodiff._core.function import function
from autodiff._core.inplace import assign, check_writable
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor

Largest = named("cummax", "values", "indices")
Smallest = named("cummin", "values", "indices")
#: The namespace of what is a method only.
METHOD = "Tensor"


def _refuse_bool(name: str, x: Tensor, wanted: np.dtype[Any]) -> None:
    if wanted.kind == "b" and x._array.ndim and x._array.size:
        raise NotImplementedError(f"\"{name}_out_cpu\" not implemented for 'Bool'")


def _accumulating(name: str, input: Tensor, dtype: Any) -> Tensor:
    own = input._array.dtype
    wanted = numpy_dtype(dtype, dtypes.int64.numpy if own.kind in "biu" else own)
    _refuse_bool(name, input, wanted)
    return cast(input, wanted)


@function(out=True)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum; of integers and bool in int64."""
    d = one_dim(dim, input._array.ndim)
    return ops.cumsum(_accumulating("cumsum", input, dtype), dim=d, reverse=False)  # type: ignore[no-any-return]


@function(out=True)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product; of integers and bool in int64."""
    d = one_dim(dim, input._array.ndim)
    return ops.cumprod(_accumulating("cumprod", input, dtype), dim=d, reverse=False)  # type: ignore[no-any-return]


def _extreme(name: str, input: Tensor, dim: int) -> Any:
    if input._array.dtype.kind == "c":
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{dtypes.title(input._array.dtype)}'")
    return getattr(ops, name)(input, dim=one_dim(dim, input._array.ndim))


@function(out=True)
def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far, and the last place where it stood."""
    return Largest(*_extreme("cummax", input, dim))


@function(out=True)
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far, and the last place where it stood."""
    return Smallest(*_extreme("cummin", input, dim))


@function(out=True)
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The logarithm of the running sum of exponentials."""
    d = one_dim(dim, input._array.ndim)
    if input._array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{dtypes.title(input._array.dtype)}'")
    return ops.logcumsumexp(input, dim=d)  # type: ignore[no-any-return]


def _check_own(self: Tensor, dtype: Any) -> None:
    given = numpy_dtype(dtype, self._array.dtype)
    if given is not self._array.dtype:
        raise RuntimeError(
            f"Bad in-place call: input tensor dtype {self._array.dtype.name} and output tensor dtype {given.name} "
            "should match"
        )


def _in_own_dtype(running: Any, self: Tensor, dim: int, dtype: Any) -> Tensor:
    """Written back in the tensor's own dtype, whatever the sum was taken in."""
    own = self._array.dtype
    check_writable(self)
    _check_own(self, dtype)
    _refuse_bool(running.__name__, self, own)
    if own.kind in "fc":
        return assign(self, lambda before: running(before, dim))
    return assign(self, lambda before: ops.to(running(before, dim), dtype=own))


@function(METHOD, method=True)
def cumsum_(self: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum, in place."""
    return _in_own_dtype(cumsum, self, dim, dtype)


@function(METHOD, method=True)
def cumprod_(self: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product, in place."""
    return _in_own_dtype(cumprod, self, dim, dtype)
