"""Which numbers are simpler than others, for shrinking; knows numbers and arrays only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from parity.program import Array

ELEMENTS = 8  # arrays up to this size are simplified one element at a time


def cost(x: complex) -> float:
    """How much there is to read in a number: 0, 1, small integers, halves, short decimals, the rest."""
    if isinstance(x, complex):
        return cost(x.real) + cost(x.imag) if x.imag else cost(x.real)
    if math.isnan(x):
        return 50.0
    if math.isinf(x):
        return 40.0 + (x < 0)
    negative = 0.5 if math.copysign(1.0, x) < 0 else 0.0
    if x == int(x) and abs(x) < 1e6:
        return min(abs(x), 20.0) + negative
    for place, scale in enumerate((2, 4, 8, 64), start=1):
        if abs(x) < 1e4 and x * scale == int(x * scale):
            return 20.0 + place + negative
    return 60.0 + negative


def simpler(x: Any, zero_last: bool) -> list[Any]:
    """Numbers of the same type that are simpler, the simplest first.

    `zero_last`: at 0 there are kinks, and a smooth program would shrink to another failure than it had.
    """
    kind = type(x)
    if kind is bool:
        return [False] if x else []
    if kind is complex:
        return [complex(x.real, 0.0)] if x.imag else [complex(y, 0.0) for y in simpler(x.real, zero_last)]
    found: list[Any] = [1, 2, 0, -1] if zero_last else [0, 1, 2, -1]
    if kind is float and math.isfinite(x):
        if abs(x) < 1e6:
            found += [round(x), math.trunc(x), round(x * 2) / 2, round(x * 4) / 4, round(x * 64) / 64]
        if x != 0 and not 1e-4 < abs(x) < 1e6:
            found.append(math.copysign(10.0 ** round(math.log10(abs(x))), x))
    kept = [kind(y) for y in dict.fromkeys(found)]
    ranked = cost(x)
    if zero_last and x == 0:
        return []
    return [y for y in kept if cost(y) < ranked and y != x]


def simpler_numbers(argument: Any, zero_last: bool) -> Iterator[Any]:
    """Simpler forms of a step's argument, if it is a number with a fraction; counts and dimensions stay."""
    if type(argument) is float:
        yield from simpler(argument, zero_last)


def simpler_arrays(array: Array, zero_last: bool) -> Iterator[Array]:
    """Arrays of the same shape and dtype with simpler elements: all at once first, then one by one."""
    if not array.size:
        return
    flat = array.ravel().tolist()
    total = sum(map(cost, flat))
    constants = (1, 2) if zero_last else (0, 1)
    wholes: list[list[Any]] = [[value] * len(flat) for value in constants]
    if array.dtype.kind == "f" and all(map(math.isfinite, flat)) and max(map(abs, flat)) < 1e6:
        wholes += [[round(x * scale) / scale for x in flat] for scale in (1, 2, 4)]
    if array.dtype.kind != "b" or not zero_last:
        for whole in wholes:
            if sum(map(cost, whole)) < total:
                yield np.array(whole, array.dtype).reshape(array.shape)
    if len(flat) <= ELEMENTS:
        for place, x in enumerate(flat):
            for y in simpler(x, zero_last):
                if array.dtype.kind == "u" and y < 0:
                    continue
                changed = np.array(flat, array.dtype)
                changed[place] = y
                yield changed.reshape(array.shape)
