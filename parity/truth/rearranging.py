"""Forward lines of what rearranges, repeats and surrounds elements; always copied."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.shape import sizes
from parity.truth.table import forward, line

line("flip", lambda input, *args, dims=None: np.array(np.flip(input, sizes(args) if dims is None else dims)))


@forward("roll")
def _(input: Array, shifts: Any, dims: Any = None) -> Array:
    return np.roll(input, shifts, None if dims is None or dims == () else dims)


@forward("repeat")
def _(input: Array, *args: Any, repeats: Any = None) -> Array:
    times = sizes(args) if repeats is None else tuple(repeats)
    return np.tile(input.reshape((1,) * (len(times) - input.ndim) + input.shape), times)


line("fliplr", lambda input: np.flip(input, 1).copy())
line("flipud", lambda input: np.flip(input, 0).copy())
line("tile", lambda input, *args, dims=None: np.tile(input, sizes(args) if dims is None else dims))
line("rot90", lambda input, k=1, dims=(0, 1): np.array(np.rot90(input, k, dims)))


@forward("repeat_interleave")
def _(input: Array, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Array:
    source = input.reshape(-1) if dim is None else input
    return np.repeat(source, repeats, axis=0 if dim is None else dim)


def _alike(input: Array, value: Any) -> Any:
    """The number as an element of the array; an integer array takes its whole part."""
    return np.asarray(value).astype(input.dtype)[()] if is_discrete(input) else balls(value)[()]


@forward("constant_pad_nd")
def _(input: Array, pad: Any, value: Any = 0) -> Array:
    missing = [0] * (input.ndim - len(pad) // 2)
    before, after = [*missing, *pad[-2::-2]], [*missing, *pad[::-2]]
    kept: Any = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, a, b in zip(input.shape, before, after))
    room = [(max(a, 0), max(b, 0)) for a, b in zip(before, after)]
    core = input[(*kept, ...)]
    result = np.empty([a + n + b for n, (a, b) in zip(core.shape, room)], input.dtype)
    result[...] = _alike(input, value)
    inside: Any = (*[slice(a, a + n) for n, (a, _) in zip(core.shape, room)], ...)
    result[inside] = core
    return result


@forward("slice_scatter")
def _(input: Array, src: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    result = input.copy()
    result[(slice(None),) * (dim % input.ndim) + (slice(start, end, step),)] = src
    return result


@forward("select_scatter")
def _(input: Array, src: Array, dim: int, index: int) -> Array:
    result = input.copy()
    result[(slice(None),) * (dim % input.ndim) + (index, ...)] = src
    return result


@forward("as_strided_scatter")
def _(input: Array, src: Array, size: Any, stride: Any, storage_offset: int | None = None) -> Array:
    result = np.array(input, order="C")
    flat = result.reshape(-1)[storage_offset or 0 :]
    np.lib.stride_tricks.as_strided(flat, size, [n * result.itemsize for n in stride])[...] = src
    return result
