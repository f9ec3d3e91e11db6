"""Tensors as sets: each element or slice once, and whether elements are among others; no nan equals another."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.order import argsort


def unique(x: Any, dim: int | None, consecutive: bool) -> tuple[Any, Any, Any]:
    """Each element (or slice along `dim`) once, the number of its group for each, and each group's size."""
    if dim is None:
        flat = np.reshape(x, -1)
        order = np.arange(flat.size) if consecutive else argsort(flat, 0, False)
        ordered = flat[order]
        begins = np.ones(flat.size, bool)
        begins[1:] = ordered[1:] != ordered[:-1]
        kept, shape = ordered[begins], x.shape
    else:
        count = x.shape[dim]
        rows = np.moveaxis(x, dim, 0).reshape(count, -1 if x.size else 0)
        order = np.arange(count) if consecutive or not x.size else np.lexsort(rows.T[::-1])
        ordered = rows[order]
        begins = np.ones(count, bool)
        begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        # The slices lie one after the other, as they were compared.
        kept = np.moveaxis(np.take(np.moveaxis(x, dim, 0), order[begins], axis=0), 0, dim)
        shape = (count,)
    group = np.empty(order.size, np.int64)
    group[order] = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    return kept, group.reshape(shape), np.diff(starts, append=order.size)


def isin(x: Any, among: Any, invert: bool) -> Any:
    """Which elements of x are (invert: are not) among the others."""
    return np.isin(x, among, invert=invert)
