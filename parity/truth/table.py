"""The table of forward lines, by torch's name; knows no operator.

A line gets arrays (see `balls`) and plain Python values under torch's parameter names, and returns an array
or a tuple of them. No line knows a derivative: those come from differences of the forward values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Forward = Callable[..., Any]
F = TypeVar("F", bound=Forward)


class Undecided(Exception):
    """Two balls overlap where the program has to choose; more precision may part them."""


class NoTruth(Exception):
    """The arbiter cannot say anything about this program; the message says why."""


class Infinite(NoTruth):
    """The truth is this infinity, for certain."""

    def __init__(self, number: float) -> None:
        super().__init__("the truth is not a finite number here")
        self.number = number


_LINES: dict[str, Forward] = {}
#: Every operator that the truth can evaluate.
LINES: Mapping[str, Forward] = _LINES


#: Operators that hold something constant by convention, in spite of its value.
CONVENTIONAL: set[str] = set()


#: Operators that jump, and are constant by convention where they do: their derivative is 0 at a jump, too.
STEPS: set[str] = set()

#: Operators whose result shares memory with its argument as no array of balls can.
PARTS: set[str] = set()


def forward(*names: str, conventional: bool = False, steps: bool = False, parts: bool = False) -> Callable[[F], F]:
    """Enter a function under torch's names for it.

    A `conventional` one also gets `unmoved`: its arguments by name as they are where no leaf has been moved,
    to use them where torch by convention lets no gradient pass. So does one of `steps`; beside steps that write
    these are the moved ones, which jump. One of `parts` is not evaluated beside steps that write.
    """

    def enter(line: F) -> F:
        if conventional:
            CONVENTIONAL.update(names)
        if steps:
            STEPS.update(names)
        if parts:
            PARTS.update(names)
        for name in names:
            if name in _LINES:
                raise ValueError(f"the truth of {name} stands twice")
            _LINES[name] = line
        return line

    return enter


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a step drew from: its seed, and what the reference made of it (layout included)."""

    seed: int
    value: Any
    #: The arguments that the reference had.
    given: tuple[Any, ...] = ()


#: Operators whose line also gets `drawn`.
DRAWING: set[str] = set()


def drawing(*names: str, conventional: bool = False) -> Callable[[F], F]:
    """Enter the line of an operator that draws at random; it also gets `drawn`."""
    DRAWING.update(names)
    return forward(*names, conventional=conventional)


def line(names: str, function: Forward, *, steps: bool = False) -> None:
    """Enter a one-line function under names that are separated by blanks."""
    forward(*names.split(), steps=steps)(function)
