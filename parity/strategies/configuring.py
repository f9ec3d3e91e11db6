"""Configurations drawn from a row about a class, and made smaller while they still show what they showed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from parity.catalogue.modules import ModuleSpec
from parity.catalogue.modules.spec import Setting
from parity.configuration import Configuration, Feed
from parity.strategies.source import Source

#: Sizes that a letter stands for, if its row says nothing else.
_LEAST, _MOST = 2, 4
#: Optional settings of which most configurations have one or two.
_GIVEN = 0.35


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything about a configuration that was chosen."""

    settings: Mapping[str, Any]
    sizes: Mapping[str, int]
    batched: bool
    #: Which of the inputs that may be left out are there.
    given: bool
    steps: tuple[bool, ...]
    dtype: str
    seed: int
    group: Mapping[str, Any] | None


def draw(source: Source, spec: ModuleSpec) -> Choices:
    """Choices for a row; settings that do not go together are drawn again."""
    settings = _settings(source, spec)
    while not spec.fits(settings):
        settings = _settings(source, spec)
    steps = tuple(source.boolean(0.7) for _ in range(source.integer(1, 3)))
    if spec.kind in ("optimizer", "scheduler"):
        steps = (True,) * source.integer(1, 12 if spec.kind == "scheduler" else 5)
    return Choices(
        settings,
        {letter: source.integer(*spec.ranges.get(letter, (_LEAST, _MOST))) for letter in _letters(spec)},
        source.boolean(0.8),
        source.boolean(),
        steps,
        source.choice(("float64", "float64", "float32")),
        source.integer(0, 10**6),
        _group(source, spec),
    )


def _settings(source: Source, spec: ModuleSpec) -> dict[str, Any]:
    return {s.name: source.choice(s.values) for s in spec.settings if s.needed or source.boolean(_GIVEN)}


def _group(source: Source, spec: ModuleSpec) -> dict[str, Any] | None:
    if not spec.grouped or source.boolean():
        return None
    own = [s for s in spec.settings if s.name in spec.grouped]
    return {s.name: source.choice(s.values) for s in own if source.boolean()}


def _letters(spec: ModuleSpec) -> list[str]:
    words = {word.rstrip("?") for feed in spec.feeds for word in (*feed.shape, feed.top)}
    if "batch" in words:
        words.add("N")
    return sorted(word for word in words if len(word) == 1 and word.isupper())


def configuration(spec: ModuleSpec, choices: Choices) -> Configuration:
    """What the choices come to: shapes from letters and settings."""
    return Configuration(
        spec.kind, spec.name, choices.settings, tuple(_feeds(spec, choices)), choices.steps, choices.dtype,
        choices.seed, choices.group, frozenset(spec.single), frozenset(spec.rough),
    )  # fmt: skip


def _feeds(spec: ModuleSpec, choices: Choices) -> Iterator[Feed]:
    skipped = False
    for words in spec.feeds:
        if words.optional and not choices.given:
            skipped = True
            continue
        # What comes after an input that was left out has to be given by its name.
        assert not skipped or words.name, spec.name
        shape = tuple(size for word in words.shape for size in _sizes(word, spec, choices))
        top = sum(_sizes(words.top, spec, choices)) if words.top else 0
        yield Feed(shape, words.drawn, top, words.name, words.pair)


def _sizes(word: str, spec: ModuleSpec, choices: Choices) -> tuple[int, ...]:
    if word.endswith("?"):
        return _sizes(word[:-1], spec, choices) if choices.batched else ()
    if word in ("batch", "time"):
        return _in_order(word, choices)
    found: Any = choices.sizes.get(word)
    if found is None and word in spec.sizes:
        found = spec.sizes[word](choices.settings)
    if found is None:
        found = choices.settings[word] if word in choices.settings else int(word)
    return tuple(found) if isinstance(found, (tuple, list)) else (found,)


def _in_order(word: str, choices: Choices) -> tuple[int, ...]:
    """The batch and the time of a recurrent layer, in the order that its settings ask for."""
    if not choices.batched:
        return (_TIME,) if word == "time" else ()
    first = "batch" if choices.settings.get("batch_first") else "time"
    return (choices.sizes["N"] if (word == "batch") == (first == "batch") else _TIME,)


#: Moments that a recurrent layer is fed.
_TIME = 3


def smaller(spec: ModuleSpec, choices: Choices, shows: Callable[[Choices], bool]) -> Choices:
    """The smallest choices near these that still show it: settings left out or plain, fewer steps, smaller sizes."""
    going = True
    while going:
        going = False
        for candidate in _candidates(spec, choices):
            if spec.fits(candidate.settings) and shows(candidate):
                choices, going = candidate, True
                break
    return choices


def _candidates(spec: ModuleSpec, choices: Choices) -> Iterator[Choices]:
    if choices.group is not None:
        yield replace(choices, group=None)
        for name in choices.group:
            yield replace(choices, group=_without(choices.group, name))
    by_name: dict[str, Setting] = {setting.name: setting for setting in spec.settings}
    for name, value in choices.settings.items():
        setting = by_name[name]
        if not setting.needed:
            yield replace(choices, settings=_without(choices.settings, name))
        elif value is not setting.values[0]:
            yield replace(choices, settings={**choices.settings, name: setting.values[0]})
    for place in range(len(choices.steps) - 1, -1, -1):
        if len(choices.steps) > 1:
            yield replace(choices, steps=choices.steps[:place] + choices.steps[place + 1 :])
    if choices.dtype != "float64":
        yield replace(choices, dtype="float64")
    if choices.given and any(words.optional for words in spec.feeds):
        yield replace(choices, given=False)
    for letter, size in choices.sizes.items():
        least = spec.ranges.get(letter, (_LEAST, _MOST))[0]
        if size > least:
            yield replace(choices, sizes={**choices.sizes, letter: least})


def _without(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in settings.items() if other != name}
