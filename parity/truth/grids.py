"""Forward lines of images read at the places of a grid, and of grids of affine maps."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, less
from parity.truth.convolution import zeros
from parity.truth.matmul import product
from parity.truth.resampling import cubic_weights
from parity.truth.table import forward


def _inside(at: Any, n: int, padding: str, align: bool) -> Any:
    low, high = (arb(0), arb(n - 1)) if align else (arb(-1) / 2, arb(2 * n - 1) / 2)
    if padding == "reflection":
        if n == 1 and align:
            return arb(0)
        while less(at, low) or less(high, at):
            at = 2 * low - at if less(at, low) else 2 * high - at
    if padding != "zeros":
        at = arb(0) if less(at, arb(0)) else arb(n - 1) if less(arb(n - 1), at) else at
    return at


def _along(at: Any, n: int, mode: str, padding: str, align: bool) -> list[tuple[Any, Any]]:
    """The places that make what is read there, each with its weight; None is outside."""
    if mode != "bicubic":
        at = _inside(at, n, padding, align)
    if mode == "nearest":
        return [_bounded(round(float(at)), n, arb(1))]
    low = math.floor(float(at))
    if mode == "bilinear":
        return [_bounded(low, n, 1 - (at - low)), _bounded(low + 1, n, at - low)]
    weights = cubic_weights(at - low)
    places = [_inside(arb(low + k), n, padding, align) for k in range(-1, 3)]
    return [_bounded(round(float(p)), n, w) for p, w in zip(places, weights)]


def _bounded(place: int, n: int, weight: Any) -> tuple[Any, Any]:
    return (place if 0 <= place < n else None), weight


@forward("nn.functional.grid_sample")
def _(
    input: Array, grid: Array, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: Any = None
) -> Array:
    own, places = input.shape[2:], grid.shape[1:-1]
    out = zeros((*input.shape[:2], *places), input)
    for sample, *at in np.ndindex(len(input), *places):
        taps = []
        for n, c in zip(own, grid[(sample, *at)][::-1]):
            place = (c + 1) / 2 * (n - 1) if align_corners else ((c + 1) * n - 1) / 2
            taps.append(_along(place, n, mode, padding_mode, bool(align_corners)))
        for corner in itertools.product(*taps):
            if all(p is not None for p, _ in corner):
                weight = math.prod((w for _, w in corner), start=arb(1))
                for channel in range(input.shape[1]):
                    out[(sample, channel, *at)] += input[(sample, channel, *(p for p, _ in corner))] * weight
    return out


@forward("nn.functional.affine_grid")
def _(theta: Array, size: Any, align_corners: Any = None) -> Array:
    dims = len(size) - 2
    base = np.empty((math.prod(size[2:]), dims + 1), object)
    for row, at in enumerate(np.ndindex(*size[2:])):
        for axis, (i, n) in enumerate(zip(at, size[2:])):
            place = arb(2 * i) / (n - 1) - 1 if n > 1 else arb(0)
            base[row, dims - 1 - axis] = place if align_corners else place * (n - 1) / n
        base[row, dims] = arb(1)
    return product(base[None], theta.swapaxes(1, 2)).reshape(size[0], *size[2:], dims)
