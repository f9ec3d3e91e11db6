"""Searching among boundaries, and histograms, with torch's signatures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import whole
from autodiff._core.function import function
from autodiff._core.promotion import plain
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor, wrap

Histogram = named("histogram", "hist", "bin_edges")
Histogramdd = named("histogramdd", "hist", "bin_edges")


# -- searching ------------------------------------------------------------------------------------------------


def _search(edges: Tensor, x: Any, right: bool, out_int32: bool) -> Tensor:
    operands = [edges._array, x._array if isinstance(x, Tensor) else plain(x)]
    common = dtypes.result_type(operands)
    if common.kind in "bc":
        raise NotImplementedError(f"\"searchsorted_out_cpu\" not implemented for '{dtypes.title(common)}'")
    places = ops.searchsorted(
        wrap(operands[0].astype(common)), wrap(np.asarray(operands[1]).astype(common)), right=right
    )
    return ops.to(places, dtype=np.dtype(np.int32 if out_int32 else np.int64))  # type: ignore[no-any-return]


@function(method=False, out="discrete same")
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where elements would have to stand in sequences that are sorted along the last dimension, before equal ones."""
    edges = sorted_sequence._array
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    x = input._array if isinstance(input, Tensor) else np.asarray(input)
    if not edges.ndim:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if not x.ndim and edges.ndim != 1:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
            f"boundaries tensor dim({edges.ndim}) and input value's dim({x.ndim}) numel({x.size})"
        )
    if edges.ndim != 1 and (edges.ndim != x.ndim or edges.shape[:-1] != x.shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(edges.shape)} and input "
            f"value tensor {list(x.shape)}"
        )
    if sorter is not None:
        sorted_sequence = wrap(_by_sorter(edges, sorter._array))
    return _search(sorted_sequence, input, right or side == "right", out_int32)


def _by_sorter(edges: Any, sorter: Any) -> Any:
    if sorter.shape != edges.shape:
        raise RuntimeError(
            "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
            f"{list(edges.shape)}and got sorter tensor {list(sorter.shape)}"
        )
    if sorter.dtype != np.int64:
        raise RuntimeError(
            "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype " + dtypes.title(sorter.dtype)
        )
    if sorter.size and not (0 <= sorter.min() and sorter.max() < edges.shape[-1]):
        raise RuntimeError("torch.searchsorted(): sorter index out of range")
    return np.take_along_axis(edges, sorter, -1)


@function(method=False, out="discrete same")
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the bucket between `boundaries` in which each element falls."""
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return _search(boundaries, input, right, out_int32)


# -- histograms -----------------------------------------------------------------------------------------------


def _check_bins(bins: int, dim: int = 0) -> None:
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension {dim}")


@function(out="discrete same")
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of equal bins between `min` and `max`, by default the extremes."""
    array = input._array
    if array.dtype.kind == "c":
        raise NotImplementedError(f"\"aminmax_cpu\" not implemented for '{dtypes.title(array.dtype)}'")
    if array.dtype.kind != "f":
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{dtypes.title(array.dtype)}'")
    bins = whole(bins, "bins")
    _check_bins(bins)
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if not low < high:
        raise RuntimeError("torch.histc: max must be larger than min")
    return ops.histc(input.detach(), _edges(bins, low, high, array.dtype))  # type: ignore[no-any-return]


def _edges(bins: int, low: float, high: float, dtype: np.dtype[Any]) -> Tensor:
    found: Tensor = ops.linspace(low, high, bins + 1, dtype=dtypes.OF_NUMPY[dtype])
    return found


@function(out=True)
def histogram(
    input: Tensor, bins: Any = 100, *, range: Any = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    """The number (or weight) of elements in each bin, and the edges: given, or evenly over the range."""
    array = input._array
    if array.dtype.kind != "f" or (range is None and dtypes.is_half(array.dtype)):
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{dtypes.title(array.dtype)}'")
    if weight is not None and weight._array.shape != array.shape:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
            f"excluding its innermost dimension, but got input with shape {[array.size, 1]} and weight with shape "
            f"{list(weight._array.shape)}"
        )
    even = not isinstance(bins, Tensor)
    edges = _even_range(input, whole(bins, "bins"), range) if even else _given_edges(input, bins)
    weights = None if weight is None else weight.reshape(-1)
    hist, edges = ops.histogram(input.reshape(-1), edges, weights, search=True, even=even)
    if density:
        hist = hist / hist.sum() / edges.diff()
    return Histogram(hist, edges)  # type: ignore[arg-type]


def _given_edges(input: Tensor, edges: Tensor, dim: int = 0) -> Tensor:
    if edges._array.dtype != input._array.dtype:
        ours, theirs = (dtypes.OF_NUMPY[t._array.dtype] for t in (input, edges))
        raise RuntimeError(
            "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
            f"{ours.alias or ours.name} and bins for dimension {dim} with dtype {theirs.alias or theirs.name}"
        )
    _check_bins(edges._array.size - 1, dim)
    return edges


def _even_range(input: Tensor, bins: int, between: Any, dim: int = 0) -> Tensor:
    _check_bins(bins, dim)
    array = input._array
    if between is not None:
        low, high = between
        if low > high:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {dim}"
            )
    else:
        low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 1.0)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histogramdd: dimension {dim}'s range [{low:g}, {high:g}] is not finite")
    if low == high:
        low, high = low - 0.5, high + 0.5
    return _edges(bins, low, high, array.dtype)


@function(method=False)
def histogramdd(
    input: Tensor, bins: Any, range: Any = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    """The number (or weight) of points, along the last dimension, in each box; and the edges by coordinate.

    `bins`: as many for every coordinate, or a list with how many for each, or with the edges of each.
    """
    array = input._array
    if array.ndim < 2:
        raise (RuntimeError if array.ndim else IndexError)(
            "torch.histogramdd: input tensor should have at least 2 dimensions"
        )
    size = array.shape[-1]
    bins = [bins] * size if isinstance(bins, int) else list(bins)
    if len(bins) != size:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    if array.dtype.kind != "f" or (range is None and dtypes.is_half(array.dtype)):
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{dtypes.title(array.dtype)}'")
    if range is not None and len(range) != 2 * size:
        raise RuntimeError(
            f"torch.histogramdd: for a {size}-dimensional histogram range should have {2 * size} elements, but got "
            f"{len(range)}"
        )
    _check_weight(input, weight)
    points = input.reshape(math.prod(array.shape[:-1]), size)
    columns = points.unbind(1)
    even = not (bins and isinstance(bins[0], Tensor))
    edges = [
        _even_range(column, whole(given, "bins"), None if range is None else range[2 * d : 2 * d + 2], d)
        if even
        else _given_edges(column, given, d)
        for d, (column, given) in enumerate(zip(columns, bins))
    ]
    weights = None if weight is None else weight.reshape(-1)
    hist = ops.histogramdd(points, weights, edges=tuple(e._array for e in edges), even=even)
    if density:
        hist = hist / hist.sum()
        for d, e in enumerate(edges):
            hist = hist / e.diff().reshape([-1 if d == k else 1 for k, _ in enumerate(edges)])
    return Histogramdd(hist, tuple(ops.histogramdd_edges(points, e) for e in edges))


def _check_weight(input: Tensor, weight: Tensor | None) -> None:
    if weight is None:
        return
    shape = input._array.shape
    if weight._array.shape != shape[:-1]:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
            f"excluding its innermost dimension, but got input with shape {list(shape)} and weight with shape "
            f"{list(weight._array.shape)}"
        )
    if weight._array.dtype != input._array.dtype:
        ours, theirs = (dtypes.OF_NUMPY[t._array.dtype] for t in (input, weight))
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same "
            f"dtype, but got input({ours.alias or ours.name}), and weight({theirs.alias or theirs.name})"
        )


@function()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 to the largest occurs, or the sum of its weights."""
    array = input._array
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if array.shape == (0,):
        return wrap(np.zeros(minlength, np.int64))
    if array.dtype.kind not in "iu":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{dtypes.title(array.dtype)}'")
    if array.ndim != 1 or array.min() < 0:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is not None and weights._array.shape != array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return ops.bincount(input, weights, minlength=whole(minlength, "minlength"))  # type: ignore[no-any-return]
