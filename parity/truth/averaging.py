"""Forward lines of means and norms of windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, elementwise
from parity.truth.convolution import each, zeros
from parity.truth.pooling import Along, adaptive, moving, over, shape_of
from parity.truth.table import forward


def _mean(x: Array, along: list[Along], divisors: Any = None) -> Array:
    """The mean of each window; `divisors` (one, or one for each place) count in the stead of its elements."""

    def mean(plane: Array, places: list[tuple[int, ...]]) -> Any:
        total = np.asarray(sum(plane[place] for place in places), dtype=object)
        return total.item() / (len(places) if divisors is None else 1)

    found = over(x, along, mean, zeros(shape_of(x, along), x))
    return found if divisors is None else found / balls(np.asarray(divisors))


def _with_padding(x: Array, kernel: Any, stride: Any, padding: Any, along: list[Along]) -> Array:
    """How many places each window has, the padding's among them."""
    counts = np.ones((), np.int64)
    dims = len(along)
    kernel, padding = each(kernel, dims), each(padding, dims)
    stride = kernel if stride in (None, ()) else each(stride, dims)
    for axis, (found, k, s, p) in enumerate(zip(along, kernel, stride, padding)):
        n = x.shape[x.ndim - dims + axis]
        each_one = [min(i * s - p + k, n + p) - (i * s - p) for i in range(len(found))]
        counts = counts * np.array(each_one).reshape(-1, *(1,) * (dims - axis - 1))
    return counts


def mean_of_parts(x: Array, sizes: Any) -> Array:
    """The means of so many parts of each of the last dimensions."""
    return _mean(x, adaptive(x, tuple(sizes), len(sizes)))


def _lines(dims: int) -> None:
    def avg_pool(
        input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Array:  # fmt: skip
        along = moving(input, kernel_size, stride, padding, 1, ceil_mode, dims)
        if divisor_override is not None:
            return _mean(input, along, divisor_override)
        whole = _with_padding(input, kernel_size, stride, padding, along)
        return _mean(input, along, whole if count_include_pad else None)

    def adaptive_avg_pool(input: Array, output_size: Any) -> Array:
        return mean_of_parts(input, each(output_size, dims))

    def lp_pool(input: Array, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Array:
        power = elementwise(lambda a: a**norm_type, 1)
        along = moving(input, kernel_size, stride, 0, 1, ceil_mode, dims)
        mean = _mean(power(input), along, _with_padding(input, kernel_size, stride, 0, along))
        return elementwise(lambda a: a ** (1 / balls(norm_type).item()), 1)(mean * math.prod(each(kernel_size, dims)))

    one = dims == 1
    forward(f"nn.functional.avg_pool{dims}d", *(["avg_pool1d"] if one else []))(avg_pool)
    forward(f"nn.functional.adaptive_avg_pool{dims}d", *(["adaptive_avg_pool1d"] if one else []))(adaptive_avg_pool)
    forward(f"nn.functional.lp_pool{dims}d")(lp_pool)


for _dims in (1, 2, 3):
    _lines(_dims)
