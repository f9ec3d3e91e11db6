"""Certified values and derivatives of a program: derivatives are differences of its forward values.

Knows no operator and no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from parity.engines.protocol import Array, Run
from parity.program import Program, Ref
from parity.truth.balls import acb, arb, balls, distance, nearest, precision, radius
from parity.truth.forward import Forward
from parity.truth.table import Infinite, NoTruth, Undecided

#: Bits of each attempt, and the exponent of the step of its differences, relative to the element.
#: Exponents that lie no further apart than this need no bits of their own.
_USUAL = 128
#: A number in the domain of every operator.
_TAME = 0.5
_ABOVE = arb("inf")
LADDER = ((256, 80), (512, 160), (1024, 320), (2048, 640), (4096, 1280))


@dataclass(frozen=True, slots=True)
class Certified:
    """A number of the truth. At a kink `left` and `right` are the one-sided derivatives, else None."""

    ball: Any
    left: Any = None
    right: Any = None

    @property
    def kink(self) -> bool:
        return self.left is not None

    def distance(self, number: complex | float) -> float:
        """An upper bound of how far `number` is off."""
        return distance(self.ball, number)

    def between(self, number: float, slack: float) -> bool:
        """At a kink: whether `number` lies between the one-sided derivatives."""
        ends = sorted((float(self.left), float(self.right)))
        return ends[0] - slack <= number <= ends[1] + slack

    def __float__(self) -> float:
        return float(self.ball.real)

    @property
    def number(self) -> complex | float:
        return nearest(self.ball)


class Truth:
    """The truth about one program, as it is asked for; `run` is the reference's, for dtypes and shapes."""

    def __init__(self, program: Program, run: Run) -> None:
        self.program = program
        self.run = run
        self._forward = Forward(program, run)
        self._bases: dict[int, list[Any]] = {}
        self._losses: dict[tuple[int, int, int] | None, Any] = {}
        self._taking_part: dict[int, list[tuple[Ref, Array, Array]]] = {}

    # -- what callers ask

    def value(self, where: int, item: int | None, element: tuple[int, ...], tolerance: float) -> Certified:
        """An element of a value, its radius at most `tolerance`."""

        def attempt(level: int) -> Certified | None:
            value = self._base(level)[where]
            ball = (value if item is None else value[item])[element]
            if not isinstance(ball, (arb, acb)):
                return Certified(arb(int(ball)))
            if ball == _ABOVE or ball == -_ABOVE:
                raise Infinite(float(ball))
            if not ball.is_finite():
                raise NoTruth("the truth is not a finite number here")
            return Certified(ball) if radius(ball) <= tolerance else None

        return self._climb(attempt)

    def gradient(self, number: int, element: tuple[int, ...], tolerance: float) -> Certified:
        """The derivative of Σ cotangent · output by one element of an input."""
        return self._by_parts(number, lambda unit: self._first(number, element, unit, tolerance))

    def second(self, number: int, element: tuple[int, ...], tolerance: float) -> Certified:
        """The derivative of Σ weight · first gradient by one element of an input."""
        return self._by_parts(number, lambda unit: self._mixed(number, element, unit, tolerance))

    def meets_special(self, number: int, element: tuple[int, ...]) -> bool:
        """Whether an output element that is not finite depends on this element of an input.

        Seen from programs in which this element alone is unknown and every other one that leads to the same outputs
        is tame. Raises NoTruth where the way through the program hangs on the unknown.
        """
        with precision(LADDER[0][0]):
            try:
                base = self._base(0)
            except Undecided as undecided:
                raise NoTruth(f"not settled with {LADDER[0][0]} bits: {undecided}") from None
            reached = self._forward.reached(number)
            asked = [ref for ref in self.program.outputs if ref.index in reached and self._differentiable(ref)]
            tame = {
                leaf: _filled(array, _TAME)
                for leaf, array in enumerate(self._forward.leaves)
                if array.dtype == object and any(ref.index in self._forward.reached(leaf) for ref in asked)
            }
            if not asked:
                return False
            tame[number][element] = type(tame[number][element])(arb.nan())
            try:
                moved = self._forward.moved(base, tame)
            except Undecided as undecided:
                raise NoTruth(f"a decision hangs on the unknown: {undecided}") from None
            for ref in asked:
                for before, after in zip(_at(self._end, ref).flat, _at(moved, ref).flat):
                    if not before.is_finite() and not after.is_finite():
                        return True
        return False

    # -- differences

    def _by_parts(self, number: int, derive: Callable[[Any], Certified]) -> Certified:
        if self.program.inputs[number].array.dtype.kind != "c":
            return derive(None)
        # torch's gradient of a real loss by z = a + ib is dL/da + i dL/db.
        real, imaginary = derive(acb(1)), derive(acb(0, 1))
        return Certified(acb(real.ball, imaginary.ball))

    def _first(self, number: int, element: tuple[int, ...], unit: Any, tolerance: float) -> Certified:
        pairs: list[tuple[Any, Any]] = []

        def attempt(level: int) -> Certified | None:
            step = self._step(number, element, LADDER[level][1])
            at = self._loss(level, number)
            up = self._loss(level, number, self._moved(number, element, step, unit))
            down = self._loss(level, number, self._moved(number, element, -step, unit))
            self._continuous(up - down, number, level, 0.5)
            return _settled(pairs, (at - down) / step, (up - at) / step, tolerance)

        return self._climb(attempt)

    def _mixed(self, number: int, element: tuple[int, ...], unit: Any, tolerance: float) -> Certified:
        pairs: list[tuple[Any, Any]] = []

        def attempt(level: int) -> Certified | None:
            shift = LADDER[level][1]
            step, along = self._step(number, element, shift), self._stride(shift)
            at = self._loss(level, number)

            moves = {side: self._moved(number, element, side * step, unit) for side in (-1, 1)}
            ends = {side: self._loss(level, number, move) for side, move in moves.items()}

            def corner(side: int, sign: int) -> Any:
                slide = self._slid(sign * along)
                both = {**slide, **self._moved(number, element, side * step, unit, slide.get(number))}
                mixed = self._loss(level, number, both) - ends[side] + at - self._loss(level, number, slide, sign)
                self._continuous(mixed, number, level, 1.5)
                return mixed / (side * sign * step * along)

            # A kink may lie across two corners and show in the others only.
            corners = sorted((corner(side, sign) for side in (-1, 1) for sign in (-1, 1)), key=float)
            return _settled(pairs, corners[0], corners[-1], tolerance)

        return self._climb(attempt)

    def _continuous(self, difference: Any, number: int, level: int, share: float) -> None:
        """Refuse a jump or, in a mixed difference, a kink: what a step makes must shrink with the step.

        A jump can look alike from both sides, so the gap between them does not show it. The measure is
        Σ |cotangent| · (1 + |output|), the size of what the differences are taken of.
        """
        size, base = arb(1e-300), self._end
        for ref, places, weights in self._outputs(number):
            size += sum(abs(w) * (1 + abs(y)) for w, y in zip(weights, _at(base, ref).ravel()[places]))
        if not abs(difference) < size * arb(2) ** -int(share * LADDER[level][1]):
            raise Undecided("the value jumps here")

    def _step(self, number: int, element: tuple[int, ...], shift: int) -> Any:
        """A power of two, small against the element (against 1 if it is zero)."""
        return arb(2) ** (_exponent(abs(complex(self.program.inputs[number].array[element]))) - shift)

    def _stride(self, shift: int) -> Any:
        """A power of two that moves every leaf along `second` by little."""
        exponents = []
        for number, weight in self._weights():
            x, v = np.abs(self.program.inputs[number].array).ravel(), np.abs(weight).ravel()
            exponents += [_exponent(float(a)) - _exponent(float(b)) for a, b in zip(x, v) if b]
        return arb(2) ** (min(exponents, default=0) - shift)

    def _weights(self) -> list[tuple[int, Array]]:
        return [(i, w) for i, w in zip(self.program.differentiable, self.program.second) if w is not None]

    def _moved(
        self, number: int, element: tuple[int, ...], step: Any, unit: Any, start: Array | None = None
    ) -> dict[int, Array]:
        leaf = (self._forward.leaves[number] if start is None else start).copy()
        leaf[element] = leaf[element] + (step if unit is None else unit * step)
        return {number: leaf}

    def _slid(self, along: Any) -> dict[int, Array]:
        leaves = self._forward.leaves
        return {i: np.asarray(leaves[i] + balls(weight) * along, dtype=object) for i, weight in self._weights()}

    def _climb(self, attempt: Callable[[int], Certified | None]) -> Certified:
        """The first attempt that succeeds, each with more bits than the one before."""
        why = ""
        for level, (bits, _) in enumerate(LADDER):
            try:
                with precision(bits + self._depth):
                    found = attempt(level)
            except Undecided as undecided:
                why = f": {undecided}"
                continue
            if found is not None:
                return found
        raise NoTruth(f"not settled with {LADDER[-1][0]} bits{why[:200]}")

    @cached_property
    def _depth(self) -> int:
        """Bits more where inputs lie as far apart as 1 and a subnormal: steps are small against the smallest."""
        exponents = [0]
        for leaf in self.program.inputs:
            if leaf.array.dtype.kind in "fc":
                sizes = np.abs(leaf.array.astype(np.complex128))
                exponents += [_exponent(x) for x in sizes.ravel().tolist() if math.isfinite(x)]
        depth = max(exponents) - min(exponents)
        return 2 * depth if depth > _USUAL else 0

    # -- the scalar that is differentiated

    def _loss(self, level: int, number: int, moved: Mapping[int, Array] = {}, slide: int = 0) -> Any:
        """Σ Re(conj(cotangent) · output) over the outputs that leaf `number` reaches, with some leaves moved.

        `slide` names a move along `second`, 0 a move that is not met again.
        """
        key = (level, number, slide) if slide or not moved else None
        if key in self._losses:
            return self._losses[key]
        values = self._forward.moved(self._base(level), moved)
        total = arb(0)
        for ref, places, weights in self._outputs(number):
            weighted = np.dot(_at(values, ref).ravel()[places], weights)
            total = total + (weighted.real if isinstance(weighted, acb) else weighted)
        if not total.is_finite():
            raise NoTruth("the truth is not a finite number here")
        if key is not None:
            self._losses[key] = total
        return total

    def _outputs(self, number: int) -> list[tuple[Ref, Array, Array]]:
        """The outputs that take part in the backward pass and that the leaf reaches: places and weights.

        Elements that are not finite are left out: an input that moves one has a special gradient, which is
        compared by its place and never comes here.
        """
        if number not in self._taking_part:
            reached, base = self._forward.reached(number), self._end
            found = []
            for ref, cotangent in zip(self.program.outputs, self.program.cotangents, strict=True):
                if ref.index in reached and self._differentiable(ref):
                    finite = [i for i, y in enumerate(_at(base, ref).flat) if y.is_finite()]
                    places = np.array(finite, np.intp)
                    found.append((ref, places, balls(cotangent.conj()).ravel()[places]))
            self._taking_part[number] = found
        return self._taking_part[number]

    def _differentiable(self, ref: Ref) -> bool:
        needs = self.run.requires_grad[ref.index]
        return bool(needs[ref.item] if isinstance(needs, tuple) and ref.item is not None else needs)

    @cached_property
    def _end(self) -> Sequence[Any]:
        """The values as the backward pass finds them: `_base` holds what they were before later steps wrote."""
        return self._forward.moved(self._base(0), {})

    def _base(self, level: int) -> list[Any]:
        if level not in self._bases:
            self._bases[level] = self._forward.values()
        return self._bases[level]


def _settled(pairs: list[tuple[Any, Any]], left: Any, right: Any, tolerance: float) -> Certified | None:
    """The derivative between two one-sided differences, once they are sharp and agree, or stay apart: a kink.

    Their mean errs by the square of the step, their gap by the step itself: a gap within the tolerance leaves
    a mean far within it. A gap that a step 2^80 times smaller does not close is no curvature.
    """
    if max(radius(left), radius(right)) > tolerance / 4:
        return None
    gap = float(abs(right - left).abs_upper())
    if gap <= tolerance:
        return Certified((left + right) / 2)
    pairs.append((left, right))
    if len(pairs) > 1:
        moves = (float(abs(a - b).abs_upper()) for a, b in zip(pairs[-2], pairs[-1]))
        if max(moves) <= 1e-6 * gap:
            return Certified((left + right) / 2, left, right)
    return None


def _filled(leaf: Array, number: float) -> Array:
    made = [type(ball)(number) for ball in leaf.flat]
    filled: Array = np.empty(leaf.shape, object)
    filled.ravel()[:] = made
    return filled


def _at(values: Sequence[Any], ref: Ref) -> Array:
    found: Array = values[ref.index] if ref.item is None else values[ref.index][ref.item]
    return found


def _exponent(x: float) -> int:
    return math.frexp(x)[1] if x else 0
