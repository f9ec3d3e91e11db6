"""Windows as columns and back, and channels exchanged with places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.convolution import windows
from autodiff._kernels.half import in_single
from autodiff._kernels.layout import in_rows

Sizes = tuple[int, ...]


def im2col(x: Any, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """(samples, channels * window, places); without samples for one alone."""
    if x.ndim == 3:
        return im2col(x[None], kernel, places, stride, padding, dilation)[0]
    around = [(0, 0), (0, 0), *[(p, p) for p in padding]]
    seen = windows(in_rows(np.pad(x, around) if any(padding) else x), kernel, places, stride, dilation)
    last = len(kernel) + 1
    turned = np.moveaxis(seen, last, 0)
    return turned.copy("C").reshape(len(x), x.shape[1] * math.prod(kernel), math.prod(places))


@in_single
def col2im(g: Any, sizes: Sizes, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """The adjoint: columns added up where their windows stood."""
    if g.ndim == 2:
        return col2im(g[None], sizes, kernel, places, stride, padding, dilation)[0]
    channels = g.shape[1] // math.prod(kernel)
    parts = g.reshape(len(g), channels, *kernel, *places)
    whole = np.zeros((len(g), channels, *[n + 2 * p for n, p in zip(sizes, padding)]), g.dtype)
    for at in np.ndindex(*kernel):
        reach = [slice(i * d, i * d + (m - 1) * s + 1, s) for i, d, m, s in zip(at, dilation, places, stride)]
        whole[(..., *reach)] += parts[(slice(None), slice(None), *at)]
    inner = [slice(p, p + n) for n, p in zip(sizes, padding)]
    return whole[(..., *inner)].copy("C")


def pixel_shuffle(x: Any, factor: int) -> Any:
    """Channels as places: factor² of them make an image that is `factor` times as high and wide."""
    *lead, channels, height, width = x.shape
    parts = x.reshape(*lead, channels // factor**2, factor, factor, height, width)
    n = len(lead)
    turned = parts.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return turned.copy("C").reshape(*lead, channels // factor**2, height * factor, width * factor)


def pixel_unshuffle(x: Any, factor: int) -> Any:
    """Places as channels."""
    *lead, channels, height, width = x.shape
    parts = x.reshape(*lead, channels, height // factor, factor, width // factor, factor)
    n = len(lead)
    turned = parts.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return turned.copy("C").reshape(*lead, channels * factor**2, height // factor, width // factor)


def channel_shuffle(x: Any, groups: int) -> Any:
    """The channels in the order in which the groups take turns."""
    parts = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    return parts.swapaxes(1, 2).copy("C").reshape(x.shape)
