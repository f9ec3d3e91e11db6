"""Convolutions of any number of dimensions, as matrix products over windows; knows no padding but zeros.

The three kernels are one form that is linear in each of input, weight and result, solved for one of them: `convolve`
for the result, `convolve_back` for the input (which is the transposed convolution), `correlate` for the weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff._kernels.contraction import matmul
from autodiff._kernels.half import in_single
from autodiff._kernels.layout import in_channels, in_rows, laid_in_channels

Sizes = tuple[int, ...]
#: So many elements of windows are written out at a time: they are to stay in the cache until they are multiplied.
_AT_ONCE = 1 << 17


def lengths(sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """How many places a window of each length has."""
    return tuple([
        (n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation)
    ])  # fmt: skip


def windows(x: Any, kernel: Sizes, places: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """All windows of (samples, channels, *sizes) in C order, without copies: (channels, *kernel, samples, *places)."""
    sample, channel, *steps = x.strides
    strides = (
        channel,
        *[step * d for step, d in zip(steps, dilation)],
        sample,
        *[step * s for step, s in zip(steps, stride)],
    )
    return np.ndarray((x.shape[1], *kernel, x.shape[0], *places), x.dtype, x, 0, strides)


def check(x: Sizes, w: Sizes, groups: int, transposed: bool = False) -> None:
    """Raise RuntimeError unless an input goes with weights of this shape: they may have been exchanged since."""
    if len(x) != len(w) or x[1] != (w[0] if transposed else w[1] * groups):
        raise RuntimeError(f"the input of size {list(x)} does not go with the weight of size {list(w)}")


def _blocks(samples: int, each: int) -> Iterator[slice]:
    """The samples in parts whose windows, `each` elements a sample, are to be written out at once."""
    step = max(1, _AT_ONCE // max(each, 1))
    for start in range(0, samples, step):
        yield slice(start, min(start + step, samples))


def _inner(sizes: Sizes, padding: Sizes) -> tuple[slice, ...]:
    """Where something of these sizes lies in what is padded."""
    return tuple([slice(p, p + n) for n, p in zip(sizes, padding)])


class _Columns:
    """The windows of an input, block by block, as the columns of one matrix for each group."""

    def __init__(
        self, x: Any, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
    ) -> None:
        self.x, self.kernel, self.stride, self.padding, self.dilation = x, kernel, stride, padding, dilation
        self.places, self.room = places, math.prod(places)
        self.groups, self.each = groups, x.shape[1] * math.prod(kernel)
        self.blocks = list(_blocks(len(x), self.each * self.room))
        most = max((block.stop - block.start for block in self.blocks), default=0)
        self.written = np.empty(self.each * self.room * most, x.dtype)
        self.padded = None
        if any(padding):
            sizes = [n + 2 * p for n, p in zip(x.shape[2:], padding)]
            self.padded = np.zeros((most, x.shape[1], *sizes), x.dtype)

    def of(self, block: slice) -> Any:
        """(groups, rows, samples * places)."""
        part, count = self.x[block], block.stop - block.start
        if self.padded is not None:
            self.padded[(slice(0, count), slice(None), *_inner(self.x.shape[2:], self.padding))] = part
            part = self.padded[:count]
        seen = windows(in_rows(part), self.kernel, self.places, self.stride, self.dilation)
        columns = self.written[: self.each * count * self.room]
        columns.reshape(seen.shape)[...] = seen
        return columns.reshape(self.groups, self.each // self.groups, count * self.room)


def _times(x: Any, y: Any) -> Any:
    """Products of matrices, group by group."""
    return matmul(x[0], y[0])[None] if len(x) == 1 else np.matmul(x, y)


@in_single
def convolve(
    x: Any, w: Any, bias: Any = None, *, sizes: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Any:
    """(samples, channels, ...) by (results, channels / groups, *kernel): the sum over each window, so many of them."""
    check(x.shape, w.shape, groups)
    kernel, samples, results = w.shape[2:], len(x), w.shape[0]
    rows = np.ascontiguousarray(w).reshape(groups, results // groups, math.prod(w.shape[1:]))
    if math.prod(kernel) == math.prod(stride) == 1 and sizes == x.shape[2:] and not any(padding):
        seen = in_rows(x).reshape(samples, groups, x.shape[1] // groups, math.prod(sizes))
        out = np.matmul(rows, seen).reshape(samples, results, *sizes)
    else:
        columns = _Columns(x, kernel, sizes, stride, padding, dilation, groups)
        out = np.empty((samples, results, *sizes), x.dtype)
        for block in columns.blocks:
            if block.stop - block.start == 1:  # no channel of another sample lies between
                np.matmul(rows, columns.of(block), out=out[block].reshape(groups, results // groups, math.prod(sizes)))
                continue
            product = _times(rows, columns.of(block)).reshape(results, block.stop - block.start, *sizes)
            out[block] = product.swapaxes(0, 1)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(kernel))
    return laid_in_channels(out) if in_channels(x) or in_channels(w) else out


@in_single
def convolve_back(
    y: Any, w: Any, bias: Any = None, *, sizes: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Any:
    """The input, of these sizes, to which each element of a result gives its window of weights."""
    check(y.shape, w.shape, groups, True)
    kernel, results = w.shape[2:], w.shape[0]
    own, channels, places = w.shape[1], w.shape[1] * groups, y.shape[2:]
    around = tuple([d * (k - 1) - p for k, p, d in zip(kernel, padding, dilation)])
    if (
        results <= 4 * channels
        and math.prod(stride) == 1
        and min(around) >= 0
        and lengths(places, kernel, stride, around, dilation) == sizes
    ):
        # The convolution with the weights turned round copies windows; below, windows are added up.
        turned = w.reshape(groups, results // groups, own, *kernel).swapaxes(1, 2)
        turned = np.flip(turned, tuple(range(3, turned.ndim))).reshape(channels, results // groups, *kernel)
        found = convolve(y, turned, sizes=sizes, stride=stride, padding=around, dilation=dilation, groups=groups)
    else:
        found = _added_up(y, w, sizes, stride, padding, dilation, groups)
    if bias is not None:
        found += bias.reshape(-1, *(1,) * len(kernel))
    return laid_in_channels(found) if in_channels(y) or in_channels(w) else found


def _added_up(y: Any, w: Any, sizes: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Any:
    kernel, samples, results = w.shape[2:], len(y), w.shape[0]
    channels, places = w.shape[1] * groups, y.shape[2:]
    room, weights = math.prod(places), math.prod(w.shape[1:])
    columns = np.ascontiguousarray(w).reshape(groups, results // groups, weights).swapaxes(1, 2)
    ends = [n + 2 * p for n, p in zip(sizes, padding)]
    out = np.empty((samples, channels, *sizes), y.dtype)
    for block in _blocks(samples, weights * groups * room):
        count = block.stop - block.start
        seen = y[block].swapaxes(0, 1).reshape(groups, results // groups, count * room)
        parts = _times(columns, seen).reshape(channels, *kernel, count, *places)
        whole = np.zeros((channels, count, *ends), y.dtype)
        for at in np.ndindex(*kernel):
            reach = [slice(i * d, i * d + (m - 1) * s + 1, s) for i, d, m, s in zip(at, dilation, places, stride)]
            whole[(slice(None), slice(None), *reach)] += parts[(slice(None), *at)]
        out[block] = whole[(slice(None), slice(None), *_inner(sizes, padding))].swapaxes(0, 1)
    return out


@in_single
def correlate(y: Any, x: Any, *, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Any:
    """The weights by which each window of an input counts in a result: the sum over samples and places."""
    results, own = y.shape[1], x.shape[1] // groups
    columns = _Columns(x, kernel, y.shape[2:], stride, padding, dilation, groups)
    # A column for each result: BLAS takes a fifth less for it than for a row.
    out = np.zeros((groups, own * math.prod(kernel), results // groups), y.dtype)
    for block in columns.blocks:
        count = block.stop - block.start
        seen = y[block].swapaxes(0, 1).reshape(groups, results // groups, count * columns.room)
        out += _times(columns.of(block), seen.swapaxes(1, 2))
    return np.ascontiguousarray(out.swapaxes(1, 2)).reshape(results, own, *kernel)
