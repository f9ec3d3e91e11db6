"""Reductions with torch's signatures: over everything, over one dimension, over several."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import dims as several_dims
from autodiff._core.arguments import numpy_dtype
from autodiff._core.function import function
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor

Dims = Any  # None, an int, or several

max_results = named("max", "values", "indices")
min_results = named("min", "values", "indices")
aminmax_results = named("aminmax", "min", "max")


def over(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce: None and () mean all of them; a 0-dim tensor has none to give."""
    if dim is None:
        return tuple(range(ndim))
    if type(dim) is int and ndim:
        return (one_dim(dim, ndim),)
    found = several_dims(dim, ndim)
    return (found or tuple(range(ndim))) if ndim else ()


def _accumulating(input: Tensor, dtype: Any) -> Tensor:
    """The input in the dtype that sums and products are taken in: integers and bool in int64."""
    own = input._array.dtype
    wanted = numpy_dtype(dtype, dtypes.int64.numpy if own.kind in "biu" else own)
    return cast(input, wanted)


def _floating(input: Tensor) -> Tensor:
    own = input._array.dtype
    return input if own.kind in "fc" else ops.to(input, dtype=dtypes.Default.real)  # type: ignore[no-any-return]


def _check_tensor(name: str, input: Any) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")


def _check_not_empty(name: str, input: Tensor, dim: Dims) -> tuple[int, ...]:
    """The dimensions of an extreme. Raises where there is nothing to choose from."""
    shape = input._array.shape
    dims = over(dim, len(shape))
    if not input._array.size:
        if dim is None or dim == ():
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                "with the 'dim' argument."
            )
        for d in dims:
            if not shape[d]:
                raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    return dims


def _check_ordered(name: str, input: Tensor) -> None:
    if input._array.dtype.kind == "c":
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


# -- sums and products ----------------------------------------------------------------------------------------


@function(out=True)
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum; of integers and bool in int64 unless `dtype` says otherwise."""
    if dtype is not None or not isinstance(input, Tensor) or input._array.dtype.kind not in "fc":
        _check_tensor("sum", input)
        input = _accumulating(input, dtype)
    if dim is None and not keepdim:
        return ops.sum_all(input)  # type: ignore[no-any-return]
    return ops.sum(input, dims=over(dim, input._array.ndim), keepdim=keepdim)  # type: ignore[no-any-return]


@function(out=True)
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of what is not nan."""
    _check_tensor("nansum", input)
    if input._array.dtype.kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    if input._array.dtype.kind != "f":
        return sum(input, dim, keepdim, dtype=dtype)  # type: ignore[no-any-return]
    wanted = numpy_dtype(dtype, input._array.dtype)
    if wanted.kind != "f":
        return sum(ops.where(ops.isnan(input), 0, input), dim, keepdim, dtype=dtype)  # type: ignore[no-any-return]
    dims = over(dim, input._array.ndim)
    return ops.nansum(cast(input, wanted), dims=dims, keepdim=keepdim)  # type: ignore[no-any-return]


@function(out=True)
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of what is not nan. Raises RuntimeError for integers and bool."""
    _check_tensor("nanmean", input)
    if input._array.dtype.kind in "biu":
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{dtypes.title(input._array.dtype)}"
        )
    counted = ops.sum(input == input, dims=over(dim, input._array.ndim), keepdim=keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / counted  # type: ignore[no-any-return]


@function(out=True)
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean. Raises RuntimeError for integers and bool, unless `dtype` is a floating one."""
    _check_tensor("mean", input)
    own = input._array.dtype
    wanted = numpy_dtype(dtype, own)
    if wanted.kind in "biu":
        which = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
            f"Got: {dtypes.title(wanted)}"
        )
    input = cast(input, wanted)
    if dim is None and not keepdim:
        return ops.mean_all(input)  # type: ignore[no-any-return]
    return ops.mean(input, dims=over(dim, input._array.ndim), keepdim=keepdim)  # type: ignore[no-any-return]


@function(out=True)
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product, of everything or along one dimension; of integers and bool in int64."""
    _check_tensor("prod", input)
    input = _accumulating(input, dtype)
    if dim is None:
        return ops.prod_all(input)  # type: ignore[no-any-return]
    return ops.prod(input, dim=one_dim(dim, input._array.ndim), keepdim=keepdim)  # type: ignore[no-any-return]


# -- extremes -------------------------------------------------------------------------------------------------


@function(out=True)
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest element; ties share the gradient evenly."""
    _check_ordered("max_values_cpu", input)
    return ops.amax(input, dims=_check_not_empty("amax", input, dim), keepdim=keepdim)  # type: ignore[no-any-return]


@function(out=True)
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest element; ties share the gradient evenly."""
    _check_ordered("min_values_cpu", input)
    return ops.amin(input, dims=_check_not_empty("amin", input, dim), keepdim=keepdim)  # type: ignore[no-any-return]


@function(out=True)
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element (ties share the gradient); along `dim` also its first index; of two tensors, `maximum`."""
    if isinstance(dim, Tensor) or other is not None:
        return ops.maximum(input, dim if other is None else other)
    if dim is None:
        _check_ordered("max_all", input)
        return ops.max_all(input, dims=_check_not_empty("max", input, None), keepdim=False)
    _check_ordered("max", input)
    (d,) = _check_not_empty("max", input, one_dim(dim, input._array.ndim)) or (0,)
    return max_results(*ops.max_at(input, dim=d, keepdim=keepdim))


@function(out=True)
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element (ties share the gradient); along `dim` also its first index; of two tensors, `minimum`."""
    if isinstance(dim, Tensor) or other is not None:
        return ops.minimum(input, dim if other is None else other)
    if dim is None:
        _check_ordered("min_all", input)
        return ops.min_all(input, dims=_check_not_empty("min", input, None), keepdim=False)
    _check_ordered("min", input)
    (d,) = _check_not_empty("min", input, one_dim(dim, input._array.ndim)) or (0,)
    return min_results(*ops.min_at(input, dim=d, keepdim=keepdim))


@function(out=True)
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element; ties share the gradient evenly."""
    _check_ordered("aminmax_cpu", input)
    shape = input._array.shape
    dims = over(dim if dim is None else one_dim(dim, len(shape)), len(shape))
    if not input._array.size:
        if dim is None:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
            )
        for d in dims:
            if not shape[d]:
                raise IndexError(f"aminmax: Expected reduction dim {d} to have non-zero size.")
    return aminmax_results(*ops.aminmax(input, dims=dims, keepdim=keepdim))


# -- moments --------------------------------------------------------------------------------------------------


def _degrees(name: str, input: Tensor, dim: Any, unbiased: bool | None, correction: Any) -> dict[str, Any]:
    """The dimensions (and whether none was named) and the correction, from torch's newer and older signatures."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if input._array.dtype.kind in "biu":
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    if unbiased is not None:
        if correction is not None:
            raise TypeError(f"{name}: takes unbiased or correction, not both")
        correction = 1 if unbiased else 0
    ndim = input._array.ndim
    whole = dim is None or not ndim
    return {"dims": over(dim, ndim), "whole": whole, "correction": 1 if correction is None else correction}


@function(out=True)
def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance; `correction` (1) is subtracted from the number of elements."""
    over_what = _degrees("std and var", input, dim, unbiased, correction)
    return ops.var(input, **over_what, keepdim=keepdim)  # type: ignore[no-any-return]


@function(out=True)
def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation; `correction` (1) is subtracted from the number of elements."""
    over_what = _degrees("std and var", input, dim, unbiased, correction)
    return ops.std(input, **over_what, keepdim=keepdim)  # type: ignore[no-any-return]


@function(method=False)
def var_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean; `correction` (1) is subtracted from the number of elements."""
    over_what = _degrees("var_mean", input, dim, unbiased, correction)
    return ops.var_mean(input, **over_what, keepdim=keepdim)  # type: ignore[no-any-return]


@function(method=False)
def std_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean; `correction` (1) is subtracted from the number of elements."""
    over_what = _degrees("std_mean", input, dim, unbiased, correction)
    return ops.std_mean(input, **over_what, keepdim=keepdim)  # type: ignore[no-any-return]


@function("", "special", out=True)
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials, safe for large elements."""
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' (position 1) must be tuple of ints, not NoneType")
    input = _floating(input)
    array = input._array
    if array.ndim and array.size and not keepdim and not isinstance(dim, int) and not len(dim):
        raise RuntimeError(f"output with shape [] doesn't match the broadcast shape {[1] * array.ndim}")
    return ops.logsumexp(input, dims=over(dim, array.ndim), keepdim=keepdim)  # type: ignore[no-any-return]


# -- truth ----------------------------------------------------------------------------------------------------


def _truth(name: str, input: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    _check_tensor(name, input)
    dims = () if dim == () else over(dim, input._array.ndim)
    mask = input if input._array.dtype.kind == "b" else ops.ne(input, 0)
    result: Tensor = getattr(ops, name)(mask, dims=dims, keepdim=keepdim)
    return ops.to(result, dtype=np.dtype("uint8")) if input._array.dtype == np.uint8 else result  # type: ignore[no-any-return]


@function(out="discrete")
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are true (not zero)."""
    return _truth("all", input, dim, keepdim)


@function(out="discrete")
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether some element is true (not zero)."""
    return _truth("any", input, dim, keepdim)


@function()
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not zero; nan is not."""
    _check_tensor("count_nonzero", input)
    return ops.nonzeros(input, dims=over(dim, input._array.ndim))  # type: ignore[no-any-return]


@function("Tensor", method=True)
def sum_to_size(self: Tensor, *size: Any, **by_name: Any) -> Tensor:
    """The sum over the dimensions along which `size` would be broadcast to this shape: what `expand` does, undone."""
    wanted, shape = arguments.sizes(size, by_name), self._array.shape
    lead = len(shape) - len(wanted)
    if lead < 0 or [n for n, m in zip(wanted, shape[lead:]) if n not in (1, m)]:
        raise RuntimeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(shape)}}}.")
    dims = [d for d in range(len(shape)) if d < lead or (wanted[d - lead] == 1 and shape[d] != 1)]
    if not dims:
        return self
    found = sum(self, dims, keepdim=True)
    return ops.view(found, shape=wanted) if lead else found  # type: ignore[no-any-return]
