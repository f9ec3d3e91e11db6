"""The arrays of two runs side by side, and what is still open about each; knows no yardstick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from parity.compare.gauge import turned
from parity.engines.protocol import Array, Run, Value
from parity.program import Program

Kind = Literal["value", "gradient", "second"]


@dataclass(slots=True, eq=False)
class Pair:
    """One array of each side: `where` is a value's number, or an input's for gradients."""

    kind: Kind
    where: int
    item: int | None
    reference: Array
    subject: Array
    #: Spread of the reference so far.
    spread: Array | None = None
    #: Whether its elements are judged one by one, and those that nudges make special or finite then.
    apart: bool = False
    jumped: Array | None = None

    @property
    def discrete(self) -> bool:
        return self.reference.dtype.kind in "biu"

    def of(self, program: Program, run: Run) -> Array | None:
        """The same array in another run."""
        if self.kind == "value":
            value: Value = run.values[self.where] if self.where < len(run.values) else None
            if isinstance(value, tuple):
                found = value[self.item] if self.item is not None else None
                return None if found is None else turned(program, self.where, self.item, found)
            return value
        gradients = run.gradients if self.kind == "gradient" else run.second
        found = gradients[program.differentiable.index(self.where)] if gradients else None
        return _or_zeros(found, self.reference) if self.kind == "second" and run.error is None else found


def unequal(program: Program, reference: Run, subject: Run) -> Iterator[Pair]:
    """The arrays whose bits differ; of those that agree nothing is kept, they are the most."""
    start = len(program.inputs)
    for where, (a, b) in enumerate(zip(reference.values[start:], subject.values[start:]), start):
        if isinstance(a, tuple) and isinstance(b, tuple):
            for item, (p, q) in enumerate(zip(a, b)):
                if _differ(p, q):
                    p, q = (turned(program, where, item, x) for x in (p, q))
                    yield Pair("value", where, item, p, q)
        elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and _differ(a, b):
            yield Pair("value", where, None, a, b)
    kinds: tuple[tuple[Kind, list[Array | None], list[Array | None]], ...] = (
        ("gradient", reference.gradients, subject.gradients),
        ("second", reference.second, subject.second),
    )
    for kind, ours, theirs in kinds:
        for where, g, h in zip(program.differentiable, ours, theirs):
            if kind == "second" and reference.error is None and subject.error is None:
                g, h = _or_zeros(g, h), _or_zeros(h, g)
            if g is not None and h is not None and _differ(g, h):
                yield Pair(kind, where, None, g, h)


def unrivalled(program: Program, reference: Run, subject: Run) -> Iterator[Pair]:
    """The subject's gradients of an order that the reference has not, on both sides of their pairs."""
    kinds: tuple[tuple[Kind, list[Array | None], list[Array | None]], ...] = (
        ("gradient", reference.gradients, subject.gradients),
        ("second", reference.second, subject.second),
    )
    for kind, ours, theirs in kinds:
        if not any(g is not None for g in ours):
            for where, h in zip(program.differentiable, theirs):
                if h is not None:
                    yield Pair(kind, where, None, h, h)


def _or_zeros(array: Array | None, other: Array | None) -> Array | None:
    """A second derivative that was not recorded is zero: what it depends on is not there."""
    return array if array is not None or other is None else np.zeros_like(other)


def _differ(a: Array, b: Array) -> bool:
    return a.tobytes() != b.tobytes()
