"""The arbiter: what a program is worth as mathematics, certified; the door that loads python-flint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from parity.engines.protocol import Array, Run
from parity.program import Program
from parity.truth.table import Infinite, NoTruth

if TYPE_CHECKING:
    from parity.truth.evaluation import Truth
    from parity.truth.points import Points

__all__ = ["Infinite", "NoTruth", "at_points", "evaluate", "operators"]


def evaluate(program: Program, run: Run) -> Truth:
    """Certified values and gradients of the program, computed as they are asked for.

    `run` is the reference's and says of which dtypes and shapes the values are. Raises NoTruth where nothing
    can be certified: an operator without a line, special values, a gradient that is a convention.
    """
    from parity.truth.evaluation import Truth

    return Truth(program, run)


def at_points(op: str, x: Array, before: tuple[Any, ...] = (), named: Mapping[str, Any] = {}) -> Points:
    """One operator at many points of its one tensor argument, element by element."""
    from parity.truth.points import Points

    return Points(op, x, before, named)


def operators() -> frozenset[str]:
    """Torch's names of the operators that the truth can evaluate."""
    from parity.truth import forward, table

    assert forward.FAMILIES  # importing them filled the table
    return frozenset(table.LINES)
