"""Arrays of balls: real and complex numbers with a certified radius, and decisions that are exact or refused.

The only module that imports python-flint; knows no operator. A float value of the truth is an object array of
`arb` (or `acb`), an integer value an int64 array, a bool value a bool array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flint
import numpy as np

from parity.engines.protocol import Array
from parity.truth.table import NoTruth, Undecided

arb: Any = flint.arb
acb: Any = flint.acb


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Run ball arithmetic at `bits` bits, and leave the caller's precision as it was."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def last_place() -> Any:
    """What the last bit of 1 counts at the precision in force."""
    return arb(2) ** -flint.ctx.prec


def elementwise(function: Callable[..., Any], arguments: int) -> Callable[..., Array]:
    """A scalar function on balls as one on arrays of them, with broadcasting; it always returns an array."""
    spread = np.frompyfunc(function, arguments, 1)
    return lambda *arrays: np.asarray(spread(*arrays), dtype=object)


def _ball(x: Any) -> Any:
    if isinstance(x, (arb, acb)):
        return x
    x = x.item() if isinstance(x, np.generic) else x
    if isinstance(x, complex):
        return acb(_ball(x.real), _ball(x.imag))
    # An infinity would become the ball of all numbers, whose sine is [-1, 1]; nothing is known of it.
    return arb.nan() if isinstance(x, float) and not math.isfinite(x) else arb(x)


_balls = elementwise(_ball, 1)


def balls(x: Any) -> Array:
    """Numbers or an array as an array of exact balls; balls pass through."""
    array: Array = x if isinstance(x, np.ndarray) and x.dtype == object else _balls(np.asarray(x))
    return array


def is_discrete(x: Any) -> bool:
    """Whether `x` is an integer or a bool, as a number or an array: computed exactly, not in balls."""
    if isinstance(x, np.ndarray):
        return x.dtype != object and x.dtype.kind in "biu"
    return isinstance(x, (bool, int))


def is_complex(x: Array) -> bool:
    return x.dtype == object and x.size > 0 and isinstance(x.flat[0], acb)


def less(a: Any, b: Any) -> bool:
    """a < b, certainly."""
    if a < b:
        return True
    if a >= b:
        return False
    raise _open(a, b)


def equal(a: Any, b: Any) -> bool:
    """a == b, certainly: exact balls, or balls that do not touch."""
    if a == b:
        return True
    if a != b:
        return False
    raise _open(a, b)


def _open(a: Any, b: Any) -> Exception:
    finite = a.is_finite() and b.is_finite()
    return Undecided(f"{a} against {b}") if finite else NoTruth("a special value takes part in a comparison")


def nonzero(x: Any) -> Array:
    """Where `x` is certainly not zero."""
    if is_discrete(x):
        return np.asarray(np.asarray(x) != 0)
    return elementwise(lambda a: not equal(a, arb(0)), 1)(balls(x)).astype(bool)


def radius(ball: Any) -> float:
    """An upper bound of the ball's radius."""
    if not ball.is_finite():
        return float("inf")
    return float((ball.complex_rad() if isinstance(ball, acb) else ball).rad().abs_upper())


def distance(ball: Any, number: complex | float) -> float:
    """How far a float is from the truth, its radius included: an upper bound."""
    return float(abs(ball - _ball(number)).abs_upper())


def nearest(ball: Any) -> complex | float:
    """The middle of the ball as a Python number, for printing."""
    return complex(ball) if isinstance(ball, acb) else float(ball)
