"""Forward lines of differences and of integrals and derivatives by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls
from parity.truth.table import forward


@forward("diff")
def _(input: Array, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Array:
    x = np.concatenate([t for t in (prepend, input, append) if t is not None], axis=dim) if n else input
    for _ in range(min(n, x.shape[dim])):
        x = np.moveaxis(x, dim, 0)
        x = x[1:] ^ x[:-1] if x.dtype == bool else x[1:] - x[:-1]
        x = np.moveaxis(x, 0, dim)
    return x.copy()


def _areas(y: Array, x: Any, dx: Any, dim: int) -> Array:
    """The trapezoids along the last axis."""
    heights = np.moveaxis(balls(y), dim, -1)
    pairs = heights[..., 1:] + heights[..., :-1]
    if x is None:
        return np.asarray(pairs * (arb(dx) / 2), dtype=object)
    points = balls(x) if x.ndim == 1 else np.moveaxis(balls(x), dim, -1)
    return np.asarray(pairs * (points[..., 1:] - points[..., :-1]) / 2, dtype=object)


@forward("trapezoid")
def _(y: Array, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Array:
    areas = _areas(y, x, dx, dim)
    return np.asarray(areas.sum(axis=-1), dtype=object) if areas.shape[-1] else balls(np.zeros(areas.shape[:-1]))


@forward("cumulative_trapezoid")
def _(y: Array, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Array:
    areas = _areas(y, x, dx, dim)
    return np.moveaxis(np.add.accumulate(areas, axis=-1) if areas.size else areas, -1, dim)


def _slope(x: Array, at: Array, places: tuple[int, ...], where: int) -> Any:
    """The derivative at a point of the polynomial through the samples at `places`."""
    found: Any = 0
    for i in places:
        weight: Any = arb(0)
        for j in places:
            if j != i:
                factor = arb(1)
                for k in places:
                    if k not in (i, j):
                        factor *= (at[where] - at[k]) / (at[i] - at[k])
                weight += factor / (at[i] - at[j])
        found = found + x[..., i] * weight
    return found


@forward("gradient")
def _(input: Array, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> Any:
    dims = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    spacings = list(spacing) if isinstance(spacing, (list, tuple)) else [1 if spacing is None else spacing] * len(dims)
    results = []
    for d, step in zip(dims, spacings):
        x = np.moveaxis(balls(input), d, -1)
        count = x.shape[-1]
        even = not isinstance(step, np.ndarray)
        at = balls(np.arange(count)) * arb(step) if even else balls(step)
        # Uneven steps inside go by the parabola through three neighbours, and even ones by the same.
        columns = [_slope(x, at, (i - 1, i, i + 1), i) for i in range(1, count - 1)]
        wide = edge_order + 1
        first = _slope(x, at, tuple(range(wide)), 0)
        last = _slope(x, at, tuple(range(count - wide, count)), count - 1)
        results.append(np.moveaxis(np.stack([first, *columns, last], axis=-1), -1, d))
    return tuple(results)
