"""Forward lines of writing and adding at positions."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce as fold
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.choosing import larger, smaller
from parity.truth.table import forward


def _alike(input: Array, given: Any) -> Array:
    return np.asarray(given) if is_discrete(input) else balls(given)


def _places(input: Array, dim: int, index: Array) -> tuple[Array, ...]:
    """The places that an index tensor along a dimension means, in every dimension."""
    grid: list[Any] = list(np.indices(index.shape, sparse=False))
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


def _reduced(input: Array, where: tuple[Array, ...], given: Array, reduce: str, include_self: bool) -> Array:
    """Every place reduced with what goes there, one by one."""
    result = np.atleast_1d(input.copy())
    met: dict[tuple[int, ...], list[Any]] = {}
    for at in np.ndindex(given.shape):
        place = tuple(int(w[at]) for w in where)
        met.setdefault(place, [result[place]] if include_self else []).append(given[at])
    for place, found in met.items():
        result[place] = _REDUCING[reduce](found)
    return result.reshape(input.shape)


def _one(found: Any) -> Any:
    return found[()] if isinstance(found, np.ndarray) else found


def _product(found: list[Any]) -> Any:
    return np.multiply.reduce(np.array(found, dtype=None if is_discrete(found[0]) else object))


def _mean(found: list[Any]) -> Any:
    return sum(found) // len(found) if is_discrete(found[0]) else sum(found) / len(found)


_REDUCING: dict[str, Callable[[Any], Any]] = {
    "sum": sum,
    "prod": _product,
    "mean": _mean,
    "amax": lambda found: _one(fold(larger, found)),
    "amin": lambda found: _one(fold(smaller, found)),
}


@forward("scatter_reduce")
def _(input: Array, dim: int, index: Array, src: Array, reduce: str, *, include_self: bool = True) -> Array:
    if not index.size:
        return input.copy()
    places = np.atleast_1d(index)
    given = np.atleast_1d(src)[tuple(slice(n) for n in places.shape)]
    return _reduced(input, _places(np.atleast_1d(input), dim, places), given, reduce, include_self)


@forward("index_reduce")
def _(input: Array, dim: int, index: Array, source: Array, reduce: str, *, include_self: bool = True) -> Array:
    given = np.atleast_1d(source)
    axis = dim % given.ndim
    where: list[Any] = list(np.indices(given.shape))
    where[axis] = np.broadcast_to(
        np.atleast_1d(index).reshape([-1 if n == axis else 1 for n in range(given.ndim)]), given.shape
    )
    return _reduced(input, tuple(where), given, reduce, include_self)


@forward("put")
def _(input: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    result = input.copy().reshape(-1)
    if accumulate:
        np.add.at(result, index.reshape(-1), source.reshape(-1))
    else:
        result[index.reshape(-1)] = source.reshape(-1)
    return result.reshape(input.shape)
