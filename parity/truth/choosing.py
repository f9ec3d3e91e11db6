"""Forward lines of choices among operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, equal, is_discrete, less, nonzero
from parity.truth.scalar import either, real, sparing
from parity.truth.table import forward, line

larger = either(np.maximum, real(lambda a, b: a.max(b), 2))
smaller = either(np.minimum, real(lambda a, b: a.min(b), 2))
line("maximum", lambda input, other: larger(input, other))
line("minimum", lambda input, other: smaller(input, other))


@forward("clamp", "clip")
def _(input: Array, min: Any = None, max: Any = None) -> Array:
    if min is not None:
        input = larger(input, min)
    return input if max is None else smaller(input, max)


line("clamp_min", lambda input, min: larger(input, min))
line("clamp_max", lambda input, max: smaller(input, max))


@forward("where")
def _(condition: Array, input: Any = None, other: Any = None) -> Any:
    if input is None:
        return np.nonzero(nonzero(condition))
    if is_discrete(input) and is_discrete(other):
        return np.where(condition, input, other)
    return np.where(condition, balls(input), balls(other))


# With a nan there is no truth; elsewhere these agree with maximum and minimum.
line("fmax", lambda input, other: larger(input, other))
line("fmin", lambda input, other: smaller(input, other))
line("nan_to_num", lambda input, **instead: input)

_step = real(sparing(lambda x, value: value if equal(x, arb(0)) else arb(int(less(arb(0), x)))), 2)
line(
    "heaviside",
    either(lambda x, values: np.where(x == 0, values, np.asarray(x) > 0), lambda x, values: _step(x, values)),
)
