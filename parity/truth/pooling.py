"""Forward lines of the largest of each window."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import less
from parity.truth.convolution import each, zeros
from parity.truth.table import forward

#: Along one dimension the places of each window that lie inside.
Along = list[list[int]]


def windows(n: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> Along:
    """The places of each window along a length; the last one has to begin inside, or in front of it."""
    span = n + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-span // stride) if ceil else span // stride) + 1
    if ceil and (count - 1) * stride >= n + padding:
        count -= 1
    starts = [i * stride - padding for i in range(count)]
    return [[p for k in range(kernel) if 0 <= (p := start + k * dilation) < n] for start in starts]


def parts(n: int, count: int) -> Along:
    """So many windows that cover a length."""
    return [list(range(i * n // count, -(-(i + 1) * n // count))) for i in range(count)]


def moving(x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, dims: int) -> list[Along]:
    sizes = x.shape[x.ndim - dims :]
    kernel = each(kernel, dims)
    stride = kernel if stride is None or (isinstance(stride, tuple) and not stride) else each(stride, dims)
    return [
        windows(n, k, s, p, d, ceil)
        for n, k, s, p, d in zip(sizes, kernel, stride, each(padding, dims), each(dilation, dims))
    ]


def adaptive(x: Array, output_size: Any, dims: int) -> list[Along]:
    sizes = x.shape[x.ndim - dims :]
    counts = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    return [parts(n, n if count is None else count) for n, count in zip(sizes, counts)]


def over(x: Array, along: Sequence[Along], pick: Callable[[Array, list[tuple[int, ...]]], Any], made: Array) -> Array:
    """`pick` of each plane and the places of each window in it, written into `made`."""
    lead = x.shape[: x.ndim - len(along)]
    for plane in np.ndindex(*lead):
        for at in np.ndindex(*made.shape[len(lead) :]):
            places = list(itertools.product(*(axis[i] for axis, i in zip(along, at))))
            made[(*plane, *at)] = pick(x[plane], places)
    return made


def shape_of(x: Array, along: Sequence[Along]) -> tuple[int, ...]:
    return (*x.shape[: x.ndim - len(along)], *map(len, along))


def _first(plane: Array, places: list[tuple[int, ...]]) -> tuple[int, ...]:
    best = places[0]
    for place in places[1:]:
        if less(plane[best], plane[place]):
            best = place
    return best


def both(x: Array, along: list[Along]) -> tuple[Array, Array]:
    """The largest of each window, and its number in the plane."""
    sizes, shape = x.shape[x.ndim - len(along) :], shape_of(x, along)

    def number(plane: Array, places: list[tuple[int, ...]]) -> Any:
        return sum(p * math.prod(sizes[i + 1 :]) for i, p in enumerate(_first(plane, places)))

    values = over(x, along, lambda plane, places: plane[_first(plane, places)], zeros(shape, x))
    return values, over(x, along, number, np.zeros(shape, np.int64))


def _lines(dims: int) -> None:
    def max_pool(
        input: Array, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        found = both(input, moving(input, kernel_size, stride, padding, dilation, ceil_mode, dims))
        return found if return_indices else found[0]

    def with_places(*args: Any, **kwargs: Any) -> Any:
        return max_pool(*args, **{**kwargs, "return_indices": True})

    def adaptive_max_pool(input: Array, output_size: Any, return_indices: bool = False) -> Any:
        found = both(input, adaptive(input, output_size, dims))
        return found if return_indices else found[0]

    def adaptive_with_places(input: Array, output_size: Any, return_indices: bool = False) -> Any:
        return adaptive_max_pool(input, output_size, True)

    def max_unpool(
        input: Array, indices: Array, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
    ) -> Array:
        kernel, padding = each(kernel_size, dims), each(padding, dims)
        stride = kernel if stride is None else each(stride, dims)
        lead, own = input.shape[: input.ndim - dims], input.shape[input.ndim - dims :]
        sizes = output_size or [(n - 1) * s + k - 2 * p for n, s, k, p in zip(own, stride, kernel, padding)]
        out = zeros((*lead, math.prod(sizes[-dims:])), input)
        for at in np.ndindex(*input.shape):
            out[(*at[: len(lead)], indices[at])] = input[at]
        found: Array = out.reshape(*lead, *sizes[-dims:])
        return found

    space = "nn.functional."
    forward(f"max_pool{dims}d", f"{space}max_pool{dims}d")(max_pool)
    forward(f"{space}max_pool{dims}d_with_indices", *(["max_pool1d_with_indices"] if dims == 1 else []))(with_places)
    forward(f"{space}adaptive_max_pool{dims}d")(adaptive_max_pool)
    names = ["adaptive_max_pool1d"] if dims == 1 else []
    forward(f"{space}adaptive_max_pool{dims}d_with_indices", *names)(adaptive_with_places)
    forward(f"{space}max_unpool{dims}d")(max_unpool)


for _dims in (1, 2, 3):
    _lines(_dims)
