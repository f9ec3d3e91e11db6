"""Numbers in arrays: tame, dyadic, critical, in a given range; knows domains, not operators.

Arrays of more than a few elements are windows into one fixed table of random numbers, so that an array costs
one choice and no generator; the table is made of integers, hence the same everywhere.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from parity.program import Array, Layout
from parity.strategies.shapes import Shape
from parity.strategies.source import Source

WINDOWS = 1 << 14
SMALL = 8  # arrays up to this size are drawn element by element
_LONGEST = 1 << 12


def _mixed(count: int) -> Array:
    """splitmix64 of 1, 2, 3 ...: integers that look random and do not depend on a library."""
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@functools.cache
def _uniform() -> Array:
    return (_mixed(WINDOWS + _LONGEST) >> np.uint64(11)).astype(np.float64) * 2.0**-53


@functools.cache
def _small_integers() -> Array:
    return (_mixed(WINDOWS + _LONGEST) % np.uint64(7)).astype(np.float64) - 3.0


def _window(pool: Array, start: int, count: int) -> Array:
    """`count` numbers of the pool from `start` on, which begins again where it is too short."""
    return pool[start : start + count] if start + count <= pool.size else np.resize(pool[start:], count)


def uniform(source: Source, shape: Shape, low: float, high: float) -> Array:
    """Numbers between low and high, as float64."""
    count = math.prod(shape)
    if count <= SMALL:
        width = high - low
        listed = [low + width * (source.integer(0, 65535) + 0.5) / 65536 for _ in range(count)]
        return np.array(listed, np.float64).reshape(shape)
    start = source.integer(0, WINDOWS - 1)
    window = _window(_uniform(), start, count) * (high - low)
    window += low
    return window.reshape(shape)


def dyadic(source: Source, shape: Shape, halves: bool) -> Array:
    """Integers from -3 to 3, or halves of them: sums and products of a few are exact in every dtype."""
    count = math.prod(shape)
    if count <= SMALL:
        listed = [(0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0)[source.integer(0, 6)] for _ in range(count)]
        found = np.array(listed, np.float64).reshape(shape)
    else:
        start = source.integer(0, WINDOWS - 1)
        found = _window(_small_integers(), start, count).reshape(shape)
    return found * 0.5 if halves else found


def integers(source: Source, shape: Shape, low: int, high: int) -> Array:
    """Integers from low to high, both included, as int64."""
    count = math.prod(shape)
    if count <= SMALL:
        listed = [source.integer(low, high) for _ in range(count)]
        return np.array(listed, np.int64).reshape(shape)
    start = source.integer(0, WINDOWS - 1)
    return (low + _window(_uniform(), start, count) * (high - low + 1)).astype(np.int64).reshape(shape)


def distinct(source: Source, shape: Shape, low: float, high: float) -> Array:
    """Numbers between low and high that are far apart from one another, in random order."""
    count = math.prod(shape)
    start = source.integer(0, WINDOWS - 1)
    order = np.argsort(_window(_uniform(), start, count), kind="stable")
    jitter = _window(_uniform(), start + 1, count) * 0.5
    return ((order + 0.25 + jitter) * ((high - low) / max(count, 1)) + low).reshape(shape)


#: Values at which implementations of any operator differ, the plainest first.
SPECIALS = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan)

#: Numbers of every size that programs have, whose squares fit into half precision: bounds of formulas lie between two.
SIZES = tuple(sign * 1.375 * 2.0**power for power in (-13, -6, -3, 0, 1, 2, 3, 5, 7) for sign in (1, -1))


#: Whole numbers, at which formulas begin and end.
WHOLE = tuple(float(sign * n) for n in (2, 3, 4, 5, 6, 8, 10, 16, 20) for sign in (1, -1))


def sizes(source: Source) -> list[float]:
    """A number of either sign between each two powers of two, from those on that leave half precision."""
    powers = np.repeat(2.0 ** np.arange(-13, 8), 2)
    found: list[float] = (
        uniform(source, powers.shape, 1.0, 2.0) * powers * np.resize([1.0, -1.0], powers.size)
    ).tolist()
    return found


def logarithms(source: Source, dtype: np.dtype[Any]) -> list[float]:
    """Numbers of either sign whose exponential is about to leave the dtype, and whose square's is."""
    most = math.log(float(np.finfo(dtype).max))
    far = uniform(source, (4,), 0.98 * most, most).tolist()
    return [far[0], -far[1], math.sqrt(far[2]), -math.sqrt(far[3])]


#: What an incoming gradient may be at worst.
EXTREMES = (0.0, -0.0, math.inf, -math.inf, math.nan)


def critical(dtype: np.dtype[Any], own: Sequence[float], ends: Sequence[float]) -> list[float]:
    """Every critical value of a floating dtype, with the neighbours of the finite ones."""
    info = np.finfo(dtype)
    tiny = (float(info.smallest_subnormal), float(info.smallest_normal), -float(info.smallest_subnormal))
    points = [*SPECIALS, *own, *ends, *tiny]
    with np.errstate(over="ignore", under="ignore"):
        cast = np.array(points, dtype)
        toward = [np.nextafter(cast, dtype.type(way)) for way in (-math.inf, math.inf)]
    found = [float(x) for x in cast]
    for neighbours in toward:
        found += [float(y) for x, y in zip(cast, neighbours) if math.isfinite(x)]
    return _unique(found)


def _unique(values: Sequence[float]) -> list[float]:
    """Each value once; 0 and -0 are two, nan is one."""
    seen: dict[tuple[str, float], float] = {}
    for value in values:
        seen.setdefault((repr(value), math.copysign(1.0, value) if value == 0 else 0.0), value)
    return list(seen.values())


def arranged(source: Source, array: Array, ways: float) -> tuple[Array, Layout]:
    """The array and a memory layout, other than the plain one with probability `ways`.

    An expanded layout holds one row, so the values are made constant along the last dimension.
    """
    if array.ndim == 0 or array.size == 0 or not source.boolean(ways):
        return array, "contiguous"
    layout: Layout = source.choice(("transposed", "stepped", "expanded"))
    if layout == "expanded":
        array = np.broadcast_to(array[..., :1], array.shape).copy()
    return array, layout
