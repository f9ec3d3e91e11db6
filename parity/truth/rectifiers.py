"""Forward lines of activations made of straight pieces."""

from __future__ import annotations

from typing import Any

from parity.engines.protocol import Array
from parity.truth.balls import arb, elementwise, is_discrete, less
from parity.truth.choosing import larger, smaller
from parity.truth.table import forward, line


def _between(input: Array, low: Any, high: Any) -> Array:
    if is_discrete(input):
        low, high = int(low), int(high)
    clamped: Array = smaller(larger(input, low), high)
    return clamped


line("relu nn.functional.relu", lambda input, inplace=False: larger(input, 0 if is_discrete(input) else arb(0)))
line("nn.functional.relu6", lambda input: _between(input, 0, 6))
line("nn.functional.hardtanh", lambda input, min_val=-1.0, max_val=1.0: _between(input, min_val, max_val))
line("nn.functional.hardswish", lambda input: input * _between(input + 3, 0, 6) / 6)
line("nn.functional.hardsigmoid", lambda input: _between(input + 3, 0, 6) / 6)
line("nn.functional.softshrink", lambda input, lambd=0.5: input - _between(input, -lambd, lambd))
_left = elementwise(lambda x, slope: x if less(arb(0), x) else x * slope, 2)
line("nn.functional.leaky_relu", lambda input, negative_slope=0.01: _left(input, negative_slope))
line("rrelu nn.functional.rrelu", lambda input, lower=1 / 8, upper=1 / 3: _left(input, (arb(lower) + arb(upper)) / 2))


@forward("prelu", "nn.functional.prelu")
def _(input: Array, weight: Array) -> Array:
    along = (1, -1) + (1,) * (input.ndim - 2) if input.ndim > 1 else (-1,) if input.ndim else ()
    return _left(input, weight.reshape(along))


@forward("hardshrink", "nn.functional.hardshrink")
def _(input: Array, lambd: float = 0.5) -> Array:
    ends = arb(lambd)
    return elementwise(lambda x: x if less(x, -ends) or less(ends, x) else arb(0), 1)(input)


@forward("threshold", "nn.functional.threshold")
def _(input: Array, threshold: float, value: float) -> Array:
    if is_discrete(input):
        return elementwise(lambda x: x if x > int(threshold) else int(value), 1)(input).astype(int)
    return elementwise(lambda x: x if less(arb(threshold), x) else arb(value), 1)(input)
