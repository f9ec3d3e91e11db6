"""A configuration: a class of torch.nn or torch.optim, its settings, and what it is to live through.

Plain data, the same whichever engine builds it; knows no engine and no class.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["layer", "loss", "optimizer", "scheduler", "distribution"]
#: What is drawn for an input: "real" numbers that require grad; "constant", real numbers that do not; "positive",
#: "beyond" (above 1), "factor" (lower triangles with positive diagonals), "share" (between 0 and 1), "logs"
#: (log-probabilities along the last dimension), "signs" (1 and -1), "binary" (0 and 1), "classes" and "labels" (whole
#: numbers, padded with -1), "mask" (booleans; none of them hides everything), "causal" (a mask of what comes later),
#: "lengths" (whole numbers from 1 to `top`).
Drawn = Literal[
    "real", "constant", "positive", "beyond", "factor", "share", "logs", "signs", "binary", "classes", "labels", "mask",
    "causal", "lengths",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A module or scheduler that is an argument of another."""

    name: str
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name}({told(self.settings)})"


@dataclass(frozen=True, slots=True)
class Formula:
    """A function that is an argument: itself, and how it is written."""

    text: str
    function: Callable[..., Any]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Numbers:
    """A tensor that is an argument: positive numbers of a shape."""

    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"<{'x'.join(map(str, self.shape))} positive numbers>"


@dataclass(frozen=True, slots=True)
class Feed:
    """One input of a module: what is drawn for it. `name`, if it is given by name; `pair`: in a tuple with the next."""

    shape: tuple[int, ...]
    drawn: Drawn = "real"
    #: Where whole numbers end.
    top: int = 0
    name: str = ""
    pair: bool = False

    def __str__(self) -> str:
        below = f" below {self.top}" if self.drawn == "classes" else f" up to {self.top}" * (self.drawn == "lengths")
        size = "x".join(map(str, self.shape)) if self.shape else "one"
        return f"{self.name and self.name + '='}{size} {self.drawn}{below}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One class, built with these settings and led through so many steps."""

    kind: Kind
    name: str
    settings: Mapping[str, Any]
    feeds: tuple[Feed, ...] = ()
    #: Of a module: whether each step is one of training. Of anything else: only their number counts.
    steps: tuple[bool, ...] = (True,)
    dtype: str = "float64"
    seed: int = 0
    #: Of an optimizer: what its second group of parameters has for itself.
    group: Mapping[str, Any] | None = None
    #: Checks that are judged by float32's roundings.
    single: frozenset[str] = frozenset()
    #: Of a distribution: what the gradients of are not held against torch's.
    rough: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.name}({told(self.settings)})"


def told(settings: Mapping[str, Any]) -> str:
    """Settings as they are written in a call."""
    return ", ".join(f"{name}={_written(value)}" for name, value in settings.items())


def _written(value: Any) -> str:
    if isinstance(value, (Part, Formula, Numbers)):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_written(item)}' for key, item in value.items())}}}"
    return repr(value)


def chance(seed: int, *what: object) -> np.random.Generator:
    """Where the numbers called `what` come from."""
    return np.random.default_rng([seed, zlib.crc32(repr(what).encode())])


def values(feed: Feed, dtype: str, random: np.random.Generator) -> np.ndarray[Any, Any]:
    """An array for the input; whole numbers are int64."""
    shape = feed.shape
    match feed.drawn:
        case "classes":
            return random.integers(0, feed.top, shape)
        case "lengths":
            return random.integers(1, feed.top + 1, shape)
        case "labels":
            some = np.stack([random.permutation(feed.top) for _ in range(int(np.prod(shape[:-1])))]).reshape(shape)
            some[..., 1 + feed.top // 2 :] = -1
            return some
        case "mask":
            hidden = random.random(shape) < 0.3
            hidden[..., 0] = False
            return hidden
        case "causal":
            return np.triu(np.ones(shape, bool), 1)
    drawn = random.normal(size=shape)
    match feed.drawn:
        case "positive":
            drawn = np.exp(drawn / 2)
        case "beyond":
            drawn = 1 + np.exp(drawn / 2)
        case "factor":
            drawn = np.tril(drawn / 2, -1) + np.eye(shape[-1]) * np.exp(drawn / 4)
        case "share":
            drawn = random.uniform(0.05, 0.95, shape)
        case "logs":
            drawn = drawn - np.log(np.exp(drawn).sum(-1, keepdims=True))
        case "signs":
            drawn = np.where(drawn > 0, 1.0, -1.0)
        case "binary":
            drawn = np.where(drawn > 0, 1.0, 0.0)
    return drawn.astype(dtype)
