"""Forward lines of pointwise operators: one scalar formula each, on balls."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, equal, is_discrete, less, nonzero
from parity.truth.table import Undecided, forward, line


def _real(function: Callable[..., Any], arguments: int) -> Callable[..., Array]:
    """A scalar formula that always answers in balls, for integers too."""
    spread = elementwise(function, arguments)
    return lambda *values: spread(*(balls(v) for v in values))


def _unary(name: str, function: Callable[[Any], Any]) -> None:
    spread = _real(function, 1)
    line(name, lambda input: spread(input))


def _either(discrete: Callable[..., Any], real: Callable[..., Array]) -> Callable[..., Any]:
    """Integers by NumPy, exactly; anything else in balls."""
    return lambda *values: (discrete if all(is_discrete(v) for v in values) else real)(*values)


def scaled(value: Any, factor: Any) -> Any:
    return value if factor == 1 else value * factor


line("add", lambda input, other, *, alpha=1: input + scaled(other, alpha))
line("sub subtract", lambda input, other, *, alpha=1: input - scaled(other, alpha))
line("mul multiply", lambda input, other: input * other)
line("neg negative", lambda input: -input)
line("square", lambda input: input * input)
line("positive", lambda input: input)

_unary("sqrt", lambda x: x.sqrt())
_unary("rsqrt", lambda x: x.rsqrt())
_unary("reciprocal", lambda x: 1 / x)
_unary("exp", lambda x: x.exp())
_unary("exp2", lambda x: arb(2) ** x)
_unary("expm1 special.expm1", lambda x: x.expm1())
_unary("log", lambda x: x.log())
_unary("log2", lambda x: x.log() / arb(2).log())
_unary("log10", lambda x: x.log() / arb(10).log())
_unary("log1p special.log1p", lambda x: x.log1p())
_unary("sin", lambda x: x.sin())
_unary("cos", lambda x: x.cos())
_unary("tan", lambda x: x.tan())
_unary("asin arcsin", lambda x: x.asin())
_unary("acos arccos", lambda x: x.acos())
_unary("atan arctan", lambda x: x.atan())
_unary("sinh", lambda x: x.sinh())
_unary("cosh", lambda x: x.cosh())
_unary("tanh nn.functional.tanh", lambda x: x.tanh())
_unary("asinh", lambda x: x.asinh())
_unary("acosh", lambda x: x.acosh())
_unary("atanh", lambda x: x.atanh())
_unary("sigmoid special.expit nn.functional.sigmoid", lambda x: 1 / (1 + (-x).exp()))
_unary("erf special.erf", lambda x: x.erf())
_unary("erfc special.erfc", lambda x: x.erfc())

_quotient = _real(operator.truediv, 2)
_arctangent = _real(lambda y, x: arb.atan2(y, x), 2)
line("atan2 arctan2", lambda input, other: _arctangent(input, other))


def _power(base: Any, exponent: Any) -> Any:
    # 0 ** y by itself: arb answers nan where the limit is plain.
    if base == 0 and not equal(exponent, arb(0)):
        return arb(0) if less(arb(0), exponent) else arb.nan()
    return base**exponent


_powers = _either(lambda a, b: np.asarray(a) ** np.asarray(b), _real(_power, 2))
line("pow", lambda input, exponent: _powers(input, exponent))

_floor = elementwise(lambda x: x.floor(), 1)
_ceil = elementwise(lambda x: x.ceil(), 1)


def _half_even(x: Any) -> Any:
    up = (x + arb(0.5)).floor()
    if not up.is_exact():
        raise Undecided(f"rounding {x}")
    tie = equal(up - x, arb(0.5))
    return up - 1 if tie and int(up.unique_fmpz()) % 2 else up


_round = elementwise(_half_even, 1)
_trunc = elementwise(lambda x: -((-x).floor()) if less(x, arb(0)) else x.floor(), 1)

line("floor", lambda input: input if is_discrete(input) else _floor(input))
line("ceil", lambda input: input if is_discrete(input) else _ceil(input))
line("trunc", lambda input: input if is_discrete(input) else _trunc(input))


@forward("round")
def _(input: Array, *, decimals: int = 0) -> Array:
    if is_discrete(input):
        return input
    return _round(input * arb(10) ** decimals) / arb(10) ** decimals if decimals else _round(input)


@forward("div", "divide", "true_divide")
def _(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    if rounding_mode is None:
        return _quotient(input, other)
    if is_discrete(input) and is_discrete(other):
        below = np.asarray(input) // np.asarray(other)
        inexact = below * np.asarray(other) != input
        negative = (np.asarray(input) < 0) != (np.asarray(other) < 0)
        return below + (inexact & negative) if rounding_mode == "trunc" else below
    return (_trunc if rounding_mode == "trunc" else _floor)(_quotient(input, other))


line("abs absolute", lambda input: np.abs(input))

_sign = elementwise(lambda x: arb(0) if equal(x, arb(0)) else x.sgn(), 1)
line(
    "sign sgn",
    lambda input: np.sign(np.asarray(input).astype(np.int64)) if is_discrete(input) else _sign(input),
)

larger = _either(np.maximum, _real(lambda a, b: a.max(b), 2))
smaller = _either(np.minimum, _real(lambda a, b: a.min(b), 2))
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


def _relation(names: str, discrete: Callable[..., Any], decide: Callable[[Any, Any], bool]) -> None:
    spread = _real(decide, 2)
    line(names, _either(discrete, lambda a, b: spread(a, b).astype(bool)))


# Decisions come from the balls, never from what the reference recorded: truth owes nothing to either side.
_relation("eq", np.equal, equal)
_relation("ne not_equal", np.not_equal, lambda a, b: not equal(a, b))
_relation("lt less", np.less, less)
_relation("gt greater", np.greater, lambda a, b: less(b, a))
_relation("le less_equal", np.less_equal, lambda a, b: not less(b, a))
_relation("ge greater_equal", np.greater_equal, lambda a, b: not less(a, b))

line("logical_not", lambda input: ~nonzero(input))
line("logical_and", lambda input, other: nonzero(input) & nonzero(other))
line("logical_or", lambda input, other: nonzero(input) | nonzero(other))
line("logical_xor", lambda input, other: nonzero(input) ^ nonzero(other))
