"""Distances between rows, all with all, in blocks of rows; nothing is expanded into squares, so nothing cancels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.blocks import ROWS


def cdist(x: Any, y: Any, p: float) -> Any:
    """The p-norms of x_i - y_j over the last dimension; dimensions before the last two broadcast."""
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = np.zeros((*batch, x.shape[-2], y.shape[-2]), x.dtype)
    for part in _parts(x, y) if out.size and x.shape[-1] else ():
        away = _differences(x, y, part)
        # torch's largest difference is the largest that is a number, unlike `pdist`'s.
        out[..., part, :] = np.fmax.reduce(np.abs(away), axis=-1, initial=0) if p == math.inf else _norm(away, p)
    return out


def cdist_backward(g: Any, x: Any, y: Any, out: Any, p: float) -> Any:
    """The gradient of `cdist` by x: at a distance of 0 it is 0, and everywhere if all distances but 0 are one."""
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    found = np.zeros((*batch, *x.shape[-2:]), x.dtype)
    for part in _parts(x, y) if g.size and found.size and p != 0 else ():
        each = _pulled(g[..., part, :, None], _differences(x, y, part), out[..., part, :, None], p)
        found[..., part, :] = np.add.reduce(each, axis=-2)
    return found


def _parts(x: Any, y: Any) -> list[slice]:
    """Slices of x's rows, so few that their differences from all of y's stay in the cache."""
    step = max(ROWS // max(y.shape[-2] * x.shape[-1], 1), 1)
    return [slice(start, start + step) for start in range(0, x.shape[-2], step)]


def _differences(x: Any, y: Any, part: slice) -> Any:
    return x[..., part, None, :] - y[..., None, :, :]


def _norm(away: Any, p: float) -> Any:
    if p == 0:
        return np.add.reduce(np.where(np.isnan(away), away, away != 0), axis=-1)
    away = np.abs(away)
    if p == math.inf:
        return np.maximum.reduce(away, axis=-1)
    if p == 1:
        return np.add.reduce(away, axis=-1)
    if p == 2:
        return np.sqrt(np.add.reduce(away * away, axis=-1))
    return np.add.reduce(away**p, axis=-1) ** (1 / p)


def _pulled(g: Any, away: Any, norm: Any, p: float) -> Any:
    """g times the derivative of the norm by each difference; of several largest ones each gets all of it.

    Where a derivative is pinned at 0, what comes in does not matter: it may be infinite.
    """
    if p == 1:
        return g * np.sign(away)
    if p == math.inf:
        # To torch an infinite difference is no distance of its own: inf - inf.
        return g * np.where(np.isinf(away), np.nan, np.sign(away) * (np.abs(away) == norm))
    if p == 2:
        return np.where(norm == 0, 0, g * (away / norm))
    # At p < 1 the power of a difference of 0 has an infinite slope, which torch counts as 0.
    pinned = (norm == 0) | (away == 0) if p < 1 else norm == 0
    return np.where(pinned, 0, g * np.sign(away) * (np.abs(away) / norm) ** (p - 1))


def pdist(x: Any, p: float) -> Any:
    """The p-norms of x_i - x_j for i < j, row by row."""
    found = np.zeros((len(x), len(x)), x.dtype)
    for part in _parts(x, x) if x.size else ():
        found[part] = _norm(_differences(x, x, part), p)
    return found[np.triu_indices(len(x), 1)]


def pdist_backward(g: Any, x: Any, out: Any, p: float) -> Any:
    return cdist_backward(_square(g, len(x)), x, x, _square(out, len(x)), p)


def _square(each: Any, n: int) -> Any:
    """Values of pairs as a symmetric matrix without a diagonal."""
    found = np.zeros((n, n), each.dtype)
    upper = np.triu_indices(n, 1)
    found[upper] = each
    found.T[upper] = each
    return found
