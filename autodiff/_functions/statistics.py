"""Medians, quantiles, modes and covariances, with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import whole
from autodiff._core.function import function
from autodiff._core.inplace import reshape_in_place
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor, wrap

median_results = named("median", "values", "indices")
nanmedian_results = named("nanmedian", "values", "indices")
kthvalue_results = named("kthvalue", "values", "indices")
mode_results = named("mode", "values", "indices")


def _check_ordered(name: str, input: Tensor, kinds: str) -> None:
    if input._array.dtype.kind in kinds:
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


def _axis(name: str, input: Tensor, dim: int) -> int:
    """A dimension with something to choose from. Raises IndexError if it has nothing."""
    shape = input._array.shape
    d = one_dim(dim, len(shape))
    if shape and not shape[d]:
        raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    return d


# -- by rank --------------------------------------------------------------------------------------------------


def _median(name: str, results: Any, input: Tensor, dim: int | None, keepdim: bool) -> Any:
    if dim is None:
        _check_ordered("median_cpu", input, "bc")
        return getattr(ops, f"{name}_all")(input)
    d = _axis("median", input, dim)
    _check_ordered("median_out", input, "bc")
    return results(*getattr(ops, f"{name}_at")(input, dim=d, keepdim=keepdim))


@function(out=True)
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the middle elements, nan if there is one; along `dim` also where it stands."""
    return _median("median", median_results, input, dim, keepdim)


@function(out=True)
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the middle elements that are not nan; along `dim` also where it stands."""
    return _median("nanmedian", nanmedian_results, input, dim, keepdim)


@function(out=True)
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along `dim`, counted from 1, and where it stands."""
    shape = input._array.shape
    d = _axis("kthvalue", input, dim)
    if not 1 <= whole(k, "k") <= (shape[d] if shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    _check_ordered("kthvalue_cpu", input, "bc")
    return kthvalue_results(*ops.kthvalue(input, k=whole(k, "k"), dim=d, keepdim=keepdim))


@function(out=True)
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along `dim` (of several the smallest), and where it stands last."""
    d = _axis("mode", input, dim)
    _check_ordered("mode_cpu", input, "c")
    return mode_results(*ops.mode(input, dim=d, keepdim=keepdim))


# -- quantiles ------------------------------------------------------------------------------------------------

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _shares(q: Any, input: Tensor) -> Tensor:
    """The shares asked for as a tensor of the input's dtype."""
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {float(q):g}")
        return wrap(np.asarray(q, input._array.dtype))
    if q._array.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if q._array.dtype != input._array.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if not np.all((q._array >= 0) & (q._array <= 1)):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return q


def _quantile(input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, ignore_nan: bool) -> Tensor:
    array = input._array
    if not array.size:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if array.dtype.char not in "fd":
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    shares = _shares(q, input)
    many = shares._array.ndim == 1
    ndim = array.ndim
    d = None if dim is None or not ndim else one_dim(dim, ndim)
    if dim is not None:
        one_dim(dim, ndim)
    rows = input.reshape(-1) if d is None else input.movedim(d, -1)
    ordered = ops.sort(rows, dim=rows._array.ndim - 1, descending=False)[0]
    picked = _interpolated(ordered, shares if many else shares.reshape(1), interpolation, ignore_nan)
    # The shares are the last dimension of what was picked; they are the first of the result.
    if keepdim and ndim:
        all_ones = (1,) * ndim + (-1,)
        reshape_in_place(picked, lambda x: x.view(all_ones) if d is None else ops.unsqueeze(x, dim=d))
    last = picked._array.ndim - 1
    if many:
        reshape_in_place(picked, lambda x: ops.transpose(ops.unsqueeze(x, dim=0), dim0=0, dim1=last + 1))
        last += 1
    return reshape_in_place(picked, lambda x: ops.squeeze1(x, dims=(last,)))


def _interpolated(ordered: Tensor, shares: Tensor, interpolation: str, ignore_nan: bool) -> Tensor:
    """What stands at these shares of the last dimension; where nan counts, one makes the whole row nan."""
    array = ordered._array
    own = array.dtype.type
    last = array.shape[-1] - 1
    lost = np.isnan(array)
    if ignore_nan:
        ranks = shares * wrap(((~lost).sum(axis=-1, keepdims=True) - 1).astype(own))
        if (below := ranks._array < 0).any():  # nothing but nan: no share has a say
            ranks = ops.where(wrap(below), own(0), ranks)
    else:
        ranks = ops.where(wrap(lost.any(axis=-1, keepdims=True)), own(last), shares * own(last))
    if interpolation in _ROUNDINGS:
        ranks = _ROUNDINGS[interpolation](ranks._array).astype(np.int64)
        return ops.gather(ordered, wrap(ranks), dim=array.ndim - 1)  # type: ignore[no-any-return]
    below, above = (wrap(f(ranks._array).astype(np.int64)) for f in (np.floor, np.ceil))
    low, high = (ops.gather(ordered, at, dim=array.ndim - 1) for at in (below, above))
    if interpolation == "midpoint":
        return ops.lerp_by_number(low, high, weight=0.5)  # type: ignore[no-any-return]
    return ops.lerp_by_tensor(low, high, ranks - wrap(below._array.astype(own)))  # type: ignore[no-any-return]


_ROUNDINGS: dict[str, Any] = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}


@function(out=True)
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """What a share `q` (a number, or a vector of them) of the elements does not exceed; nan if there is a nan."""
    return _quantile(input, q, dim, keepdim, interpolation, False)


@function(out=True)
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The same of the elements that are not nan."""
    return _quantile(input, q, dim, keepdim, interpolation, True)


# -- covariances ----------------------------------------------------------------------------------------------


def _observations(name: str, weights: Tensor, kinds: str, count: int) -> None:
    array = weights._array
    if array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {array.ndim} dimensions"
        )
    if array.dtype.kind not in kinds:
        kind = "floating point" if "f" in kinds else "integral"
        raise RuntimeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with {dtypes.title(array.dtype)} dtype"
        )
    if array.size != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{array.size} != {count}"
        )
    if count and array.min() < 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")


@function()
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance of variables (rows) over observations, which may be repeated (`fweights`) and weighed."""
    array = input._array
    if array.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {array.ndim} dimensions"
        )
    if array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = input if array.ndim == 2 else input.reshape(1, -1)
    count = rows._array.shape[1]
    weights: Any = None
    if fweights is not None:
        _observations("fweights", fweights, "iu", count)
        weights = fweights
    if aweights is not None:
        _observations("aweights", aweights, "f", count)
        weights = aweights if weights is None else weights * aweights
    total: Any = count if weights is None else weights.sum()
    if weights is not None and weights._array.size and total._array == 0:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = (rows if weights is None else rows * weights).sum(1) / total
    if weights is None or aweights is None or correction == 0:
        degrees = total - correction
    else:
        squares = aweights if fweights is None else fweights * aweights
        degrees = total - correction * (squares * aweights).sum() / total
    if not (degrees.item() if isinstance(degrees, Tensor) else degrees) > 0:
        degrees = 0.0
    away = rows - mean.unsqueeze(1)
    weighed = (away if weights is None else away * weights).t()
    product = ops.matmul(away, ops.conj(weighed))
    return (product / degrees).squeeze()  # type: ignore[no-any-return]


@function()
def corrcoef(input: Tensor) -> Tensor:
    """The coefficients of correlation of variables (rows), between -1 and 1."""
    if input._array.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input._array.ndim} dimensions"
        )
    c = cov(input)
    if not c._array.ndim:
        return c / c
    deviations = ops.sqrt(_real(c.diagonal()))
    c = c / deviations.unsqueeze(1) / deviations.unsqueeze(0)
    if c._array.dtype.kind == "c":
        return ops.complex(ops.clamp(ops.real(c), -1, 1), ops.clamp(ops.imag(c), -1, 1))  # type: ignore[no-any-return]
    return ops.clamp(c, -1, 1)  # type: ignore[no-any-return]


def _real(x: Tensor) -> Tensor:
    return ops.real(x) if x._array.dtype.kind == "c" else x  # type: ignore[no-any-return]
