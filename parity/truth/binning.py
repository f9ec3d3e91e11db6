"""Forward lines of searching among boundaries and of histograms: all of them discrete."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, less
from parity.truth.table import NoTruth, forward, line


def _search(edges: Array, x: Array, right: bool) -> Array:
    edges, x = balls(edges), balls(x)
    found = np.zeros(x.shape, np.int64)
    for place in np.ndindex(x.shape):
        row = edges if edges.ndim == 1 else edges[place[:-1]]
        found[place] = sum(not less(x[place], e) if right else less(e, x[place]) for e in row)
    return found


@forward("searchsorted")
def _(
    sorted_sequence: Array,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: Any = None,
    sorter: Any = None,
) -> Array:
    if sorter is not None:
        sorted_sequence = np.take_along_axis(sorted_sequence, sorter, -1)
    return _search(sorted_sequence, np.asarray(input), right or side == "right")


@forward("bucketize")
def _(input: Any, boundaries: Array, *, out_int32: bool = False, right: bool = False) -> Array:
    return _search(boundaries, np.asarray(input), right)


def _even(input: Array, bins: int, low: Any, high: Any, weights: Any, around: Any) -> tuple[Array, Array]:
    """The weight in each of equal bins, the last of which has both its edges, and the edges."""
    x = balls(input).ravel()
    if low == high and x.size:
        ordered = sorted(x.tolist(), key=cmp_to_key(lambda a, b: -1 if less(a, b) else int(less(b, a))))
        low, high = ordered[0], ordered[-1]
    if low == high:
        low, high = low - around, high + around
    low, high = arb(low), arb(high)
    hist = balls(np.zeros(bins))
    for i, each in enumerate(x):
        if less(each, low) or less(high, each):
            continue
        at = sum(not less((each - low) * bins, k * (high - low)) for k in range(1, bins + 1))
        hist[min(at, bins - 1)] += 1 if weights is None else balls(weights).ravel()[i]
    return hist, low + balls(np.arange(bins + 1)) * (high - low) / bins


line("histc", lambda input, bins=100, min=0, max=0: _even(input, bins, float(min), float(max), None, 1)[0])


@forward("histogram")
def _(input: Array, bins: Any = 100, *, range: Any = None, weight: Any = None, density: bool = False) -> Any:
    if not isinstance(bins, int):
        raise NoTruth("edges of one's own")
    low, high = (0.0, 0.0) if range is None else range
    hist, edges = (
        _even(input, bins, low, high, weight, arb(1) / 2) if input.size else _even(input, bins, 0.0, 1.0, weight, 0)
    )
    return (hist / np.sum(hist) / (edges[1:] - edges[:-1]) if density else hist), edges


@forward("bincount")
def _(input: Array, weights: Any = None, minlength: int = 0) -> Array:
    length = max(int(input.max()) + 1 if input.size else 0, minlength)
    if weights is None:
        return np.bincount(input, minlength=length)
    found = balls(np.zeros(length))
    for i, w in zip(input, balls(weights)):
        found[i] = found[i] + w
    return found
