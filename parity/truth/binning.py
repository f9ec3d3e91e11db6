"""Forward lines of searching among boundaries and of histograms: all of them discrete."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, less
from parity.truth.table import NoTruth, forward


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


@forward("histc", "histogram")
def _(*given: Any, **named: Any) -> Any:
    raise NoTruth("a number on the edge of two bins falls where rounding puts it")


@forward("bincount")
def _(input: Array, weights: Any = None, minlength: int = 0) -> Array:
    length = max(int(input.max()) + 1 if input.size else 0, minlength)
    if weights is None:
        return np.bincount(input, minlength=length)
    found = balls(np.zeros(length))
    for i, w in zip(input, balls(weights)):
        found[i] = found[i] + w
    return found
