"""What the accuracy table would show of a change: operators of one number, at stratified points, against truth.

Programs allow what any correct way of computing may lose; here counts what the engine itself did better. Knows no
mutant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity import truth
from parity.accuracy import page
from parity.accuracy.measure import answer, has, selected
from parity.accuracy.points import Case, points
from parity.accuracy.reasons import AIM
from parity.program import Array

#: Points of a case.
POINTS = 800
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Measure:
    """A case in one dtype: its points, the truth, and how far off the engine was there, in values and gradients."""

    case: Case
    x: Array
    exact: Any
    before: tuple[Array, Array]

    @property
    def label(self) -> str:
        return f"{self.case.label} {self.x.dtype}"

    def answer(self, subject: Any) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            return answer(subject, self.case, self.x)

    def worse(self, subject: Any) -> str:
        """What is less accurate than it was: the table's figure, or a point that misses the aim; empty if nothing."""
        with np.errstate(all="ignore"):
            errors = _errors(self.exact, answer(subject, self.case, self.x))
        for what, now, was in zip(("value", "gradient"), errors, self.before):
            if worst(now) > worst(was) + page.ROOM or (now > np.maximum(AIM, was + page.ROOM)).any():
                return f"accuracy of the {what} of {self.label}"
        return ""


def worst(errors: Array) -> float:
    """The table's figure, of what is certified."""
    return float(np.nanmax(errors, initial=0.0))


def measures(engine: Any, subject: Any, ops: Sequence[str] | None = None) -> list[Measure]:
    """Every case that `parity accuracy` has, of these operators, in single and double precision."""
    return list(_measured(engine, subject, ops))


def _measured(engine: Any, subject: Any, ops: Sequence[str] | None) -> Iterator[Measure]:
    for case in selected():
        if ops is not None and case.spec.name not in ops:
            continue
        for name in DTYPES:
            if not has(case, name):
                continue
            with np.errstate(all="ignore"):
                x = points(case, np.dtype(name), POINTS, lambda at, case=case: answer(engine, case, at))  # type: ignore[misc]
                exact = truth.at_points(case.spec.name, x, case.before, case.named)
                yield Measure(case, x, exact, _errors(exact, answer(subject, case, x)))


def _errors(exact: Any, answers: tuple[Array, Array]) -> tuple[Array, Array]:
    value, gradient = answers
    return exact.value_errors(value), exact.derivative_errors(gradient)
