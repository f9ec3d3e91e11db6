"""Forward lines of writing and adding at positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.table import forward


def _alike(input: Array, given: Any) -> Array:
    return np.asarray(given) if is_discrete(input) else balls(given)


def _places(input: Array, dim: int, index: Array) -> tuple[Array, ...]:
    """The places that an index tensor along a dimension means, in every dimension."""
    grid = list(np.indices(index.shape, sparse=False))
    grid[dim % max(input.ndim, 1)] = index
    return tuple(grid)


def _written(input: Array, dim: int, index: Array, src: Any, add: bool) -> Array:
    if not index.size:
        return input.copy()
    result = np.atleast_1d(input.copy())
    places = np.atleast_1d(index)
    given = _alike(input, src)
    if given.ndim:
        given = given[tuple(slice(n) for n in places.shape)]
    where = _places(result, dim, places)
    if add:
        np.add.at(result, where, given)
    else:
        result[where] = given
    return result.reshape(input.shape)


@forward("scatter")
def _(input: Array, dim: int, index: Array, src: Any) -> Array:
    return _written(input, dim, index, src, False)


@forward("scatter_add")
def _(input: Array, dim: int, index: Array, src: Array) -> Array:
    return _written(input, dim, index, src, True)


def _slices(input: Array, dim: int, index: Array) -> tuple[Array, tuple[Any, ...]]:
    """A copy, and the index of the slices that are meant."""
    result = np.atleast_1d(input.copy())
    return result, (slice(None),) * (dim % result.ndim) + (np.atleast_1d(index),)


@forward("index_add")
def _(input: Array, dim: int, index: Array, source: Array, *, alpha: Any = 1) -> Array:
    result, where = _slices(input, dim, index)
    np.add.at(result, where, np.atleast_1d(source) * (alpha if is_discrete(input) else balls(alpha)))
    return result.reshape(input.shape)


@forward("index_copy")
def _(input: Array, dim: int, index: Array, source: Array) -> Array:
    result, where = _slices(input, dim, index)
    result[where] = np.atleast_1d(source)
    return result.reshape(input.shape)


@forward("index_fill")
def _(input: Array, dim: int, index: Array, value: Any) -> Array:
    result, where = _slices(input, dim, index)
    result[where] = _alike(input, value)
    return result.reshape(input.shape)


@forward("index_put")
def _(input: Array, indices: Any, values: Any, accumulate: bool = False) -> Array:
    result = input.copy()
    given = np.asarray(values) if is_discrete(input) else balls(values)
    if accumulate:
        np.add.at(result, tuple(indices), given)
    else:
        result[tuple(indices)] = given
    return result
