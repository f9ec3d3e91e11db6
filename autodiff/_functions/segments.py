"""One dimension reduced segment by segment, in torch's signature."""

from __future__ import annotations

import math

import numpy as np

from autodiff._core import arguments
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions import reduce as reductions
from autodiff._functions.masks import where

#: What a segment without elements gives.
_EMPTY = {"sum": 0.0, "prod": 1.0, "mean": math.nan, "max": -math.inf, "min": math.inf}


@function("", method=False, node="SegmentReduceBackward0", saves="data lengths")
def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:
    """Sum, mean, max, min or product of each segment along `axis`; segments by their lengths, or by their offsets.

    `lengths` may have leading dimensions, up to `axis`: each of their rows parts its own row of data. `initial` takes
    part in each segment. Raises RuntimeError unless the segments are all there is (`unsafe` or not).
    """
    if reduce not in _EMPTY:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
    if lengths is None and offsets is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    d = arguments.dim(axis, data._array.ndim)
    counts = np.diff(offsets._array, axis=-1) if lengths is None else lengths._array  # type: ignore[union-attr]
    if counts.ndim != d + 1:
        raise RuntimeError("segment_reduce(): Expected axis to be the last dimension of lengths.")
    if counts.size and (counts.min() < 0 or (counts.sum(-1) != data._array.shape[d]).any()):
        raise RuntimeError(
            "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when "
            "!unsafe."
        )
    shape = data._array.shape
    rows = ops.reshape(data, shape=(-1, *shape[d:])) if d else ops.unsqueeze(data, dim=0)
    flat = counts.reshape(-1, counts.shape[-1])
    found = [_of_row(row, lengths, reduce, initial) for row, lengths in zip(ops.unbind(rows, dim=0), flat)]
    return ops.reshape(ops.stack(*found, dim=0), shape=(*shape[:d], counts.shape[-1], *shape[d + 1 :]))  # type: ignore[no-any-return]


def _of_row(row: Tensor, lengths: np.ndarray, reduce: str, initial: float | None) -> Tensor:
    begins = np.cumsum(lengths) - lengths
    parts = [ops.slice(row, dim=0, start=int(a), stop=int(a + n), step=1) for a, n in zip(begins, lengths)]
    return ops.stack(*[_of_segment(part, reduce, initial) for part in parts], dim=0)  # type: ignore[no-any-return]


def _of_segment(part: Tensor, reduce: str, initial: float | None) -> Tensor:
    shape = part._array.shape
    if not shape[0]:
        return wrap(np.full(shape[1:], _EMPTY[reduce] if initial is None else initial, part._array.dtype))
    if reduce in ("max", "min"):
        found = reductions.amax(part, 0) if reduce == "max" else reductions.amin(part, 0)
        if initial is None:
            return found  # type: ignore[no-any-return]
        first = ops.full_like(found, initial)
        return where(found >= first if reduce == "max" else found <= first, found, first)  # type: ignore[no-any-return]
    if reduce == "prod":
        return reductions.prod(part, 0) * (1 if initial is None else initial)  # type: ignore[no-any-return]
    total = reductions.sum(part, 0) + (0 if initial is None else initial)
    return total if reduce == "sum" else total / shape[0]  # type: ignore[no-any-return]
