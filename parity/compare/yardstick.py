"""How far two engines may differ: one rounding, and the spread of the reference under nudges of one rounding.

Knows no operator: what is allowed is a property of the program and of the reference at that point.
"""

from __future__ import annotations

import numpy as np

from parity.engines.protocol import Array

#: A deviation may be this many times the spread; measured in docs/yardstick.md, the same for everything.
MULTIPLE = 8.0
#: The least spread of an element, relative to the largest of its array.
FLOOR = 0.1
#: Nudged runs at most.
RUNS = 4
#: Nudged runs while not one of them moves an array by more than a rounding: in a small one all signs may be the same.
MORE = 16
#: A spread above this share of the array's largest value leaves nothing to judge by, per dtype.
UNSTABLE = {"float16": 1e-1, "float32": 1e-3, "float64": 1e-6, "complex64": 1e-3, "complex128": 1e-6}


def rounding(array: Array) -> Array:
    """One rounding u of each element, never below the smallest normal number; that too at a special value."""
    info = np.finfo(array.dtype)
    u = np.asarray(_size(array) * float(info.eps))
    return np.maximum(np.where(np.isfinite(u), u, 0.0), float(info.smallest_normal))


def _size(array: Array) -> Array:
    # Half precision would overflow in its own arithmetic.
    return np.abs(array.astype(np.float64) if array.dtype == np.float16 else array)


def deviation(a: Array, b: Array) -> Array:
    """|a − b|; equal specials do not deviate, different ones do so without limit."""
    if a.dtype == np.float16:
        a, b = a.astype(np.float32), b.astype(np.float32)
    with np.errstate(all="ignore"):
        apart = np.abs(a - b)
    if not np.isfinite(apart).all():
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    return np.asarray(apart)


def floored(reference: Array, spread: Array, apart: bool = False) -> Array:
    """S' of S: no element counts as much stabler than the least stable of its array.

    Of elements that are judged `apart` those that are noise by themselves are left out of that, and none counts as
    stabler than a rounding.
    """
    least = FLOOR * (np.where(unsettled(reference, spread), 0.0, spread) if apart else spread).max(initial=0.0)
    found = np.maximum(spread, least)
    return np.maximum(found, rounding(reference)) if apart else np.asarray(found)


def allowed(reference: Array, spread: Array, apart: bool = False) -> Array:
    """The yardstick: u + 8·S'."""
    return np.asarray(rounding(reference) + MULTIPLE * floored(reference, spread, apart))


def unsettled(reference: Array, spread: Array) -> Array:
    """Which elements, each by itself, are moved so far by nudges that a deviation says nothing."""
    return np.asarray(np.isfinite(reference) & (spread > UNSTABLE[reference.dtype.name] * _size(reference)))


def unstable(reference: Array, spread: Array) -> bool:
    """Whether nudges of one rounding move the array so far that a deviation says nothing."""
    finite = _size(reference)[np.isfinite(reference)]
    return bool(spread.max(initial=0.0) > UNSTABLE[reference.dtype.name] * finite.max(initial=0.0))
