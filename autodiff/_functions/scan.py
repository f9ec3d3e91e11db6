"""Running sums and products with torch's signatures."""

from __future__ import annotations

from typing import Any

from autodiff._core import dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import numpy_dtype
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


def _accumulating(input: Tensor, dtype: Any) -> Tensor:
    own = input._array.dtype
    wanted = numpy_dtype(dtype, dtypes.int64.numpy if own.kind in "biu" else own)
    return input if own is wanted else ops.to(input, dtype=wanted)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum; of integers and bool in int64."""
    d = one_dim(dim, input._array.ndim)
    return ops.cumsum(_accumulating(input, dtype), dim=d, reverse=False)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running product; of integers and bool in int64."""
    d = one_dim(dim, input._array.ndim)
    return ops.cumprod(_accumulating(input, dtype), dim=d, reverse=False)  # type: ignore[no-any-return]
