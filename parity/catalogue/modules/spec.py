"""What a row about a class says, and the words in which rows are written; names no engine and draws nothing.

A shape is a row of words: whole numbers, settings of the class, sizes that the row works out (`sizes`), or capital
letters, drawn once for each configuration; "?" marks the dimension of a batch that may be left out. It may be followed
by what is drawn (real numbers, if nothing is said) and by where whole numbers end: "N C: classes below K".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from parity.configuration import Drawn, Kind

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter of the constructor and values for it, the simplest first; `needed` if it cannot be left out."""

    name: str
    values: tuple[Any, ...]
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The shape of an input and what is drawn for it, as the row says it."""

    shape: tuple[str, ...]
    drawn: Drawn = "real"
    top: str = ""
    name: str = ""
    optional: bool = False
    pair: bool = False


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """A row: one class, values for its settings, and what it is fed."""

    name: str
    kind: Kind
    settings: tuple[Setting, ...]
    feeds: tuple[Words, ...] = ()
    #: Sizes that follow from the settings, by the word that stands for them.
    sizes: Mapping[str, Callable[[Settings], int | tuple[int, ...]]] = field(default_factory=dict)
    #: Least and most of the letters that are not between 2 and 4.
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    #: Settings that belong together in another way than any may be with any.
    fits: Callable[[Settings], bool] = bool
    #: Settings that a second group of parameters may have for itself.
    grouped: tuple[str, ...] = ()
    #: What torch works out in float32 whatever the dtype, and why that is known: judged by float32's roundings.
    single: Mapping[str, str] = field(default_factory=dict)
    #: Of a distribution: what torch has the gradients of to a few digits only, and how that is known.
    rough: Mapping[str, str] = field(default_factory=dict)


def of(*values: Any) -> tuple[Any, ...]:
    """Values of a setting that may be left out."""
    return values


class Needed(tuple[Any, ...]):
    """Values of a setting that the class asks for."""

    __slots__ = ()


def needed(*values: Any) -> Needed:
    return Needed(values)


def module(
    name: str,
    *feeds: str | Words,
    kind: Kind = "layer",
    sizes: Mapping[str, Callable[[Settings], int | tuple[int, ...]]] | None = None,
    ranges: Mapping[str, tuple[int, int]] | None = None,
    fits: Callable[[Settings], bool] | None = None,
    grouped: str = "",
    single: Mapping[str, str] | None = None,
    rough: Mapping[str, str] | None = None,
    **settings: tuple[Any, ...],
) -> ModuleSpec:
    """A row about a class."""
    return ModuleSpec(
        name,
        kind,
        tuple(Setting(n, tuple(values), isinstance(values, Needed)) for n, values in settings.items()),
        tuple(fed(words) if isinstance(words, str) else words for words in feeds),
        sizes or {},
        ranges or {},
        fits or (lambda settings: True),
        tuple(grouped.split()),
        single or {},
        rough or {},
    )


def fed(text: str, name: str = "", *, optional: bool = False, pair: bool = False) -> Words:
    """An input in the words above; `name` if it is given by its name."""
    shape, _, drawn = text.partition(":")
    drawn, _, top = (word.strip() for word in drawn.partition("below"))
    assert drawn in ("", *get_args(Drawn)), drawn
    return Words(tuple(shape.split()), drawn or "real", top, name, optional, pair)  # type: ignore[arg-type]
