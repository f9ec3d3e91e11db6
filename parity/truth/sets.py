"""Forward lines of tensors as sets; what is equal is decided by exact comparisons."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import equal, is_discrete, less
from parity.truth.table import forward


def _same(a: Array, b: Array) -> bool:
    return all(bool(x == y) if is_discrete(a) else equal(x, y) for x, y in zip(a.flat, b.flat))


def _order(a: Array, b: Array) -> int:
    for x, y in zip(a.flat, b.flat):
        if not _same(np.asarray(x), np.asarray(y)):
            return -1 if (bool(x < y) if is_discrete(a) else less(x, y)) else 1
    return 0


def _grouped(input: Array, dim: int | None, consecutive: bool) -> tuple[Array, Array, Array]:
    rows = np.asarray(input.reshape(-1) if dim is None else np.moveaxis(input, dim, 0))
    slices: list[Any] = [np.asarray(row) for row in rows]

    def compare(i: int, j: int) -> int:
        return _order(slices[i], slices[j])

    places = list(range(len(slices)))
    if not consecutive:
        places.sort(key=cmp_to_key(compare))
    kept: list[int] = []
    group = np.zeros(len(rows), np.int64)
    counts: list[int] = []
    for n, i in enumerate(places):
        if not n or not _same(slices[places[n - 1]], slices[i]):
            kept.append(i)
            counts.append(0)
        counts[-1] += 1
        group[i] = len(kept) - 1
    chosen = np.take(rows, np.array(kept, np.int64), axis=0)
    out = chosen if dim is None else np.moveaxis(chosen, 0, dim)
    return out, group.reshape(input.shape) if dim is None else group, np.array(counts, np.int64)


def _chosen(found: tuple[Array, Array, Array], inverse: bool, counts: bool) -> Any:
    results = [found[0], *([found[1]] if inverse else []), *([found[2]] if counts else [])]
    return tuple(results) if len(results) > 1 else results[0]


@forward("unique")
def _(
    input: Array, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    return _chosen(_grouped(input, dim, False), return_inverse, return_counts)


@forward("unique_consecutive")
def _(input: Array, return_inverse: bool = False, return_counts: bool = False, dim: Any = None) -> Any:
    return _chosen(_grouped(input, dim, True), return_inverse, return_counts)


@forward("isin")
def _(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Array:
    x, among = np.asarray(elements), np.asarray(test_elements)
    found = np.zeros(x.shape, bool)
    for place in np.ndindex(x.shape):
        found[place] = any(_same(np.asarray(x[place]), np.asarray(y)) for y in among.flat) != invert
    return found
