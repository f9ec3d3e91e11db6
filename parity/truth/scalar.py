"""Scalar formulas on balls as lines on arrays; knows no operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, is_discrete
from parity.truth.table import line


def real(function: Callable[..., Any], arguments: int) -> Callable[..., Array]:
    """A scalar formula that always answers in balls, for integers too."""
    spread = elementwise(function, arguments)
    return lambda *values: spread(*(balls(v) for v in values))


def sparing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A formula that decides, but not about special values: of these nothing is known, of their neighbours all."""
    return lambda *values: function(*values) if all(x.is_finite() for x in values) else arb.nan()


def unary(name: str, function: Callable[[Any], Any]) -> None:
    spread = real(function, 1)
    line(name, lambda input: spread(input))


def either(discrete: Callable[..., Any], otherwise: Callable[..., Array]) -> Callable[..., Any]:
    """Integers by NumPy, exactly; anything else in balls."""
    return lambda *values: (discrete if all(is_discrete(v) for v in values) else otherwise)(*values)
