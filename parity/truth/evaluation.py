"""Certified values and derivatives of a program: forward lines in ball arithmetic, differences of them.

Knows no operator and no derivative. Intermediate results are never rounded: what comes out is the value of the
program as mathematics, with a radius; Python floats among the arguments are rounded as torch rounds them.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from parity.engines.protocol import Array, Run, Value
from parity.program import DType, Program, Ref, Step, laid_out, references, substitute
from parity.truth import (
    activation,
    creation,
    index,
    loss,
    matmul,
    normalize,
    order,
    pointwise,
    reduce,
    scan,
    shape,
)
from parity.truth.balls import acb, arb, balls, distance, nearest, precision, radius
from parity.truth.table import CONVENTIONAL, LINES, NoTruth, Undecided

#: Bits of each attempt, and the exponent of the step of its differences, relative to the element.
LADDER = ((256, 80), (512, 160), (1024, 320), (2048, 640))
_WRITING = frozenset({"inplace", "augmented", "out"})
#: The families, imported so that their lines stand in the table.
FAMILIES = (activation, creation, index, loss, matmul, normalize, order, pointwise, reduce, scan, shape)


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


@dataclass(frozen=True, slots=True)
class _Line:
    """One step, ready to be evaluated; `template` is what the reference recorded of its value."""

    number: int
    op: str
    forward: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    writes: bool
    needs: frozenset[int]
    template: Value


class Truth:
    """The truth about one program. `run` is the reference's: it gives dtypes and shapes, never a value."""

    def __init__(self, program: Program, run: Run) -> None:
        lacking = sorted({step.op for step in program.steps if step.op not in LINES})
        if lacking:
            raise NoTruth(f"the truth has no line for {', '.join(lacking)}")
        if len(run.values) != len(program.inputs) + len(program.steps):
            raise NoTruth("the reference did not finish")
        if not all(np.isfinite(leaf.array).all() for leaf in program.inputs):
            raise NoTruth("an input holds a special value")
        self.program = program
        self.run = run
        self.lines = [self._line(i, step) for i, step in enumerate(program.steps)]
        self.writes = any(line.writes for line in self.lines)
        self._bases: dict[int, list[Any]] = {}
        self._losses: dict[tuple[Any, ...], Any] = {}

    # -- what callers ask

    def value(self, where: int, item: int | None, element: tuple[int, ...], tolerance: float) -> Certified:
        """An element of a value, its radius at most `tolerance`."""

        def attempt(level: int) -> Certified | None:
            value = self._base(level)[where]
            ball = (value if item is None else value[item])[element]
            if not isinstance(ball, (arb, acb)):
                return Certified(arb(int(ball)))
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

    # -- differences

    def _by_parts(self, number: int, derive: Callable[[Any], Certified]) -> Certified:
        if self.program.inputs[number].array.dtype.kind != "c":
            return derive(None)
        # torch's gradient of a real loss by z = a + ib is dL/da + i dL/db.
        real, imaginary = derive(acb(1)), derive(acb(0, 1))
        return Certified(acb(real.ball, imaginary.ball))

    def _first(self, number: int, element: tuple[int, ...], unit: Any, tolerance: float) -> Certified:
        gaps: list[tuple[Any, Any]] = []

        def attempt(level: int) -> Certified | None:
            step = self._step(number, element, LADDER[level][1])
            at = self._loss(level)
            up = self._loss(level, self._moved(number, element, step, unit))
            down = self._loss(level, self._moved(number, element, -step, unit))
            self._continuous(up - down, level, 0.5)
            return _settled(gaps, (at - down) / step, (up - at) / step, tolerance)

        return self._climb(attempt)

    def _mixed(self, number: int, element: tuple[int, ...], unit: Any, tolerance: float) -> Certified:
        gaps: list[tuple[Any, Any]] = []

        def attempt(level: int) -> Certified | None:
            shift = LADDER[level][1]
            step, along = self._step(number, element, shift), self._stride(shift)
            at = self._loss(level)

            def corner(sign: int) -> Any:
                move = self._moved(number, element, sign * step, unit)
                slide = self._slid(sign * along)
                both = {**slide, **self._moved(number, element, sign * step, unit, slide.get(number))}
                key = ("slide", sign)
                mixed = self._loss(level, both) - self._loss(level, move) - self._loss(level, slide, key) + at
                self._continuous(mixed, level, 1.5)
                return mixed / (step * along)

            return _settled(gaps, corner(-1), corner(1), tolerance)

        return self._climb(attempt)

    def _continuous(self, difference: Any, level: int, share: float) -> None:
        """Refuse a jump or, in a mixed difference, a kink: what a step makes must shrink with the step.

        A jump can look alike from both sides, so the gap between them does not show it.
        """
        bound = self._magnitude * arb(2) ** -int(share * LADDER[level][1])
        if not abs(difference) < bound:
            raise Undecided("the value jumps here")

    @cached_property
    def _magnitude(self) -> Any:
        """Σ |cotangent| · (1 + |output|): the size of what the differences are taken of."""
        total = arb(1e-300)
        base = self._base(0)
        for ref, cotangent in zip(self.program.outputs, self.program.cotangents, strict=True):
            if self._differentiable(ref):
                output = base[ref.index] if ref.item is None else base[ref.index][ref.item]
                total += sum(abs(c) * (1 + abs(y)) for c, y in zip(balls(cotangent).flat, output.flat))
        return total

    def _climb(self, attempt: Callable[[int], Certified | None]) -> Certified:
        """The first attempt that succeeds, each with more bits than the one before."""
        why = ""
        for level, (bits, _) in enumerate(LADDER):
            try:
                with precision(bits):
                    found = attempt(level)
            except Undecided as undecided:
                why = f": {undecided}"
                continue
            if found is not None:
                return found
        raise NoTruth(f"not settled with {LADDER[-1][0]} bits{why[:200]}")

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
        leaf = (self._leaves[number] if start is None else start).copy()
        leaf[element] = leaf[element] + (step if unit is None else unit * step)
        return {number: leaf}

    def _slid(self, along: Any) -> dict[int, Array]:
        return {number: self._leaves[number] + balls(weight) * along for number, weight in self._weights()}

    # -- forward

    @cached_property
    def _leaves(self) -> list[Array]:
        leaves = []
        for leaf in self.program.inputs:
            kind = leaf.array.dtype.kind
            leaves.append(balls(leaf.array) if kind in "fc" else _widened(leaf.array))
        return leaves

    def _loss(self, level: int, moved: Mapping[int, Array] = {}, key: tuple[Any, ...] | None = None) -> Any:
        """Σ Re(conj(cotangent) · output), with some leaves moved."""
        if not moved:
            key = ()
        if key is not None and (level, *key) in self._losses:
            return self._losses[level, *key]
        values = self._live(self._base(level), moved)
        total = arb(0)
        for ref, cotangent in zip(self.program.outputs, self.program.cotangents, strict=True):
            if not self._differentiable(ref):
                continue
            output = values[ref.index] if ref.item is None else values[ref.index][ref.item]
            weighted = np.dot(output.ravel(), balls(cotangent.conj()).ravel())
            total = total + (weighted.real if isinstance(weighted, acb) else weighted)
        if not total.is_finite():
            raise NoTruth("the truth is not a finite number here")
        if key is not None:
            self._losses[level, *key] = total
        return total

    def _differentiable(self, ref: Ref) -> bool:
        needs = self.run.requires_grad[ref.index]
        return bool(needs[ref.item] if isinstance(needs, tuple) and ref.item is not None else needs)

    def _base(self, level: int) -> list[Any]:
        """Every value at the program's own inputs, taken when it was computed."""
        if level not in self._bases:
            self._bases[level] = self._forward(self._leaves, snapshots=True)
        return self._bases[level]

    def _live(self, base: Sequence[Any], moved: Mapping[int, Array]) -> Sequence[Any]:
        """The values at the end of the program; only what depends on a moved leaf is computed again."""
        leaves = [moved.get(i, leaf) for i, leaf in enumerate(self._leaves)]
        if self.writes:
            return self._forward(leaves, snapshots=False)
        values = [*leaves, *base[len(leaves) :]]
        affected = set(moved)
        for line in self.lines:
            if not affected.isdisjoint(line.needs):
                values[line.number] = self._evaluate(line, values, base)
                affected.add(line.number)
        return values

    def _forward(self, leaves: Sequence[Array], *, snapshots: bool) -> list[Any]:
        values: list[Any] = list(leaves)
        if self.writes:
            # An expanded leaf may not be written to, and its elements must move one by one.
            layouts = (g.layout if g.layout != "expanded" else "contiguous" for g in self.program.inputs)
            values = [laid_out(leaf, layout) for leaf, layout in zip(leaves, layouts)]
        taken: list[Any] = [value.copy() for value in values] if snapshots and self.writes else values
        for line in self.lines:
            value = self._evaluate(line, values, values)
            values.append(value)
            if taken is not values:
                taken.append(tuple(v.copy() for v in value) if isinstance(value, tuple) else value.copy())
        return taken

    def _evaluate(self, line: _Line, values: Sequence[Any], unmoved: Sequence[Any]) -> Any:
        args, kwargs = _resolved(line, values)
        if line.op in CONVENTIONAL:
            if self.writes:
                raise NoTruth(f"{line.op} beside steps that write")
            given, named = _resolved(line, unmoved)
            positional = zip(inspect.signature(line.forward).parameters, given)
            kwargs["unmoved"] = {**dict(positional), **named}
        out = kwargs.pop("out", None)
        try:
            result = line.forward(*args, **kwargs)
        except (NoTruth, Undecided):
            raise
        except Exception as error:
            raise NoTruth(f"{line.op}: {type(error).__name__}: {error}") from error
        target = out if out is not None else args[0] if line.writes and line.op != "setitem" else None
        if isinstance(line.template, tuple):
            settled = tuple(_fitted(line.op, r, t) for r, t in zip(result, line.template, strict=True))
            return settled
        fitted = _fitted(line.op, result, line.template)
        if target is None or target.shape != fitted.shape:  # torch resizes what `out` names
            return fitted
        target[...] = fitted
        return target

    def _line(self, position: int, step: Step) -> _Line:
        number = len(self.program.inputs) + position
        template = self.run.values[number]
        dtype = self._rounding(step, template)

        def rounded(tree: Any) -> Any:
            if isinstance(tree, float):
                return float(dtype.type(tree)) if math.isfinite(tree) else tree
            if isinstance(tree, tuple):
                return tuple(rounded(item) for item in tree)
            return [rounded(item) for item in tree] if isinstance(tree, list) else tree

        return _Line(
            number=number,
            op=step.op,
            forward=LINES[step.op],
            args=rounded(step.args),
            kwargs={key: rounded(value) for key, value in step.kwargs.items()},
            writes=step.spelling in _WRITING or step.op == "setitem",
            needs=frozenset(ref.index for ref in references((step.args, tuple(step.kwargs.values())))),
            template=template,
        )

    def _rounding(self, step: Step, template: Value) -> np.dtype[Any]:
        """The dtype to which torch rounds a Python float among the arguments."""
        arrays: list[Any] = list(template) if isinstance(template, tuple) else [template]
        for ref in step.refs():
            value = self.run.values[ref.index]
            arrays.append(value[ref.item] if isinstance(value, tuple) and ref.item is not None else value)
        for array in arrays:
            if isinstance(array, np.ndarray) and array.dtype.kind in "fc":
                return np.dtype(array.real.dtype)
        return np.dtype(np.float64)


def _settled(gaps: list[tuple[Any, Any]], left: Any, right: Any, tolerance: float) -> Certified | None:
    """The derivative between two one-sided differences, once they are sharp and agree, or stay apart: a kink.

    Their mean errs by the square of the step, their gap by the step itself: a gap within the tolerance leaves a
    mean far within it. A gap that a step 2^80 times smaller does not close is no curvature.
    """
    if max(radius(left), radius(right)) > tolerance / 4:
        return None
    gap = abs(right - left)
    if float(gap.abs_upper()) <= tolerance:
        return Certified((left + right) / 2)
    gaps.append((left, right))
    if len(gaps) > 1:
        before, after = gaps[-2:]
        if all(float(abs(a - b).abs_upper()) <= 1e-6 * float(gap.abs_upper()) for a, b in zip(before, after)):
            return Certified((left + right) / 2, left, right)
    return None


def _resolved(line: _Line, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    def resolve(leaf: Any) -> Any:
        if isinstance(leaf, DType):
            return leaf.name
        value = values[leaf.index]
        return value if leaf.item is None else value[leaf.item]

    return substitute(line.args, resolve), {key: substitute(arg, resolve) for key, arg in line.kwargs.items()}


def _exponent(x: float) -> int:
    return math.frexp(x)[1] if x else 0


def _widened(array: Array) -> Array:
    return array.astype(bool if array.dtype == bool else np.int64)


def _fitted(op: str, result: Any, template: Array | None) -> Array:
    """The result in the kind of dtype that the reference has, in its shape; integers wrap as its dtype does."""
    array = result if isinstance(result, np.ndarray) else np.asarray(result, dtype=_kind_of(result))
    if template is None or array.shape != template.shape:
        raise NoTruth(f"{op}: shape {array.shape} is not the reference's")
    kind = template.dtype.kind
    if kind in "biu":
        if array.dtype == object:
            raise NoTruth(f"{op}: real numbers where the reference has {template.dtype.name}")
        return _widened(array.astype(template.dtype))
    if array.dtype != object:
        array = balls(array)
    elif array.size and not isinstance(array.flat[0], (arb, acb)):
        array = balls(
            np.array([a if isinstance(a, (arb, acb)) else arb(a) for a in array.flat], object)
        ).reshape(array.shape)
    if kind == "c" and array.size and not isinstance(array.flat[0], acb):
        array = np.array([acb(a) for a in array.flat], object).reshape(array.shape)
    return array


def _kind_of(result: Any) -> Any:
    return object if isinstance(result, (arb, acb)) else None
