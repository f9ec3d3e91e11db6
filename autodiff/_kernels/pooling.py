"""Extremes and means over windows of the last dimensions; the places of extremes are numbered plane by plane."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff._kernels.half import in_single
from autodiff._kernels.layout import with_channels_of

Sizes = tuple[int, ...]


def pooled(n: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """How many windows a length has; with `ceil` also one that begins inside and ends outside."""
    span = n + 2 * padding - dilation * (kernel - 1) - 1
    count = (span + (stride - 1 if ceil else 0)) // stride + 1
    # The last one has to begin within the input or the padding in front of it.
    return count - 1 if ceil and (count - 1) * stride >= n + padding else count


def _reach(at: Sizes, places: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Any, ...]:
    """Where the elements lie that stand at one place of each window."""
    return (..., *[slice(i * d, i * d + (m - 1) * s + 1, s) for i, m, s, d in zip(at, places, stride, dilation)])


def _ends(sizes: Sizes, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """Sizes that hold what is padded and every window."""
    each = zip(sizes, kernel, places, stride, padding, dilation)
    return tuple([max(n + 2 * p, (m - 1) * s + d * (k - 1) + 1) for n, k, m, s, p, d in each])


def _inside(sizes: Sizes, padding: Sizes) -> tuple[Any, ...]:
    return (..., *[slice(p, p + n) for n, p in zip(sizes, padding)])


def _padded(x: Any, padding: Sizes, ends: Sizes, value: Any) -> Any:
    lead = x.shape[: x.ndim - len(ends)]
    if x.shape[len(lead) :] == ends:
        return x
    room = np.full((*lead, *ends), value, x.dtype)
    room[_inside(x.shape[len(lead) :], padding)] = x
    return room


def _least(dtype: Any) -> Any:
    return -math.inf if dtype.kind == "f" else np.iinfo(dtype).min


def max_pool(x: Any, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """The largest of each window and its place in the plane: the first of them, of nans the last."""
    sizes = x.shape[x.ndim - len(kernel) :]
    least = _least(x.dtype)
    wide = _padded(x, padding, _ends(sizes, kernel, places, stride, padding, dilation), least)
    nans = x.dtype.kind == "f" and x.size and np.isnan(x.max())
    offsets = list(np.ndindex(*kernel))
    best = wide[_reach(offsets[0], places, stride, dilation)].copy()
    which = np.zeros(best.shape, np.int64 if len(offsets) > 127 else np.int8)
    for number, at in enumerate(offsets[1:], 1):
        part = wide[_reach(at, places, stride, dilation)]
        better = part > best
        if nans:
            better |= part != part
            np.copyto(best, part, where=better)
        else:
            np.maximum(best, part, out=best)
        # A later place is a larger number: what is better takes the number over.
        np.maximum(which, better.view(np.int8) * which.dtype.type(number), out=which)
    table = np.array(offsets, np.int64).reshape(len(offsets), len(kernel)) * dilation
    begins = [
        (np.arange(m) * s - p).reshape(-1, *(1,) * (len(sizes) - axis - 1))
        for axis, (m, s, p) in enumerate(zip(places, stride, padding))
    ]
    indices: Any = 0
    if not any(padding):
        steps = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
        indices = (table * steps).sum(1)[which] + sum(begin * step for begin, step in zip(begins, steps))
    for axis, (n, d) in enumerate(zip(sizes, dilation)) if any(padding) else ():
        place = begins[axis] + table[:, axis][which]
        # Where nothing is larger than the padding the first one inside counts.
        place = np.where(place < 0, place + -(place // d) * d, place)
        indices = indices * n + place
    return with_channels_of(x, best), with_channels_of(x, indices)


def _flat(indices: Any, lead: Sizes, room: int) -> Any:
    """Places in planes as places in all of them."""
    planes = math.prod(lead)
    each = indices.reshape(planes, indices.size // max(planes, 1))
    return (each + np.arange(planes)[:, None] * room).reshape(-1)


def planes_added(g: Any, x: Any, indices: Any, dims: int, apart: bool) -> Any:
    """Zeros like x, with each of g added at its place in the plane; `apart` if no place comes twice."""
    lead, sizes = x.shape[: x.ndim - dims], x.shape[x.ndim - dims :]
    room = math.prod(sizes)
    places = _flat(indices, lead, room)
    if apart:
        out = np.zeros(x.size, g.dtype)
        out[places] = g.reshape(-1)
    else:
        out = np.bincount(places, g.reshape(-1), x.size).astype(g.dtype)
    return with_channels_of(x, out.reshape(x.shape))


def planes_written(x: Any, indices: Any, sizes: Sizes) -> Any:
    """Zeros of these sizes, with each of x at its place in the plane."""
    lead, room = x.shape[: x.ndim - len(sizes)], math.prod(sizes)
    if indices.size and not 0 <= indices.min() <= indices.max() < room:
        wrong = int(indices[(indices < 0) | (indices >= room)].flat[0])
        whole = "x".join(map(str, sizes))
        raise RuntimeError(f"Found an invalid max index: {wrong} (output volumes are of size {whole})")
    out = np.zeros((*lead, *sizes), x.dtype)
    out.reshape(-1)[_flat(indices, lead, room)] = x.reshape(-1)
    return out


def planes_taken(x: Any, indices: Any, dims: int) -> Any:
    """What stands in x at these places of its planes."""
    lead = x.shape[: x.ndim - dims]
    room = math.prod(x.shape[x.ndim - dims :])
    return x.reshape(-1)[_flat(indices, lead, room)].reshape(indices.shape)


# -- means ------------------------------------------------------------------------------------------------------------


def _counts(sizes: Sizes, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, whole: bool) -> Any:
    """How many elements each window has: those inside, or (`whole`) those of the padding with them."""
    counts: Any = 1
    for axis, (n, k, m, s, p) in enumerate(zip(sizes, kernel, places, stride, padding)):
        begin = np.arange(m) * s - p
        end = np.minimum(begin + k, n + p)
        if not whole:
            begin, end = np.maximum(begin, 0), np.minimum(end, n)
        counts = counts * (end - begin).reshape(-1, *(1,) * (len(sizes) - axis - 1))
    return counts


def _divisor(dtype: Any, divisor: int | None, *windows: Any) -> Any:
    return dtype.type(divisor) if divisor is not None else _counts(*windows).astype(dtype)


@in_single
def avg_pool(
    x: Any, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, whole: bool, divisor: int | None
) -> Any:
    """The mean of each window."""
    sizes, ones = x.shape[x.ndim - len(kernel) :], (1,) * len(kernel)
    wide = _padded(x, padding, _ends(sizes, kernel, places, stride, padding, ones), 0)
    offsets = list(np.ndindex(*kernel))
    out = wide[_reach(offsets[0], places, stride, ones)].copy()
    for at in offsets[1:]:
        out += wide[_reach(at, places, stride, ones)]
    by = _divisor(x.dtype, divisor, sizes, kernel, places, stride, padding, whole)
    if x.dtype.kind == "f":
        out /= by
    else:
        out = np.sign(out) * np.sign(by) * (np.abs(out) // np.abs(by))  # as C++ divides
    return with_channels_of(x, out)


@in_single
def avg_pool_back(
    g: Any,
    x: Any,
    kernel: Sizes,
    places: Sizes,
    stride: Sizes,
    padding: Sizes,
    whole: bool,
    divisor: int | None,
) -> Any:
    """Each of g shared by the elements of its window."""
    sizes, ones = x.shape[x.ndim - len(kernel) :], (1,) * len(kernel)
    share = g / _divisor(g.dtype, divisor, sizes, kernel, places, stride, padding, whole)
    lead = x.shape[: x.ndim - len(kernel)]
    wide = np.zeros((*lead, *_ends(sizes, kernel, places, stride, padding, ones)), g.dtype)
    for at in np.ndindex(*kernel):
        wide[_reach(at, places, stride, ones)] += share
    return with_channels_of(x, np.ascontiguousarray(wide[_inside(sizes, padding)]))


# -- windows that divide a length into so many parts ------------------------------------------------------------------


def parts(n: int, count: int) -> list[tuple[int, int]]:
    """Where each of `count` parts of a length begins and ends; neighbours overlap where they do not fit."""
    return [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]


def _along(x: Any, axis: int, begin: int, end: int) -> Any:
    return x[(slice(None),) * axis + (slice(begin, end),)]


def _shares(x: Any, sizes: Sizes) -> Any:
    """How many elements each part has."""
    counts: Any = 1
    for axis, count in enumerate(sizes):
        lengths = [end - begin for begin, end in parts(x.shape[x.ndim - len(sizes) + axis], count)]
        counts = counts * np.array(lengths, np.int64).reshape(-1, *(1,) * (len(sizes) - axis - 1))
    return counts


@in_single
def adaptive_avg_pool(x: Any, sizes: Sizes) -> Any:
    """The means of so many parts of each of the last dimensions."""
    out = x
    for axis, count in enumerate(sizes, x.ndim - len(sizes)):
        rows = [_along(out, axis, begin, end).sum(axis) for begin, end in parts(x.shape[axis], count)]
        out = np.stack(rows, axis) if rows else _along(out, axis, 0, 0)
    return with_channels_of(x, out / _shares(x, sizes).astype(x.dtype))


@in_single
def adaptive_avg_pool_back(g: Any, x: Any, sizes: Sizes) -> Any:
    """Each of g shared by the elements of its part."""
    out = g / _shares(x, sizes).astype(g.dtype)
    for axis in range(x.ndim - 1, x.ndim - len(sizes) - 1, -1):
        length = x.shape[axis]
        room = np.zeros((*out.shape[:axis], length, *out.shape[axis + 1 :]), g.dtype)
        for i, (begin, end) in enumerate(parts(length, out.shape[axis])):
            _along(room, axis, begin, end)[...] += _along(out, axis, i, i + 1)
        out = room
    return with_channels_of(x, out)


def adaptive_max_pool(x: Any, sizes: Sizes) -> Any:
    """The largest of so many parts of each of the last dimensions, and its place in the plane."""
    lead, own = x.shape[: x.ndim - len(sizes)], x.shape[x.ndim - len(sizes) :]
    numbers = np.arange(math.prod(own)).reshape(own)
    values, indices = np.empty((*lead, *sizes), x.dtype), np.empty((*lead, *sizes), np.int64)
    for at, window in _windows(own, sizes):
        seen = x[(..., *window)].reshape(*lead, -1)
        first = seen.argmax(-1)
        best = np.take_along_axis(seen, first[..., None], -1)[..., 0]
        if np.isnan(best).any():  # of nans the last
            last = seen.shape[-1] - 1 - np.isnan(seen[..., ::-1]).argmax(-1)
            first = np.where(np.isnan(best), last, first)
        values[(..., *at)] = best
        indices[(..., *at)] = numbers[window].reshape(-1)[first]
    return with_channels_of(x, values), with_channels_of(x, indices)


def _windows(own: Sizes, sizes: Sizes) -> Iterator[tuple[Sizes, tuple[slice, ...]]]:
    along = [[slice(*ends) for ends in parts(n, count)] for n, count in zip(own, sizes)]
    for at in np.ndindex(*sizes):
        yield at, tuple([along[axis][i] for axis, i in enumerate(at)])


def _begins(n: int, kernel: int, count: int, samples: Any) -> Any:
    """Where so many windows begin along a length of n, of each plane by its sample: (planes, count)."""
    last = np.full((len(samples), 1), n - kernel)
    if count < 2:
        return last[:, :count]
    step = samples.dtype.type(n - kernel) / samples.dtype.type(count - 1)
    at = np.arange(count - 1, dtype=samples.dtype)
    first = (samples * step).astype(np.int64)[:, None]
    return np.concatenate([((at + samples[:, None]) * step).astype(np.int64) - first, last], axis=1)


def fractional_max_pool(x: Any, samples: Any, kernel: Sizes, sizes: Sizes) -> Any:
    """The largest of each window and its place in the plane; samples: in [0, 1), for each plane and dimension.

    The last sample is the first dimension's of images, as in torch; volumes have theirs in order.
    """
    dims = len(kernel)
    lead, own = x.shape[: x.ndim - dims], x.shape[x.ndim - dims :]
    planes = math.prod(lead)
    shares = samples[: lead[0] if len(lead) > 1 else 1].reshape(planes, dims)
    shares = shares[:, ::-1] if dims == 2 else shares
    places: Any = np.zeros((planes, *[1] * (2 * dims)), np.int64)
    for axis, (n, k, count) in enumerate(zip(own, kernel, sizes)):
        along = _begins(n, k, count, shares[:, axis])[:, :, None] + np.arange(k)
        shape = [planes, *[1] * (2 * dims)]
        shape[1 + axis], shape[1 + dims + axis] = count, k
        places = places * n + along.reshape(shape)
    places = places.reshape(planes, math.prod(sizes), math.prod(kernel))
    seen = np.take_along_axis(x.reshape(planes, 1, -1), places.reshape(planes, 1, -1), -1).reshape(places.shape)
    which = seen.argmax(-1)
    if seen.size and np.isnan(seen.max()):  # of nans the last
        nans = np.isnan(seen)
        which = np.where(nans.any(-1), seen.shape[-1] - 1 - nans[..., ::-1].argmax(-1), which)
    values, indices = (np.take_along_axis(t, which[..., None], -1).reshape(*lead, *sizes) for t in (seen, places))
    return values, indices
