"""Forward lines of sums, products, quotients, signs and powers."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, equal, is_complex, is_discrete, less
from parity.truth.rounding import floor, trunc
from parity.truth.scalar import either, real, sparing, unary
from parity.truth.table import NoTruth, forward, line


def scaled(value: Any, factor: Any) -> Any:
    return value if factor == 1 else value * factor


line("add", lambda input, other, *, alpha=1: input + scaled(other, alpha))
line("sub subtract", lambda input, other, *, alpha=1: input - scaled(other, alpha))
line("mul multiply", lambda input, other: input * other)
line("neg negative", lambda input: -input)
line("rsub", lambda input, other, *, alpha=1: other - scaled(input, alpha))
line("addcmul", lambda input, tensor1, tensor2, *, value=1: input + scaled(tensor1, value) * tensor2)
line("lerp", lambda input, end, weight: balls(input) + weight * (balls(end) - balls(input)))
line("square", lambda input: input * input)
line("positive", lambda input: input)
unary("reciprocal", lambda x: 1 / x)

line("abs absolute", lambda input: np.abs(input))

_sign = elementwise(lambda x: arb(0) if equal(x, arb(0)) else x.sgn(), 1)


@forward("sign", "sgn", steps=True)
def _(input: Array, *, unmoved: Mapping[str, Any]) -> Array:
    if is_discrete(input):
        return np.sign(np.asarray(input).astype(np.int64))
    return _sign(input if is_complex(input) else unmoved["input"])


_quotient = real(operator.truediv, 2)


@forward("div", "divide", "true_divide", steps=True)
def _(input: Any, other: Any, *, rounding_mode: str | None = None, unmoved: Mapping[str, Any]) -> Any:
    if rounding_mode is None:
        return _quotient(input, other)
    if is_discrete(input) and is_discrete(other):
        below = np.asarray(input) // np.asarray(other)
        inexact = below * np.asarray(other) != input
        negative = (np.asarray(input) < 0) != (np.asarray(other) < 0)
        return below + (inexact & negative) if rounding_mode == "trunc" else below
    return (trunc if rounding_mode == "trunc" else floor)(_quotient(unmoved["input"], unmoved["other"]))


def _power(base: Any, exponent: Any) -> Any:
    # 0 ** y by itself: arb answers nan where the limit is plain.
    if base == 0 and not equal(exponent, arb(0)):
        return arb(0) if less(arb(0), exponent) else arb.nan()
    return base**exponent


_powers = either(lambda a, b: np.asarray(a) ** np.asarray(b), real(_power, 2))
line("pow", lambda input, exponent: _powers(input, exponent))
_real_power = real(_power, 2)
line("float_power", lambda input, exponent: _real_power(input, exponent))
_scaling = real(lambda x, y: x * arb(2) ** y, 2)
line("ldexp", lambda input, other: _scaling(input, other))


@forward("addcdiv")
def _(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    return balls(input) + scaled(_quotient(tensor1, tensor2), value)


def _exponent(x: Any) -> int:
    """The n with 2**(n - 1) <= |x| < 2**n; 0 at 0."""
    if equal(x, arb(0)):
        return 0
    n = math.frexp(float(abs(x).mid()))[1]
    while less(abs(x), arb(2) ** (n - 1)):
        n -= 1
    while not less(abs(x), arb(2) ** n):
        n += 1
    return n


_exponents = real(_exponent, 1)


@forward("frexp")
def _(input: Any) -> Any:
    exponent = _exponents(input).astype(np.int64)
    return balls(input) * np.power(arb(1) / 2, exponent.astype(object)), exponent


def _with_sign(size: Any, sign: Any) -> Any:
    if equal(sign, arb(0)):
        raise NoTruth("a ball does not know the sign of zero")
    return -abs(size) if less(sign, arb(0)) else abs(size)


_copysign = real(sparing(_with_sign), 2)
line("copysign", lambda input, other: _copysign(input, other))
line("gcd", np.gcd)
line("lcm", np.lcm)


@forward("nextafter")
def _(input: Any, other: Any) -> Any:
    raise NoTruth("nextafter is about floats: the line of numbers has no next one")
