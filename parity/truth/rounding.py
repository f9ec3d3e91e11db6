"""Forward lines of roundings."""

from __future__ import annotations

import operator
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

line("floor", lambda input: input if is_discrete(input) else floor(input))
line("ceil", lambda input: input if is_discrete(input) else _ceil(input))
line("trunc", lambda input: input if is_discrete(input) else trunc(input))


@forward("round")
def _(input: Array, *, decimals: int = 0) -> Array:
    if is_discrete(input):
        return input
    return _round(input * arb(10) ** decimals) / arb(10) ** decimals if decimals else _round(input)


line("frac", lambda input: input - trunc(input))
_quotient = real(operator.truediv, 2)
line("floor_divide", either(np.floor_divide, lambda input, other: floor(_quotient(input, other))))
line("remainder", either(np.remainder, lambda input, other: balls(input) - other * floor(_quotient(input, other))))
line("fmod", either(np.fmod, lambda input, other: balls(input) - other * trunc(_quotient(input, other))))
