"""Reducing at positions that arrays of indices name: runs of sorted places, each reduced at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.accumulate import add_at
from autodiff._kernels.indexing import flat_places

_REDUCING: dict[str, Any] = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def scatter_reduce(x: Any, index: Any, src: Any, dim: int, reduce: str, include_self: bool) -> Any:
    """x at `index` along `dim` reduced with src; without itself where it is not to be included."""
    if not index.size:
        return np.array(x)
    shape = x.shape or (1,)
    index = np.atleast_1d(index)
    cut = src[tuple([slice(n) for n in index.shape])] if src.ndim else src
    flat, places = np.array(x, order="C").reshape(-1), flat_places(index, shape, dim)
    found = _reduce(flat, places, np.asarray(cut).reshape(-1), reduce, include_self)
    return found.astype(x.dtype, copy=False).reshape(x.shape)


def _reduce(x: Any, places: Any, values: Any, reduce: str, include_self: bool) -> Any:
    if reduce in ("sum", "mean"):
        own = x if include_self else _zero_at(x, places)
        if reduce == "sum":
            return add_at(np.array(own), places, values)
        count = np.maximum(np.bincount(places, minlength=x.size) + (1 if include_self else 0), 1)
        if x.dtype.kind in "iu":
            return add_at(np.array(own), places, values) // count
        double: Any = np.complex128 if x.dtype.kind == "c" else np.float64
        return add_at(own.astype(double), places, values.astype(double)) / count
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    wide = np.float32 if x.dtype == np.float16 and reduce == "prod" else x.dtype
    ufunc = _REDUCING[reduce]
    if x.dtype.kind == "b":
        ufunc = np.logical_or if reduce == "amax" else np.logical_and
    reduced = ufunc.reduceat(values[order].astype(wide, copy=False), first)
    met = ordered[first]
    x[met] = ufunc(x[met].astype(wide, copy=False), reduced) if include_self else reduced
    return x


def _zero_at(x: Any, places: Any) -> Any:
    x[places] = 0
    return x


def once(index: Any) -> Any:
    """Every place of an index once."""
    return np.unique(index)


def any_above_one(count: Any) -> bool:
    return bool(np.any(count > 1))


def fitting(g: Any, shape: tuple[int, ...]) -> Any:
    """A gradient that the walk can bring to this shape; torch has none for a source larger than its index."""
    lead = len(g.shape) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[lead:])):
        raise RuntimeError(
            f"a scatter's backward returned an invalid gradient at index 1 - got {list(g.shape)} but expected shape "
            f"compatible with {list(shape)}"
        )
    return g
