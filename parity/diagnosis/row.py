"""What a well-known mistake is as data: trials, what comes of them if all is well, and what gives the mistake away.

Knows no engine and no mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from parity.engines.experiment import Reading, Tried
from parity.engines.protocol import Array

#: A mistake makes wrong numbers; a limit raises, or is missing; a convention is legal and not torch's.
Kind = Literal["mistake", "limit", "convention"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What may come of a trial, and its words; `a | b` is either."""

    words: str
    test: Callable[[Tried], bool]

    def __or__(self, other: Pattern) -> Pattern:
        words = " or ".join(words for words in (self.words, other.words) if words)
        return Pattern(words, lambda tried: self.test(tried) or other.test(tried))


@dataclass(frozen=True, slots=True)
class Trial:
    """Lines that are run as they stand (`parity.engines.experiment`), and what is looked at then."""

    lines: str
    looks: str
    right: Pattern
    #: What names the mistake; what is neither right nor this is another one.
    wrong: Pattern
    #: Trials that must come out right, so that nothing simpler explains it.
    given: tuple[Trial, ...] = ()
    times: int = 1
    #: Which operator it is about, where a row tries several.
    what: str = ""
    #: Called just as it is written: a backward pass gets no seed of ours.
    bare: bool = False
    #: If it differs from the row's.
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A class of mistakes, by the number and the name under which it is well known."""

    number: int
    name: str
    #: How it is recognised, in a line.
    recognised: str
    trials: tuple[Trial, ...]
    #: What to do, without doing it.
    remedy: str
    kind: Kind = "mistake"
    #: Mistakes that follow from this one, and are not named beside it.
    hides: tuple[int, ...] = ()

    @property
    def trigger(self) -> str:
        return self.trials[0].lines


@dataclass(frozen=True, slots=True)
class Convention:
    """A choice that is legal and not torch's: the trial's `right` is what torch does, its `wrong` what others do."""

    name: str
    trial: Trial


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: how it showed, the lines that show it, and what to do. Conventions may have no number."""

    number: int
    name: str
    kind: Kind
    seen: str
    trigger: str
    recognised: str = ""
    remedy: str = ""
    #: The operators that it is about, by torch's names; empty if it is about none in particular.
    ops: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        return {"type": "diagnosis", **asdict(self)}

    def lines(self) -> list[str]:
        number = f" {self.number}" if self.number else ""
        return [
            f"{self.kind.upper()}{number}: {self.name}",
            *(f"    {line}" for line in self.trigger.splitlines()),
            f"    seen      {self.seen}",
            *([f"    probe     {self.recognised}"] if self.recognised else []),
            *([f"    remedy    {self.remedy}"] if self.remedy else []),
        ]


# -- patterns


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values."""

    values: tuple[Any, ...] = field(default=())


def either(*values: Any) -> Either:
    return Either(values)


def are(*values: Any) -> Pattern:
    """Each look gives this value: numbers to the engine's precision and in their shape; None is as good as zeros."""

    def test(found: tuple[Reading, ...]) -> bool:
        return len(found) == len(values) and all(_is(reading, value) for reading, value in zip(found, values))

    words = ", ".join(_words(value) for value in values)
    return Pattern(words, lambda tried: len(tried.readings) == 1 and test(tried.readings[0]))


def looks(words: str, test: Callable[[list[Array]], bool]) -> Pattern:
    """The numbers that the looks give, all of them numbers, pass the test."""

    def tested(tried: Tried) -> bool:
        if len(tried.readings) != 1:
            return False
        arrays = [reading for reading in tried.readings[0] if isinstance(reading, np.ndarray)]
        return len(arrays) == len(tried.readings[0]) and test(arrays)

    return Pattern(words, tested)


def raises(*marks: str) -> Pattern:
    """It raises, with one of these words in the error's type or message; with none: it raises at all."""

    def test(tried: Tried) -> bool:
        error = tried.raised
        said = f"{error.type} {error.message}" if error else ""
        return error is not None and (not marks or any(mark in said for mark in marks))

    return Pattern("an error", test)


def between(low: float, high: float) -> Pattern:
    return looks(f"from {low:g} to {high:g}", lambda found: all(((low <= a) & (a <= high)).all() for a in found))


#: Any numbers: other ones than are right.
NUMBERS = looks("", lambda found: True)
NAN = looks("nan", lambda found: any(np.isnan(a).any() for a in found))
INFINITE = looks("inf", lambda found: any(np.isinf(a).any() for a in found))
#: No gradient arrives where one should.
NOTHING = Pattern("nothing", lambda tried: len(tried.readings) == 1 and all(_empty(r) for r in tried.readings[0]))
#: Anything else, or an error on the way back; a forward that raises refuses, and is another matter.
OTHER = Pattern(
    "", lambda tried: bool(tried.readings) or (tried.raised is not None and tried.raised.moment == "backward")
)
#: Anything else that is no error.
SHOWN = Pattern("", lambda tried: bool(tried.readings))
#: Another end each time.
VARIED = Pattern("another result each time", lambda tried: len(tried.readings) > 1)
LACKING = Pattern("", lambda tried: bool(tried.lacks))


def _empty(reading: Reading) -> bool:
    return reading is None or (isinstance(reading, np.ndarray) and not reading.any())


def _is(reading: Reading, value: Any) -> bool:
    if isinstance(value, Either):
        return any(_is(reading, one) for one in value.values)
    if isinstance(value, (str, bool)):
        return reading == value
    if value is None:
        return _empty(reading)
    wanted = np.array(value, float)
    if reading is None:
        return not wanted.any()
    if not isinstance(reading, np.ndarray) or reading.shape != wanted.shape:
        return False
    return bool(np.allclose(reading, wanted, rtol=1e-5, atol=1e-7, equal_nan=True))


def _words(value: Any) -> str:
    if isinstance(value, Either):
        return _words(value.values[0])
    if isinstance(value, (list, np.ndarray)):
        return said(np.array(value, float))
    return (
        said(np.array(value, float)) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
    )


def said(reading: Reading) -> str:
    """A reading in a few characters."""
    if isinstance(reading, np.ndarray):
        if reading.size > 16:
            return f"numbers of shape {reading.shape}"
        return _digits(reading)
    return str(reading)


def _digits(array: Array) -> str:
    return "[" + ", ".join(map(_digits, array)) + "]" if array.ndim else f"{float(array):.4g}"
