"""OpSpec: what torch promises about one operator. Pure data; knows no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Tag = Literal[
    "exact",  # dyadic inputs give results that are exact in every engine: compared bit for bit
    "rounded",  # value and derivatives are one correctly rounded operation each: bit for bit on any input
    "ties",  # ties and kinks: drawn in the exact regime only
    "random",  # the value is drawn: only its distribution is promised
    "stream",  # the value is drawn from a seeded stream: its bits are promised by engines that follow torch's
    "data_shape",  # the result's shape depends on the data
    "signed_zero",  # the sign of a zero in the value is promised
    "discrete",  # the value jumps (argmax, floor, comparisons): no gradient through it
    "view",  # the result shares memory with its first argument
    "may_view",  # it shares memory where strides allow
    "once",  # torch's gradient has a node without a derivative, so that it always requires grad: not for histories
    "lazy",  # torch may give a lazy conjugate, whose memory tells of it: not for histories
    "unguarded",  # it shares memory without torch knowing: what is saved must not be written there
]


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of an operator: its name, the kind of thing it takes, and limits for the generator.

    `kind` is one of the kinds that the strategies can draw ("tensor", "dim", "dims", "number", "index", ...);
    `limits` are that kind's own (domain `above=0`, `below=20`, `nonzero=True`, dtypes, ndim ...).
    """

    name: str
    kind: str
    optional: bool = False
    keyword: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpSpec:
    """A row of the catalogue."""

    name: str
    family: str
    arguments: tuple[Argument, ...]
    tags: frozenset[Tag] = frozenset()
    #: Dtype kinds of the tensor arguments that torch accepts:
    #: b(ool) u(int8) i(nt8 to int64) h(alf: float16) f(loat32 and 64) c(omplex).
    dtypes: str = "f"
    #: Values at which implementations differ, besides those of every operator (0, -0, ±1, ±inf, nan ...).
    critical: tuple[float, ...] = ()
    #: Ranges of the first tensor in which careless formulas cancel or overflow, e.g. ((-1e-8, 1e-8),).
    stress: tuple[tuple[float, float], ...] = ()
    #: Orders of derivative that torch has: 0, 1 or 2.
    orders: int = 2
    #: How it may be written besides a function: method, operator, inplace, augmented, out.
    spellings: frozenset[str] = frozenset({"function"})
    #: Results whose vectors are defined up to a factor of size 1, and the axis along which each vector lies.
    gauge: Mapping[int, int] = field(default_factory=dict)
    #: A surprising convention of torch, with its source.
    note: str = ""
