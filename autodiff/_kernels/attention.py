"""Attention whose scores are written once: masked, shifted and exponentiated where they lie, divided only at the end.

They lie transposed, a column for each query, so that all that is done along the keys is done for many queries at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.half import in_single


@in_single
def attention(query: Any, key: Any, value: Any, mask: Any, is_causal: bool, scale: float) -> tuple[Any, Any, Any]:
    """The attended values, laid out as the query; the exponentials of the scores, and their sums, queries last.

    All are (batch, heads, length, width). A boolean mask says what takes part, one of floats is added; a query that
    sees nothing gives zeros.
    """
    scores = np.matmul(key, _turned(_scaled(query, scale)))
    if is_causal:
        mask = np.tri(query.shape[2], key.shape[2], dtype=bool)
    if mask is None:
        most = _most(scores)
    else:
        scores, most = _masked(scores, np.atleast_2d(mask).swapaxes(-1, -2))
        most[most == -np.inf] = 0
    np.subtract(scores, most, out=scores)
    np.exp(scores, out=scores)
    sums = np.matmul(np.ones((1, key.shape[2]), scores.dtype), scores)
    if mask is not None:
        sums[sums == 0] = 1
    out = np.matmul(scores.swapaxes(2, 3), value, out=np.empty_like(query))
    return np.divide(out, sums.swapaxes(2, 3), out=out), scores, sums


@in_single
def attention_backward(
    g: Any, query: Any, key: Any, value: Any, exps: Any, sums: Any, scale: float
) -> tuple[Any, Any, Any]:
    """The gradients by query, key and value, in memory with the heads side by side."""
    shared = np.divide(g, sums.swapaxes(2, 3), out=np.empty(g.shape, g.dtype))
    weighed = np.matmul(value, _turned(shared))
    np.multiply(weighed, exps, out=weighed)
    # Of one key nothing is left, to the bit: so the sum is that of these very products.
    ones = np.ones((1, key.shape[2]), exps.dtype)
    by_score = np.multiply(exps, np.divide(np.matmul(ones, weighed), sums))
    np.subtract(weighed, by_score, out=by_score)
    return (
        np.matmul(by_score.swapaxes(2, 3), _scaled(key, scale), out=_side_by_side(query)),
        np.matmul(by_score, _scaled(query, scale), out=_side_by_side(key)),
        np.matmul(exps, shared, out=_side_by_side(value)),
    )


def _scaled(x: Any, scale: float) -> Any:
    return np.multiply(x, scale, out=np.empty(x.shape, x.dtype))


def _turned(x: Any) -> Any:
    """In memory, too: BLAS takes half the time for it."""
    return np.ascontiguousarray(x.swapaxes(2, 3))


def _side_by_side(x: Any) -> Any:
    batch, heads, length, width = x.shape
    return np.empty((batch, length, heads, width), x.dtype).swapaxes(1, 2)


def _most(scores: Any) -> Any:
    return np.maximum.reduce(scores, axis=2, keepdims=True)


def _masked(scores: Any, mask: Any) -> tuple[Any, Any]:
    """The scores of what takes part, -inf elsewhere or with the mask added, and the largest of each query's."""
    if mask.dtype.kind != "b":
        np.add(scores, mask.astype(scores.dtype, copy=False), out=scores)
        return scores, _most(scores)
    found = scores + np.where(mask, 0, -np.inf).astype(scores.dtype)
    most = _most(found)
    if np.isnan(most).any():  # what is masked is left out whatever it is
        found = np.where(mask, scores, scores.dtype.type(-np.inf))
        most = _most(found)
    return found, most
