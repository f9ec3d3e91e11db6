"""The arbiter's judgement of single elements: who is off, measured from the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parity import truth
from parity.compare.pairs import Pair
from parity.compare.verdict import Blame
from parity.compare.yardstick import MULTIPLE, deviation, floored, rounding
from parity.engines.protocol import Array, Run
from parity.program import Program
from parity.truth import NoTruth

if TYPE_CHECKING:
    from parity.truth.evaluation import Certified, Truth

#: The truth's radius, as a share of what it is to measure.
SHARPNESS = 1 / 64


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
        """A judgement of each doubtful element, the most doubtful first."""
        if pair.discrete:
            u = spread = np.zeros(pair.reference.shape)
            apart = np.ones(pair.reference.shape)
        else:
            u = rounding(pair.reference)
            spread = np.zeros(u.shape) if pair.spread is None else floored(pair.spread)
            apart = deviation(pair.reference, pair.subject) / (u + MULTIPLE * spread)
        order = np.argsort(-np.where(doubtful, apart, -1.0), axis=None)[: int(doubtful.sum())]
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
        if certified.kink and certified.between(b, stable):
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
        )

    def judge_exactly(self, pair: Pair, differing: Array, names: tuple[str, str]) -> Judgement:
        """Who is to blame for the first bits that differ in the exact regime, where nothing is allowed."""
        element = tuple(int(i) for i in np.unravel_index(int(np.argmax(differing)), differing.shape))
        a, b = pair.reference[element].item(), pair.subject[element].item()
        # A zero has no rounding of its own: the array's largest element gives the scale.
        u = 0.0 if pair.discrete else float(max(rounding(x).max() for x in (pair.reference, pair.subject)))
        try:
            certified = self._certified(pair, element, (u or 1.0) * SHARPNESS)
        except NoTruth:
            why = f"in the exact regime both give the same bits: {names[0]} {a}, {names[1]} {b}"
            return Judgement(element, "subject", 0.0, why=why)
        ours, theirs = certified.distance(b), certified.distance(a)
        blame: Blame = "subject"
        if certified.kink:
            if certified.between(b, u):
                blame = "convention" if certified.between(a, u) else "reference"
        elif not theirs <= u:
            blame = "reference" if ours <= u else "both"
        return Judgement(element, blame, 0.0, float("inf"), certified.number, ours, theirs)

    def _certified(self, pair: Pair, element: tuple[int, ...], tolerance: float) -> Certified:
        if pair.kind == "value":
            return self._truth.value(pair.where, pair.item, element, tolerance)
        ask = self._truth.gradient if pair.kind == "gradient" else self._truth.second
        return ask(pair.where, element, tolerance)
