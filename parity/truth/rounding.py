"""Forward lines of roundings."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, equal, is_discrete, less
from parity.truth.scalar import either, real, sparing
from parity.truth.table import Undecided, forward, line

floor = elementwise(lambda x: x.floor(), 1)
_ceil = elementwise(lambda x: x.ceil(), 1)


def _half_even(x: Any) -> Any:
    up = (x + arb(0.5)).floor()
    if not up.is_exact():
        raise Undecided(f"rounding {x}")
    tie = equal(up - x, arb(0.5))
    return up - 1 if tie and int(up.unique_fmpz()) % 2 else up


_round = elementwise(_half_even, 1)
trunc = elementwise(sparing(lambda x: -((-x).floor()) if less(x, arb(0)) else x.floor()), 1)


def _step(name: str, function: Callable[[Array], Array]) -> None:
    def step(input: Array, *, unmoved: Mapping[str, Any]) -> Array:
        return input if is_discrete(input) else function(unmoved["input"])

    line(name, step, steps=True)


_step("floor", floor)
_step("ceil", _ceil)
_step("trunc", trunc)


@forward("round", steps=True)
def _(input: Array, *, decimals: int = 0, unmoved: Mapping[str, Any]) -> Array:
    if is_discrete(input):
        return input
    still = unmoved["input"]
    return _round(still * arb(10) ** decimals) / arb(10) ** decimals if decimals else _round(still)


line("frac", lambda input, *, unmoved: input - trunc(unmoved["input"]), steps=True)
_quotient = real(operator.truediv, 2)
line("floor_divide", either(np.floor_divide, lambda input, other: floor(_quotient(input, other))))


def _rest(name: str, discrete: Callable[..., Any], rounded: Callable[[Array], Array]) -> None:
    def rest(input: Any, other: Any, *, unmoved: Mapping[str, Any]) -> Any:
        if is_discrete(input) and is_discrete(other):
            return discrete(input, other)
        return balls(input) - other * rounded(_quotient(unmoved["input"], unmoved["other"]))

    line(name, rest, steps=True)


_rest("remainder", np.remainder, floor)
_rest("fmod", np.fmod, trunc)
