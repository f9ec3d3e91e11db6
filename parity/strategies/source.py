"""Where choices come from: a seed, for volume; Hypothesis, for search; a list, for replay. Knows no program.

The same choices give the same program from every source. This file alone touches Hypothesis' internals.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Choice = int | bool
#: Hypothesis' label of the choices of one step.
_STEP = 0x7061726974790001


class Source(Protocol):
    """Choices, each small and plain: 0 (or what is nearest to it), False and the first are the simplest."""

    def integer(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        ...

    def boolean(self, p: float = 0.5) -> bool:
        """True with probability p."""
        ...

    def choice(self, values: Sequence[T]) -> T: ...

    def begin(self) -> None:
        """From here to `end` the choices belong together: shrinking leaves them out together."""
        ...

    def end(self, kept: bool) -> None:
        """Whether anything came of them."""
        ...


class Seeded:
    """Choices from a seed: fast, for volume."""

    __slots__ = ("_random", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._random = random.Random(seed).random

    def integer(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def boolean(self, p: float = 0.5) -> bool:
        return self._random() < p

    def choice(self, values: Sequence[T]) -> T:
        return values[int(self._random() * len(values))]

    def begin(self) -> None:
        pass

    def end(self, kept: bool) -> None:
        pass


class Recording:
    """Another source whose choices are also kept, for `Replayed` and for tests."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.choices: list[Choice] = []

    def integer(self, low: int, high: int) -> int:
        made = self.source.integer(low, high)
        self.choices.append(made)
        return made

    def boolean(self, p: float = 0.5) -> bool:
        made = self.source.boolean(p)
        self.choices.append(made)
        return made

    def choice(self, values: Sequence[T]) -> T:
        return values[self.integer(0, len(values) - 1)]

    def begin(self) -> None:
        self.source.begin()

    def end(self, kept: bool) -> None:
        self.source.end(kept)


class Replayed:
    """Choices from a list; past its end, the simplest."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = iter(choices)

    def integer(self, low: int, high: int) -> int:
        return min(max(int(next(self._choices, 0)), low), high)

    def boolean(self, p: float = 0.5) -> bool:
        return bool(next(self._choices, False))

    def choice(self, values: Sequence[T]) -> T:
        return values[self.integer(0, len(values) - 1)]

    def begin(self) -> None:
        pass

    def end(self, kept: bool) -> None:
        pass


class FromHypothesis:
    """Choices drawn by Hypothesis, so that it searches, replays and shrinks them.

    Takes the `data` object of `st.data()` or the engine's own ConjectureData; the latter is reached directly,
    because a strategy for each choice makes drawing a hundred times slower.
    """

    def __init__(self, data: Any) -> None:
        inner = getattr(data, "conjecture_data", data)
        if not (hasattr(inner, "draw_integer") and hasattr(inner, "draw_boolean")):
            raise TypeError(f"cannot draw from {type(data).__name__}: this version of Hypothesis is not known")
        self._data = inner

    def integer(self, low: int, high: int) -> int:
        return int(self._data.draw_integer(low, high))

    def boolean(self, p: float = 0.5) -> bool:
        return bool(self._data.draw_boolean(p))

    def choice(self, values: Sequence[T]) -> T:
        return values[self.integer(0, len(values) - 1)]

    def begin(self) -> None:
        self._data.start_span(_STEP)

    def end(self, kept: bool) -> None:
        self._data.stop_span(discard=not kept)
