"""Losses over classes, and rows picked from a table: reading by class index, and its adjoint.

`ignore` is the class whose targets do not count; None where there is none among them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.accumulate import add_at
from autodiff._kernels.blocks import row_blocks
from autodiff._kernels.half import in_single
from autodiff._kernels.losses import total_of
from autodiff._kernels.reductions import largest_of_rows
from autodiff._kernels.summation import of_rows, total

#: A class, or None.
Ignored = int | None


def _counting(target: Any, ignore: Ignored) -> Any:
    """Which targets count."""
    return np.ones(target.shape, np.bool_) if ignore is None else target != ignore


def _weights(target: Any, weight: Any, ignore: Ignored, dtype: Any) -> tuple[Any, Any]:
    """Every target's weight, 0 where it is ignored, and the targets made harmless there."""
    counts = _counting(target, ignore)
    safe = np.where(counts, target, 0)
    each = counts.astype(dtype) if weight is None else np.where(counts, weight[safe], 0)
    return each, safe


def nll_loss(x: Any, target: Any, weight: Any, ignore: Ignored, reduction: str) -> Any:
    """Minus the target's element along the class dimension (1, or 0 of a single row), weighted."""
    if x.dtype.char == "e":
        wide = weight if weight is None else weight.astype(np.float32)
        return nll_loss(x.astype(np.float32), target, wide, ignore, reduction).astype(np.float16)
    each, safe = _weights(target, weight, ignore, x.dtype)
    dim = 0 if x.ndim == 1 else 1
    picked = np.take_along_axis(x, np.expand_dims(safe, dim), dim).squeeze(dim)
    # An ignored element does not count, be it nan.
    losses = -np.where(_counting(target, ignore), picked, 0) * each
    if reduction == "none":
        return losses
    whole = total_of(losses)
    return whole if reduction == "sum" else np.divide(whole, total_of(each))


def nll_adjoint(g: Any, x: Any, target: Any, weight: Any, ignore: Ignored, reduction: str) -> Any:
    """The adjoint of nll_loss at x, whose shape alone counts: minus g, weighted, at the target's class."""
    if g.dtype.char == "e":
        wide = weight if weight is None else weight.astype(np.float32)
        return nll_adjoint(g.astype(np.float32), x, target, wide, ignore, reduction).astype(np.float16)
    each, safe = _weights(target, weight, ignore, g.dtype)
    share = -g * each
    if reduction == "mean":
        share = np.divide(-g, total_of(each)) * each
    dim = 0 if x.ndim == 1 else 1
    out = np.zeros(x.shape, g.dtype)
    share = np.where(_counting(target, ignore), share, 0)
    np.put_along_axis(out, np.expand_dims(safe, dim), np.expand_dims(share, dim).astype(g.dtype), dim)
    return out


@in_single
def cross_entropy(x: Any, target: Any, weight: Any, ignore: Ignored, reduction: str) -> Any:
    """The loss of rows of scores against classes, and all that backward needs: the scores' exponentials and their sums.

    They are shifted by the largest of their row, and nobody divides them before backward. Row by row in blocks that
    stay in the cache; the logarithm is taken of the sums alone.
    """
    alike = weight is None and ignore is None
    each, safe = (None, target) if alike else _weights(target, weight, ignore, x.dtype)
    rows, safe = x if x.ndim > 1 else x[None], safe.reshape(-1)
    exps = np.empty(rows.shape, x.dtype)
    sums = np.zeros((len(rows), 1), x.dtype)
    losses = np.zeros(len(rows), x.dtype)
    for part in row_blocks(rows) if x.size else ():
        shifted = rows[part] - largest_of_rows(rows[part])
        picked = shifted[np.arange(len(shifted)), safe[part]]
        sums[part, 0] = of_rows(np.exp(shifted, out=exps[part]))
        np.subtract(np.log(sums[part, 0]), picked, out=losses[part])
    if not alike:
        # An ignored row does not count, be it nan.
        losses = np.where(_counting(target, ignore).reshape(-1), losses, 0) * each.reshape(-1)
    seen = (exps, sums) if x.ndim > 1 else (exps[0], sums[0])
    if reduction == "none":
        return losses.reshape(target.shape), *seen
    whole = total(losses, (0,))
    return whole if reduction == "sum" else np.divide(whole, losses.size if alike else total_of(each)), *seen


@in_single
def cross_entropy_backward(
    g: Any, exps: Any, sums: Any, target: Any, weight: Any, ignore: Ignored, reduction: str
) -> Any:
    """softmax less 1 at the target's class, times what each row counts."""
    alike = weight is None and ignore is None
    each, safe = (None, target) if alike else _weights(target, weight, ignore, exps.dtype)
    share = np.divide(g, target.size if alike else total_of(each)) if reduction == "mean" else g
    if not alike:
        share = np.where(_counting(target, ignore), share * each, 0)
    share, rows = share.reshape(-1, 1), exps if exps.ndim > 1 else exps[None]
    out = rows * (share / sums)
    out[np.arange(len(out)), safe.reshape(-1)] -= share[:, 0]
    return out if exps.ndim > 1 else out[0]


def embedding(weight: Any, indices: Any, padding: int | None, by_frequency: bool) -> Any:
    """The rows of `weight` at `indices`."""
    return np.take(weight, indices, axis=0)


def embedding_read(weight: Any, indices: Any, padding: int | None, by_frequency: bool) -> Any:
    """The adjoint of embedding_adjoint: rows at `indices`, zeros for the padding, shared out by frequency."""
    rows = np.take(weight, indices, axis=0)
    if padding is not None:
        rows = np.where((indices != padding)[..., None], rows, 0)
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
        rows = np.where((places != padding)[:, None], rows, 0)
    if by_frequency:
        rows = rows / np.bincount(places)[places].astype(g.dtype)[:, None]
    return add_at(held, places, rows)
