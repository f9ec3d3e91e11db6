"""What torch writes of sizes that a compiler may not know yet: here each is known, and an ordinary number."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any


def sym_not(a: Any) -> bool:
    """`not a`."""
    return not a


def sym_float(a: Any) -> float:
    """`float(a)`."""
    return float(a)


def sym_int(a: Any) -> int:
    """`int(a)`: cut off towards 0."""
    return int(a)


def sym_max(a: Any, b: Any) -> Any:
    """The larger one, a float where either is."""
    return _alike(builtins.max(a, b), a, b)


def sym_min(a: Any, b: Any) -> Any:
    """The smaller one, a float where either is."""
    return _alike(builtins.min(a, b), a, b)


def _alike(found: Any, *given: Any) -> Any:
    return float(found) if any(isinstance(x, float) for x in given) else found


def sym_sum(args: Sequence[Any]) -> Any:
    """The sum of a list."""
    return builtins.sum(args)


def sym_sqrt(a: Any) -> float:
    """The square root. Raises ValueError below 0."""
    return math.sqrt(a)


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """`t if b else f`. Raises AssertionError for a condition that is no bool, or choices of two types."""
    if not isinstance(b, bool):
        raise AssertionError(f"expected SymBool or bool, got {type(b)}")
    if type(t) is not type(f):
        raise AssertionError(f"expected two of one type, got {type(t)} and {type(f)}")
    return t if b else f


SIZES = {f.__name__: f for f in (sym_float, sym_int, sym_ite, sym_max, sym_min, sym_not, sym_sqrt, sym_sum)}
