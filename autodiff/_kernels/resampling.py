"""Each of the last dimensions read at other places, weighed or not: resizing, and padding with what is there.

A dimension's taps are places (taps, length) and their weights, or no weights; None leaves the dimension alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.contraction import matmul
from autodiff._kernels.half import in_single
from autodiff._kernels.layout import with_channels_of

#: Of each of the last dimensions.
Taps = tuple[tuple[Any, Any] | None, ...]


def _beside(weights: Any, after: int) -> Any:
    return weights.reshape(-1, *(1,) * after)


def _axes(x: Any, taps: Taps) -> list[tuple[int, Any, Any]]:
    first = x.ndim - len(taps)
    return [(first + i, *tap) for i, tap in enumerate(taps) if tap is not None]


@in_single
def resampled(x: Any, taps: Taps) -> Any:
    """Sums of what stands at the taps."""
    out = x
    for axis, places, weights in _axes(x, taps):
        if weights is None:
            out = out.take(places[0], axis)
            continue
        after = x.ndim - axis - 1
        parts = [out.take(p, axis) * _beside(w, after) for p, w in zip(places, weights)]
        out = parts[0]
        for part in parts[1:]:
            out += part
    return with_channels_of(x, out.copy() if out is x else out)


@in_single
def resampled_back(g: Any, sizes: tuple[int, ...], taps: Taps) -> Any:
    """The adjoint: each of g added where it was read, in something of these last sizes."""
    out = g
    for axis, places, weights in reversed(_axes(g, taps)):
        after = g.ndim - axis - 1
        length = sizes[axis - g.ndim]
        room = np.zeros((*out.shape[:axis], length, *out.shape[axis + 1 :]), g.dtype)
        for tap, p in enumerate(places):
            _add(room, out if weights is None else out * _beside(weights[tap], after), p, axis)
        out = room
    return with_channels_of(g, out.copy() if out is g else out)


def _add(room: Any, g: Any, places: Any, axis: int) -> None:
    """g added at places along a dimension, in as many rounds as one comes at most: in a round each comes once."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else ordered
    turn = np.arange(len(ordered)) - np.repeat(begins, np.diff(np.r_[begins, len(ordered)]))
    lead = (slice(None),) * axis
    for number in range(int(turn.max(initial=-1)) + 1):
        chosen = order[turn == number]
        room[(*lead, places[chosen])] += g[(*lead, chosen)]


# -- where to read --------------------------------------------------------------------------------------------------


def reflected(n: int, before: int, after: int) -> Any:
    """Places of a length with its own reflections around it, the ends not repeated."""
    period = max(2 * (n - 1), 1)
    at = np.arange(-before, n + after) % period
    return np.minimum(at, period - at) if n > 1 else at * 0


def replicated(n: int, before: int, after: int) -> Any:
    """Places of a length with its first and last element around it."""
    return np.clip(np.arange(-before, n + after), 0, n - 1)


def scale_of(n: int, size: int, factor: float | None, align: bool, dtype: Any) -> Any:
    """How far apart the source's places are, in the precision in which torch computes them."""
    if align:
        return dtype.type((n - 1) / (size - 1)) if size > 1 else dtype.type(0)
    if factor is not None and factor > 0:
        return dtype.type(1.0 / factor)
    return dtype.type(dtype.type(n) / dtype.type(size))


def nearest(n: int, size: int, factor: float | None, exact: bool) -> Any:
    """One tap: the place below, or (`exact`) the nearest to the middle."""
    dtype = np.dtype(np.float32)
    scale = scale_of(n, size, factor, False, dtype)
    at = np.arange(size, dtype=dtype)
    places = np.floor((at + dtype.type(0.5)) * scale if exact else at * scale).astype(np.int64)
    return np.minimum(places, n - 1)[None], None


def _sources(n: int, size: int, factor: float | None, align: bool, dtype: Any) -> Any:
    scale = scale_of(n, size, factor, align, dtype)
    at = np.arange(size, dtype=dtype)
    half = dtype.type(0.5)
    return scale * at if align else scale * (at + half) - half


def linear(n: int, size: int, factor: float | None, align: bool, dtype: Any) -> Any:
    """Two taps: the neighbours, each by how near it is."""
    if n == size:  # whatever the factor
        return np.arange(n)[None].repeat(2, 0), np.array([[1], [0]], dtype).repeat(n, 1)
    at = np.maximum(_sources(n, size, factor, align, dtype), dtype.type(0))
    low = np.minimum(at.astype(np.int64), n - 1)
    share = np.clip(at - low.astype(dtype), 0, 1).astype(dtype)
    return np.stack((low, np.minimum(low + 1, n - 1))), np.stack((1 - share, share))


def _near(t: Any, a: float) -> Any:
    return (1 - t) * (1 + t - (a + 2) * (t * t))


def _far(t: Any, a: float) -> Any:
    return a * (t - 1) * (t - 2) ** 2


#: The parameter of Keys' cubic convolution: torch's, and that of its filter against aliases.
CUBIC, CUBIC_FILTER = -0.75, -0.5


def cubic_weights(t: Any) -> list[Any]:
    """Of the four neighbours of a place that is `t` beyond the second: products, in which nothing cancels."""
    u = 1 - t
    return [CUBIC * t * u * u, _near(t, CUBIC), _near(u, CUBIC), CUBIC * u * t * t]


def cubic(n: int, size: int, factor: float | None, align: bool, dtype: Any) -> Any:
    """Four taps by Keys' cubic convolution; beyond the ends they are repeated."""
    at = _sources(n, size, factor, align, dtype)
    low = np.floor(at)
    places = np.clip(low.astype(np.int64) + np.arange(-1, 3)[:, None], 0, n - 1)
    return places, np.stack(cubic_weights((at - low).astype(dtype))).astype(dtype)


def _triangle(t: Any) -> Any:
    return np.maximum(1 - np.abs(t), 0)


def _cubic_filter(t: Any) -> Any:
    t = np.abs(t)
    return np.where(t < 1, _near(t, CUBIC_FILTER), np.where(t < 2, _far(t, CUBIC_FILTER), 0))


def filtered(n: int, size: int, factor: float | None, align: bool, dtype: Any, cubic: bool) -> Any:
    """As many taps as a filter is wide that is stretched where there are fewer places than before: no aliases."""
    scale = float(scale_of(n, size, factor, align, dtype))
    support = (2.0 if cubic else 1.0) * max(scale, 1.0)
    center = scale * (np.arange(size) + 0.5)
    begin = np.maximum((center - support + 0.5).astype(np.int64), 0)
    count = np.minimum((center + support + 0.5).astype(np.int64), n) - begin
    steps = np.arange(max(int(count.max(initial=1)), 1))[:, None]
    weigh = _cubic_filter if cubic else _triangle
    weights = weigh((steps + begin - center + 0.5) / max(scale, 1.0)) * (steps < count)
    totals = weights.sum(0)
    weights = np.divide(weights, totals, where=totals != 0, out=np.zeros_like(weights))
    return np.minimum(begin + steps, n - 1), weights.astype(dtype)


def affine_places(sizes: tuple[int, ...], align: bool, dtype: Any) -> Any:
    """Homogeneous coordinates (places, dimensions + 1), width first, from -1 to 1: of the ends, or of their edges."""
    dims = len(sizes) - 2
    found = np.ones((*sizes[2:], dims + 1), dtype)
    for axis, n in enumerate(sizes[2:]):
        line = np.linspace(-1, 1, n, dtype=np.float64) if n > 1 else np.zeros(1)
        line = (line if align else line * ((n - 1) / n)).reshape(-1, *(1,) * (dims - axis - 1))
        found[..., dims - 1 - axis] = line
    return found.reshape(-1, dims + 1)


def affine_grid(theta: Any, sizes: tuple[int, ...], align: bool) -> Any:
    """Where affine maps take the places of images of these sizes: (samples, *places, dimensions)."""
    found = matmul(affine_places(sizes, align, theta.dtype), theta.swapaxes(1, 2))
    return found.reshape(sizes[0], *sizes[2:], len(sizes) - 2)
