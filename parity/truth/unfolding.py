"""Forward lines of windows as columns, and of channels exchanged with places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.convolution import each, padded, reach, zeros
from parity.truth.table import forward


@forward("nn.functional.unfold")
def _(input: Array, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Array:
    kernel, dilation, padding, stride = (each(v, 2) for v in (kernel_size, dilation, padding, stride))
    x = padded(input, padding, padding)
    places = tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[-2:], kernel, stride, dilation))
    parts = [x[reach(at, places, stride, dilation)] for at in np.ndindex(*kernel)]
    found = np.stack(parts, axis=-3)
    return found.reshape(*input.shape[:-3], input.shape[-3] * len(parts), math.prod(places))


@forward("nn.functional.fold")
def _(input: Array, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
      stride: Any = 1) -> Array:  # fmt: skip
    sizes, kernel, dilation, padding, stride = (
        each(v, 2) for v in (output_size, kernel_size, dilation, padding, stride)
    )
    whole = tuple(n + 2 * p for n, p in zip(sizes, padding))
    places = tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(whole, kernel, stride, dilation))
    channels = input.shape[-2] // math.prod(kernel)
    parts = input.reshape(*input.shape[:-2], channels, math.prod(kernel), *places)
    out = zeros((*input.shape[:-2], channels, *whole), input)
    for number, at in enumerate(np.ndindex(*kernel)):
        place = reach(at, places, stride, dilation)
        out[place] = out[place] + parts[..., number, :, :]
    inner: Any = (..., *(slice(p, p + n) for p, n in zip(padding, sizes)))
    found: Array = out[inner]
    return found


@forward("pixel_shuffle", "nn.functional.pixel_shuffle")
def _(input: Array, upscale_factor: int) -> Array:
    r, (*lead, channels, height, width) = upscale_factor, input.shape
    out = np.empty((*lead, channels // r**2, height * r, width * r), input.dtype)
    for i, j in np.ndindex(r, r):
        out[..., i::r, j::r] = input[..., i * r + j :: r**2, :, :]
    return out


@forward("pixel_unshuffle", "nn.functional.pixel_unshuffle")
def _(input: Array, downscale_factor: int) -> Array:
    r, (*lead, channels, height, width) = downscale_factor, input.shape
    out = np.empty((*lead, channels * r**2, height // r, width // r), input.dtype)
    for i, j in np.ndindex(r, r):
        out[..., i * r + j :: r**2, :, :] = input[..., i::r, j::r]
    return out


@forward("channel_shuffle", "nn.functional.channel_shuffle")
def _(input: Array, groups: int) -> Array:
    each_one = input.shape[1] // groups
    return input[:, [g * each_one + i for i in range(each_one) for g in range(groups)]]
