"""Forward lines of padding and resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.averaging import mean_of_parts
from parity.truth.balls import arb, balls
from parity.truth.table import LINES, NoTruth, forward


def _place(i: int, n: int, mode: str) -> int:
    if mode == "replicate":
        return min(max(i, 0), n - 1)
    if mode == "circular":
        return i % n
    while not 0 <= i < n:
        i = -i if i < 0 else 2 * (n - 1) - i
    return i


@forward("nn.functional.pad")
def _(input: Array, pad: Any, mode: str = "constant", value: Any = None) -> Array:
    if mode == "constant":
        found: Array = LINES["constant_pad_nd"](input, pad, 0 if value is None else value)
        return found
    for d, (before, after) in enumerate(zip(pad[::2], pad[1::2])):
        axis = input.ndim - 1 - d
        n = input.shape[axis]
        if mode == "circular" and min(before, after) < 0:
            raise NoTruth("what goes round where something is taken away")
        input = input.take([_place(i, n, mode) for i in range(-before, n + after)], axis)
    return input


def _near(t: Any, a: Any) -> Any:
    return ((a + 2) * t - (a + 3)) * t * t + 1


def _far(t: Any, a: Any) -> Any:
    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a


def cubic_weights(t: Any) -> list[Any]:
    """Of the four neighbours of a place that is `t` beyond the second."""
    a = arb(-3) / 4
    return [_far(t + 1, a), _near(t, a), _near(1 - t, a), _far(2 - t, a)]


def _taps(i: int, n: int, scale: Any, mode: str, align: bool) -> list[tuple[int, Any]]:
    """The places that make an element, each with its weight."""
    half = arb(1) / 2
    at = scale * i if align else scale * (i + half) - half
    if mode == "cubic":
        low = int(np.floor(float(at)))
        return [(min(max(low + k - 1, 0), n - 1), w) for k, w in enumerate(cubic_weights(at - low))]
    at = at if float(at) > 0 else arb(0)
    low = min(int(np.floor(float(at))), n - 1)
    return [(low, 1 - (at - low)), (min(low + 1, n - 1), at - low)]


def _filtered(i: int, n: int, scale: Any, mode: str) -> list[tuple[int, Any]]:
    wide = scale if float(scale) > 1 else arb(1)
    support, center, a = (2 if mode == "cubic" else 1) * wide, scale * (i + arb(1) / 2), arb(-1) / 2
    begin, end = max(int(float(center - support) + 0.5), 0), min(int(float(center + support) + 0.5), n)
    found = []
    for place in range(begin, end):
        t = abs((place - center + arb(1) / 2) / wide)
        near = float(t) < 1
        weight = (_near(t, a) if near else _far(t, a)) if mode == "cubic" else 1 - t
        found.append((place, weight if near or (mode == "cubic" and float(t) < 2) else arb(0)))
    total = sum(w for _, w in found)
    return [(place, w / total) for place, w in found]


def _resized(x: Array, size: Any, factor: Any, mode: str, align: Any, recompute: Any, antialias: bool) -> Array:
    own = x.shape[2:]
    each = size if factor is None else factor
    each = each if isinstance(each, (tuple, list)) else (each,) * len(own)
    sizes = [int(n if factor is None else np.floor(m * n)) for m, n in zip(own, each)]
    if mode == "area":
        return mean_of_parts(x, sizes)
    kind = "cubic" if mode == "bicubic" else "linear"
    for axis, (n, m) in enumerate(zip(own, sizes), 2):
        scale = arb(n) / m if factor is None or recompute else 1 / arb(each[axis - 2])
        if align:
            scale = arb(n - 1) / (m - 1) if m > 1 else arb(0)
        if mode.startswith("nearest"):
            shift = 0.5 if mode == "nearest-exact" else 0
            x = x.take([min(int((i + shift) * float(scale)), n - 1) for i in range(m)], axis)
            continue
        if kind == "linear" and n == m and not antialias:
            continue
        taps = [_filtered(i, n, scale, kind) if antialias else _taps(i, n, scale, kind, align) for i in range(m)]
        rows = [sum(x.take(place, axis) * balls(np.asarray(w, dtype=object)) for place, w in tap) for tap in taps]
        x = np.stack(rows, axis)
    return x


@forward("nn.functional.interpolate")
def _(input: Array, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
      recompute_scale_factor: Any = None, antialias: bool = False) -> Array:  # fmt: skip
    return _resized(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)


@forward("nn.functional.upsample")
def _(input: Array, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
      align_corners: Any = None) -> Array:  # fmt: skip
    return _resized(input, size, scale_factor, mode, align_corners, None, False)
