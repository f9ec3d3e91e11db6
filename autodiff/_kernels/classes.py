"""Losses over classes, and rows picked from a table: reading by class index, and its adjoint."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.accumulate import add_at
from autodiff._kernels.summation import total


def _weights(target: Any, weight: Any, ignore: int, dtype: Any) -> tuple[Any, Any]:
    """Every target's weight, 0 where it is ignored, and the targets made harmless there."""
    counts = target != ignore
    safe = np.where(counts, target, 0)
    each = counts.astype(dtype) if weight is None else np.where(counts, weight[safe], 0)
    return each, safe


def _total_of(each: Any) -> Any:
    return total(np.asarray(each), tuple(range(np.ndim(each))))


def nll_loss(x: Any, target: Any, weight: Any, ignore: int, reduction: str) -> Any:
    """Minus the target's element along the class dimension (1, or 0 of a single row), weighted."""
    if x.dtype.char == "e":
        wide = weight if weight is None else weight.astype(np.float32)
        return nll_loss(x.astype(np.float32), target, wide, ignore, reduction).astype(np.float16)
    each, safe = _weights(target, weight, ignore, x.dtype)
    dim = 0 if x.ndim == 1 else 1
    picked = np.take_along_axis(x, np.expand_dims(safe, dim), dim).squeeze(dim)
    # An ignored element does not count, be it nan.
    losses = np.where(each != 0, -picked * each, -np.where(target != ignore, picked, 0) * each)
    if reduction == "none":
        return losses
    whole = _total_of(losses)
    return whole if reduction == "sum" else np.divide(whole, _total_of(each))


def nll_adjoint(g: Any, x: Any, target: Any, weight: Any, ignore: int, reduction: str) -> Any:
    """The adjoint of nll_loss at x, whose shape alone counts: minus g, weighted, at the target's class."""
    if g.dtype.char == "e":
        wide = weight if weight is None else weight.astype(np.float32)
        return nll_adjoint(g.astype(np.float32), x, target, wide, ignore, reduction).astype(np.float16)
    each, safe = _weights(target, weight, ignore, g.dtype)
    share = -g * each
    if reduction == "mean":
        share = np.divide(-g, _total_of(each)) * each
    dim = 0 if x.ndim == 1 else 1
    out = np.zeros(x.shape, g.dtype)
    share = np.where(target != ignore, share, 0)
    np.put_along_axis(out, np.expand_dims(safe, dim), np.expand_dims(share, dim).astype(g.dtype), dim)
    return out


def mse_loss(x: Any, y: Any, reduction: str) -> Any:
    if x.dtype.char == "e":
        return mse_loss(x.astype(np.float32), y.astype(np.float32), reduction).astype(np.float16)
    away = x - y
    if not isinstance(away, np.ndarray):
        return away * away
    np.multiply(away, away, out=away)
    if reduction == "none":
        return away
    whole = _total_of(away)
    return whole if reduction == "sum" else np.divide(whole, x.dtype.type(away.size))


def embedding(weight: Any, indices: Any, padding: int | None, by_frequency: bool) -> Any:
    """The rows of `weight` at `indices`."""
    return np.take(weight, indices, axis=0)


def embedding_read(weight: Any, indices: Any, padding: int | None, by_frequency: bool) -> Any:
    """The adjoint of embedding_adjoint: rows at `indices`, zeros for the padding, shared out by frequency."""
    rows = np.take(weight, indices, axis=0)
    if padding is not None:
        rows = np.where((indices != padding)[..., None], rows, 0).astype(weight.dtype)
    if by_frequency:
        rows /= np.bincount(np.reshape(indices, -1))[indices].astype(weight.dtype)[..., None]
    return rows


def embedding_adjoint(g: Any, indices: Any, count: int, padding: int | None, by_frequency: bool) -> Any:
    """Rows of g added up by index; the padding row gets nothing, and a frequent row the mean if so asked."""
    out = np.zeros((count, g.shape[-1]), g.dtype)
    return embedding_onto(out, g, indices, padding, by_frequency)


def embedding_onto(held: Any, g: Any, indices: Any, padding: int | None, by_frequency: bool) -> Any:
    """Add the adjoint of embedding to `held`, which is returned."""
    places = np.reshape(indices, -1)
    rows = np.reshape(g, (places.size, g.shape[-1]))
    if padding is not None:
        rows = np.where((places != padding)[:, None], rows, 0).astype(g.dtype)
    if by_frequency:
        rows = rows / np.bincount(places)[places].astype(g.dtype)[:, None]
    return add_at(held, places, rows)
