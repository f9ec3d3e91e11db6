"""Forward lines of sorting; the order is decided by exact comparisons of balls, ties keep their places."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import is_discrete, less
from parity.truth.table import forward


def _order(row: Array, descending: bool) -> list[int]:
    def compare(i: int, j: int) -> int:
        a, b = (row[j], row[i]) if descending else (row[i], row[j])
        if is_discrete(row):
            return int(a > b) - int(a < b)
        return -1 if less(a, b) else int(less(b, a))

    return sorted(range(len(row)), key=cmp_to_key(compare))


def positions(input: Array, dim: int, descending: bool) -> Array:
    moved = np.moveaxis(input, dim, -1)
    rows = moved.reshape(-1, moved.shape[-1]) if moved.size else moved.reshape(0, moved.shape[-1])
    order = np.array([_order(row, descending) for row in rows], np.int64)
    return np.moveaxis(order.reshape(moved.shape), -1, dim)


@forward("argsort")
def _(input: Array, dim: int = -1, descending: bool = False, stable: bool = False) -> Array:
    return positions(input, dim, descending) if input.ndim else np.zeros((), np.int64)


@forward("sort")
def _(input: Array, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Any:
    if input.ndim == 0:
        return input.copy(), np.zeros((), np.int64)
    places = positions(input, dim, descending)
    return np.take_along_axis(input, places, dim), places


@forward("msort")
def _(input: Array) -> Any:
    return np.take_along_axis(input, positions(input, 0, False), 0) if input.ndim else input.copy()


@forward("topk")
def _(input: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    if input.ndim == 0:
        return input.copy(), np.zeros((), np.int64)
    places = np.take(positions(input, dim, largest), range(k), axis=dim)
    return np.take_along_axis(input, places, dim), places
