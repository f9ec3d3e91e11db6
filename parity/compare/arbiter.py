"""The arbiter's judgement of single elements: who is off, measured from the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parity import truth
from parity.compare.exact import dyadic
from parity.compare.narrowed import large, narrowed
from parity.compare.pairs import Pair
from parity.compare.verdict import Blame
from parity.compare.yardstick import MULTIPLE, deviation, floored, rounding
from parity.engines.protocol import Array, Run
from parity.program import Program
from parity.truth import Infinite, NoTruth

if TYPE_CHECKING:
    from parity.truth.evaluation import Certified, Truth

#: The truth's radius, as a share of what it is to measure.
SHARPNESS = 1 / 64
#: Of large arrays so many doubtful elements are judged.
WORST = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the truth says about one element. `blame` is "" or "reference" where the subject passes."""

    element: tuple[int, ...]
    blame: Blame
    allowed: float
    #: The subject's error in units of what was allowed.
    ratio: float = float("inf")
    truth: complex | float | None = None
    subject_error: float = float("nan")
    reference_error: float = float("nan")
    #: Whether the subject would not have passed had the reference been as accurate as it is stable.
    inaccurate_reference: bool = False
    why: str = ""
    #: Whether the subject lies between the one-sided derivatives at a kink: a convention, not torch's perhaps.
    legal: bool = False

    @property
    def passes(self) -> bool:
        return self.blame in ("", "reference")


class Arbiter:
    """The truth of one program, evaluated at single elements as they come into doubt."""

    def __init__(self, program: Program, run: Run) -> None:
        self.program = program
        self.run = run

    @cached_property
    def _truth(self) -> Truth:
        return truth.evaluate(self.program, self.run)

    def judge(self, pair: Pair, doubtful: Array) -> Iterator[Judgement]:
        """A judgement of each doubtful element, the most doubtful first; in large arrays of the worst ones only."""
        if pair.discrete:
            u = spread = np.zeros(pair.reference.shape)
            apart = np.ones(pair.reference.shape)
        else:
            u = rounding(pair.reference)
            spread = np.zeros(u.shape) if pair.spread is None else floored(pair.reference, pair.spread, pair.apart)
            with np.errstate(over="ignore"):
                apart = deviation(pair.reference, pair.subject) / (u + MULTIPLE * spread)
        count = int(doubtful.sum())
        if large(self.program):
            count = min(count, WORST)
        order = np.argsort(-np.where(doubtful, apart, -1.0), axis=None)[:count]
        for flat in order:
            element = tuple(int(i) for i in np.unravel_index(flat, pair.reference.shape))
            yield self._element(pair, element, float(u[element]), float(spread[element]))

    def _element(self, pair: Pair, element: tuple[int, ...], u: float, spread: float) -> Judgement:
        stable = u + MULTIPLE * spread
        try:
            certified = self._certified(pair, element, stable * SHARPNESS)
        except NoTruth as none:
            return Judgement(element, "ill-conditioned", stable, why=str(none))
        a, b = pair.reference[element].item(), pair.subject[element].item()
        ours, theirs = certified.distance(b), certified.distance(a)
        allowed = u + MULTIPLE * max(theirs, spread)
        blame: Blame = ""
        if certified.kink and abs(a - b) <= stable:
            pass  # as the reference has it
        elif certified.kink and certified.between(b, stable):
            blame = "convention" if certified.between(a, stable) else "reference"
        elif not ours <= allowed:
            blame = "both" if theirs > stable else "subject"
        elif theirs > u + MULTIPLE * max(ours, spread):
            blame = "reference"
        return Judgement(
            element,
            blame,
            allowed,
            ratio=ours / allowed if allowed else float(ours > 0),
            truth=certified.number,
            subject_error=ours,
            reference_error=theirs,
            inaccurate_reference=blame == "reference" or (blame == "" and ours > stable),
            legal=certified.kink and certified.between(b, stable),
        )

    def error(self, pair: Pair, element: tuple[int, ...], tolerance: float) -> float:
        """How far the reference is off at one element; 0 where the truth does not tell."""
        try:
            return float(self._certified(pair, element, tolerance * SHARPNESS).distance(pair.reference[element].item()))
        except NoTruth:
            return 0.0

    def judge_specials(self, pair: Pair, differing: Array, names: tuple[str, str]) -> Iterator[Judgement]:
        """A judgement of each element where one side is nan or infinite and the other is not, or is another.

        A finite truth decides between them. Where there is none, what stands there is a convention, and
        `names[0]` sets it.
        """
        spread = None if pair.spread is None else floored(pair.reference, pair.spread, pair.apart)
        for place in np.argwhere(differing):
            element = tuple(int(i) for i in place)
            yield self._special(pair, element, 0.0 if spread is None else float(spread[element]), names)

    def meets_special(self, pair: Pair, element: tuple[int, ...]) -> bool:
        """Whether this element of a gradient has to do with a value that is not finite, or may have."""
        try:
            whole, element = self._about(element)
            return pair.kind != "value" and whole.meets_special(pair.where, element)
        except NoTruth:
            return True

    def _special(self, pair: Pair, element: tuple[int, ...], spread: float, names: tuple[str, str]) -> Judgement:
        a, b = pair.reference[element], pair.subject[element]
        known = [x for x in (b, a) if np.isfinite(x)]
        scale = np.asarray(known[0] if known else pair.reference.dtype.type(1))
        stable = float(rounding(scale)) + MULTIPLE * spread
        try:
            if self.meets_special(pair, element):
                raise NoTruth("a special value takes part")
            certified = self._certified(pair, element, stable * SHARPNESS)
        except NoTruth as none:
            given = f"{names[0]} has {a}, {names[1]} {b}"
            if isinstance(none, Infinite) and b == none.number and np.isfinite(a):
                why = f"{names[0]} is wrong: {given}, the truth is {none.number}"
                return Judgement(element, "reference", 0.0, 0.0, inaccurate_reference=True, why=why)
            return Judgement(element, "convention", 0.0, why=f"{given}; the truth does not decide: {none}")
        ours, theirs = _error(certified, b), _error(certified, a)
        blame: Blame = "reference" if ours <= stable else "subject" if theirs <= stable else "both"
        if certified.kink:
            passes = np.isfinite(b) and certified.between(b, stable)
            blame = "reference" if passes else "subject" if np.isfinite(a) else "both"
        if blame == "both" and not np.isfinite(theirs):
            blame = ""  # nobody can be held to a reference that is infinitely far off
        if ours <= stable and theirs <= stable:
            blame = ""
        who = {"reference": f"{names[0]} is wrong", "subject": f"{names[1]} is wrong", "both": "both are wrong"}
        given = f"{names[0]} has {a}, {names[1]} {b}, the truth is {certified.number:.6g}"
        why = f"{who[blame]}: {given}" if blame in who else ""
        ratio = ours / stable if blame not in ("", "reference") else 0.0
        off = not theirs <= stable
        return Judgement(element, blame, stable, ratio, certified.number, ours, theirs, off, why)

    def judge_exactly(self, pair: Pair, differing: Array, names: tuple[str, str]) -> Iterator[Judgement]:
        """Who is to blame for bits that differ in the exact regime, where nothing is allowed.

        Exact results are promised for small dyadic numbers; elsewhere one rounding of the truth passes, and so it does
        where the reference shows that the truth is no number of the dtype.
        """
        strict = dyadic(self.program)
        # A zero has no rounding of its own: the array's largest element gives the scale.
        largest = 0.0 if pair.discrete else float(max(rounding(x).max() for x in (pair.reference, pair.subject)))
        for place in np.argwhere(differing):
            element = tuple(int(i) for i in place)
            u = largest if strict or pair.discrete else float(rounding(pair.reference[element]))
            yield self._exact(pair, element, u, strict, names)

    def _exact(self, pair: Pair, element: tuple[int, ...], u: float, strict: bool, names: tuple[str, str]) -> Judgement:
        a, b = pair.reference[element].item(), pair.subject[element].item()
        allowed = 0.0 if strict else u
        try:
            certified = self._certified(pair, element, (u or 1.0) * SHARPNESS)
        except NoTruth:
            why = f"in the exact regime both give the same bits: {names[0]} {a}, {names[1]} {b}"
            return Judgement(element, "subject", allowed, why=why)
        ours, theirs = certified.distance(b), certified.distance(a)
        blame: Blame = "subject"
        if certified.kink:
            if certified.between(b, u):
                blame = "convention" if certified.between(a, u) else "reference"
        elif not theirs <= u or (strict and ours < theirs):  # the reference itself is not exact here
            blame = "reference" if ours <= u else "both"
        elif ours <= (u if not strict else self._own_rounding(pair, element) if theirs else 0.0):
            blame = ""
        inaccurate = blame == "reference"
        return Judgement(element, blame, allowed, float("inf"), certified.number, ours, theirs, inaccurate)

    @staticmethod
    def _own_rounding(pair: Pair, element: tuple[int, ...]) -> float:
        return 0.0 if pair.discrete else float(rounding(pair.reference[element]))

    def _certified(self, pair: Pair, element: tuple[int, ...], tolerance: float) -> Certified:
        whole, element = self._about(element)
        if pair.kind == "value":
            return whole.value(pair.where, pair.item, element, tolerance)
        ask = whole.gradient if pair.kind == "gradient" else whole.second
        return ask(pair.where, element, tolerance)

    def _about(self, element: tuple[int, ...]) -> tuple[Truth, tuple[int, ...]]:
        """The truth in which to look an element up, and the element's place there."""
        found = narrowed(self.program, self.run, element)
        return (self._truth, element) if found is None else (truth.evaluate(*found), ())


def _error(certified: Certified, number: Any) -> float:
    """How far a number of an engine is off; an infinity is right where its dtype cannot hold the truth."""
    if np.isfinite(number):
        return certified.distance(number.item())
    if np.isinf(number) and number.dtype.kind == "f":
        largest = float(np.finfo(number.dtype).max)
        if abs(float(certified)) > largest and (float(certified) > 0) == bool(number > 0):
            return 0.0
    return float("inf")
