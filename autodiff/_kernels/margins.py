"""Losses by margins between the scores of classes, and their gradients; knows no tensor.

A gradient is what each score counts, times the gradient of its row's loss: an infinite one leaves nan wherever a
score counts for nothing, as torch's does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.losses import reduced, share


def _rows(x: Any) -> Any:
    return x.reshape(-1, x.shape[-1] if x.ndim else 1)


def _away(x: Any, target: Any, margin: float) -> tuple[Any, Any]:
    """By how much each class comes nearer than the margin to its row's target, and where it does."""
    rows, places = _rows(np.asarray(x)), np.asarray(target).reshape(-1, 1)
    away = rows - np.take_along_axis(rows, places, 1) + margin
    return away, (away > 0) & (np.arange(rows.shape[1]) != places)  # nan comes no nearer


def _each(losses: Any, shape: tuple[int, ...], reduction: str) -> Any:
    return reduced(losses if len(shape) == 2 else losses.reshape(()), reduction)


def _scaled(counts: Any, g: Any, shape: tuple[int, ...], reduction: str) -> Any:
    by_row = np.asarray(g)[:, None] if reduction == "none" and len(shape) == 2 else g
    return (counts * by_row).reshape(shape)


def _share(rows: Any, reduction: str) -> float:
    """What each cost counts: losses are over the classes."""
    return share(rows.shape[:1], reduction) / rows.shape[1]


def multi_margin(x: Any, target: Any, weight: Any, p: int, margin: float, reduction: str) -> Any:
    """The sum over the other classes of how much nearer they come, or of its square, over the classes."""
    away, near = _away(x, target, margin)
    costs = np.where(near, away if p == 1 else away * away, 0)
    if weight is not None:
        costs = np.where(near, costs * weight[target.reshape(-1, 1)], 0)
    return _each(costs.sum(1) / costs.dtype.type(costs.shape[1]), x.shape, reduction)


def multi_margin_back(g: Any, x: Any, target: Any, weight: Any, p: int, margin: float, reduction: str) -> Any:
    away, near = _away(x, target, margin)
    slope = _share(away, reduction)
    slopes = slope if p == 1 else 2 * slope * away
    if weight is not None:
        slopes = slopes * weight[target.reshape(-1, 1)]
    counts = np.where(near, slopes, 0).astype(x.dtype, copy=False)
    np.put_along_axis(counts, target.reshape(-1, 1), 0 - counts.sum(1, keepdims=True), 1)
    return _scaled(counts, g, x.shape, reduction)


def _listed(target: Any) -> tuple[Any, Any]:
    """The lists of targets, row by row, and which of their places count: the first -1 ends a list."""
    labels = _rows(np.asarray(target))
    return labels, np.cumprod(labels >= 0, 1).astype(bool)


def _pairs(x: Any, target: Any) -> tuple[Any, Any]:
    """By how much each class comes nearer than 1 to each listed target, and where that is no target and does."""
    rows, (labels, listed) = _rows(np.asarray(x)), _listed(target)
    own = np.zeros(labels.shape, bool)
    own[np.nonzero(listed)[0], labels[listed]] = True
    away = rows[:, None] - np.take_along_axis(rows, np.where(listed, labels, 0), 1)[:, :, None] + 1
    return away, (away > 0) & listed[:, :, None] & ~own[:, None]


def multilabel_margin(x: Any, target: Any, reduction: str) -> Any:
    """The sum over pairs of a target and another class of how much nearer that comes than 1, over the classes."""
    away, near = _pairs(x, target)
    return _each(np.where(near, away, 0).sum((1, 2)) / away.dtype.type(away.shape[2]), x.shape, reduction)


def multilabel_margin_back(g: Any, x: Any, target: Any, reduction: str) -> Any:
    (labels, listed), (away, near) = _listed(target), _pairs(x, target)
    counts = near.sum(1).astype(x.dtype)
    np.subtract.at(counts, (np.nonzero(listed)[0], labels[listed]), near.sum(2)[listed])
    return _scaled(counts * _share(away[:, 0], reduction), g, x.shape, reduction)
