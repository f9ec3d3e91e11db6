"""One operator at many points at once: certified values and derivatives, and how far numbers are from them in ulp.

For operators whose elements do not meet. Knows no derivative: those are central differences of the forward line.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, precision
from parity.truth.forward import FAMILIES
from parity.truth.table import LINES, NoTruth, Undecided

assert FAMILIES  # importing them filled the table

#: Bits of each attempt, and the exponent of the step of its differences, relative to the point.
_LADDER = ((320, 100), (640, 240), (4000, 1500))
#: The largest exponent of a step: far out a share of the point would pass over whole periods, where there are some.
_SHORT = -64
#: The largest radius of a certified number, in ulp.
_SHARP = 2.0**-10
#: One-sided differences that lie no further apart than this share of them have a mean that errs by its square.
_FLAT = arb(2) ** -36


class Points:
    """The operator `op` at the points `x`, its one tensor argument; `before` are the arguments in front of it."""

    def __init__(self, op: str, x: Array, before: tuple[Any, ...] = (), named: Mapping[str, Any] = {}) -> None:
        if op not in LINES:
            raise NoTruth(f"the truth has no line for {op}")
        self.x = x
        self._line = LINES[op]
        self._before = before
        self._asks = "unmoved" in inspect.signature(self._line).parameters
        #: Numbers that the line assumes are rounded as torch rounds them.
        self._named = {**_rounded_defaults(self._line, x.dtype), **named}
        info = np.finfo(x.dtype)
        self._digits, self._least, self._most = info.nmant, int(info.minexp), int(info.maxexp)

    def value_errors(self, y: Array) -> Array:
        """How far each of `y` is from the value, in ulp; nan where nothing is certified."""
        return self._errors(self._certified[0], y)

    def derivative_errors(self, y: Array) -> Array:
        """How far each of `y` is from the derivative, in ulp; nan at kinks and where nothing is certified."""
        return self._errors(self._certified[1], y)

    @cached_property
    def _certified(self) -> tuple[list[Any], list[Any]]:
        values: list[Any] = [None] * self.x.size
        slopes: list[Any] = [None] * self.x.size
        left = np.arange(self.x.size)
        for bits, shift in _LADDER:
            with precision(bits):
                hopeful = self._attempt(left, shift, values, slopes)
            left = np.array([i for i in hopeful if values[i] is None or slopes[i] is None], np.intp)
            if not left.size:
                break
        return values, slopes

    def _attempt(self, places: Array, shift: int, values: list[Any], slopes: list[Any]) -> list[int]:
        """Enter what is sharp enough; the places where the value is a number at all, that more bits may sharpen."""
        at = balls(self.x[places].astype(np.float64))
        _, exponents = np.frexp(self.x[places].astype(np.float64))
        steps = np.array([arb(2) ** min(int(e) - shift, _SHORT) for e in exponents], object)
        middle, up, down = self._evaluated(at), self._evaluated(at + steps), self._evaluated(at - steps)
        for i, step, y, above, below in zip(places.tolist(), steps, middle, up, down):
            if values[i] is None and self._sharp(y):
                values[i] = y
            right, left = (above - y) / step, (y - below) / step
            slope = (right + left) / 2
            if self.x[i] == 0 and abs(slope) < step:
                slope = arb(0)  # what is left is the step's own: of x³ its square
            gap = abs(right - left)
            smooth = gap <= (abs(right) + abs(left)) * _FLAT or (self.x[i] == 0 and gap < _FLAT * _FLAT)
            # A jump looks alike from both sides.
            continuous = abs(above - below) < (1 + abs(y)) * _FLAT
            if slopes[i] is None and self._sharp(slope) and smooth and continuous:
                slopes[i] = slope
        return [i for i, y in zip(places.tolist(), middle) if y.is_finite()]

    def _evaluated(self, at: Array) -> Array:
        """The line at every point; where it gives up on one, the others are asked by themselves."""
        try:
            return self._call(at)
        except (NoTruth, Undecided, ValueError, ZeroDivisionError, OverflowError):
            found = np.empty(at.shape, object)
            for i in range(at.size):
                try:
                    found[i] = self._call(at[i : i + 1])[0]
                except (NoTruth, Undecided, ValueError, ZeroDivisionError, OverflowError):
                    found[i] = arb.nan()
            return found

    def _call(self, at: Array) -> Array:
        # A line that asks where it was before a step sees jumps here, and is asked at each side of them.
        unmoved = {"unmoved": {"input": at}} if self._asks else {}
        return np.asarray(self._line(*self._before, at, **self._named, **unmoved), object)

    def _sharp(self, ball: Any) -> bool:
        return bool(ball.is_finite()) and float((ball.rad() / self._ulp(ball)).abs_upper()) <= _SHARP

    def _ulp(self, ball: Any) -> Any:
        """The distance of the numbers of this dtype around the ball."""
        mantissa, exponent = ball.mid().man_exp()
        size = int(exponent) + int(abs(mantissa)).bit_length() - 1 if mantissa else self._least
        return arb(2) ** (max(size, self._least) - self._digits)

    def _errors(self, certified: list[Any], y: Array) -> Array:
        limit = arb(2) ** self._most
        found = np.full(y.shape, np.nan)
        with precision(_LADDER[0][0]):
            for i, (ball, number) in enumerate(zip(certified, y.astype(np.float64).tolist())):
                if ball is None:
                    continue
                if number - number == 0:
                    found[i] = float((abs(ball - arb(number)) / self._ulp(ball)).abs_upper())
                else:  # an infinity is right where the dtype cannot hold the truth
                    beyond = abs(ball) > limit * (1 - arb(2) ** (-self._digits - 2))
                    found[i] = 0.0 if beyond and (ball > 0) == (number > 0) and number == number else np.inf
        return found


def _rounded_defaults(line: Any, dtype: np.dtype[Any]) -> dict[str, Any]:
    defaults = {name: p.default for name, p in inspect.signature(line).parameters.items()}
    return {name: float(dtype.type(x)) for name, x in defaults.items() if isinstance(x, float)}
