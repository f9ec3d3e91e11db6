"""An engine whose operators are a table of its own words: what it has is what the table has; knows no maths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.engines.dialect import PLAIN, Dialect
from parity.engines.protocol import Unsupported
from parity.program import Program, Step


class Tabled:
    """The part of Values that follows from the table, and what is not compared of such an engine.

    A subclass adds `tensor`, `array`, `grad` and `requires_grad`.
    """

    #: Its arrays are copies as far as anybody knows; who asks for gradients says itself what requires grad; and None or
    #: zeros for what no output depends on is a convention.
    shares_memory = False
    flags = False
    nones = False
    order = 2
    #: Each by itself: what becomes of mixtures is a convention, too.
    dtypes: tuple[str, ...] = ("float64", "float32")
    #: The kinds of one-step programs that are drawn.
    kinds: tuple[str, ...] = ("tame", "critical", "stress", "shapes", "exact")

    def __init__(self, name: str, version: str, dialect: Dialect) -> None:
        self.name, self.version, self.dialect = name, version, dialect

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name} {self.version})"

    def dtype(self, name: str) -> Any:
        if name not in (*self.dtypes, "bool", "int64"):
            raise AttributeError(f"{self.name} is compared in {' and '.join(self.dtypes)} only, not in {name}")
        return np.dtype(name)

    def supports(self, op: str, spelling: str = "function") -> bool:
        return op in self.dialect.ops and spelling in PLAIN

    def takes(self, step: Step) -> bool:
        """Whether a step is called in a way that the engine has."""
        return self.dialect.takes(step)

    def lacking(self, program: Program) -> tuple[str, ...]:
        """What the program needs and the engine has not, by torch's names."""
        return lacking(self, program)

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        return self.perform(op, args, kwargs, spelling)

    def perform(self, op: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], spelling: str) -> Any:
        """One step on the engine's own values; `Unsupported` where the table has no answer to these arguments."""
        if not self.supports(op, spelling):
            raise Unsupported(op)
        result = self.dialect.row(op).call(*args, **kwargs)
        if result is NotImplemented:
            raise Unsupported(op)
        return result


def lacking(engine: Any, program: Program) -> tuple[str, ...]:
    """What a program needs and an engine that `takes` steps has not, by torch's names."""
    found = [step.op for step in program.steps if not engine.takes(step) or step.modes]
    found += [leaf.array.dtype.name for leaf in program.inputs if not _has(engine, leaf.array.dtype.name)]
    if program.history:
        found.append("histories")
    if program.order > engine.order:
        found.append("a second derivative" if program.order == 2 else "a first derivative")
    return tuple(dict.fromkeys(found))


def _has(engine: Any, dtype: str) -> bool:
    try:
        engine.dtype(dtype)
    except AttributeError:
        return False
    return True
