"""Proves that a bound between two formulas may be on either side: at the one number where it matters both have one bit
pattern. Knows tables of (condition, formula), the first condition that holds deciding, and no formula."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

import numpy as np

Piece = tuple[Callable[[Any], Any], Callable[[Any], Any]]
PROOF = "at the bound, the only number where they differ, both formulas have the same bits"
#: A comparison of the argument, or of its size, with a number; `<` and `<=` differ at that number only.
_SIDE = re.compile(
    r"(?P<of>x|np\.abs\(x\)|abs\(x\)) (?P<way>[<>])=? (?P<end>-?[\d.e+-]+) -> (?P=of) (?P=way)=? (?P=end)"
)


def proof(function: FunctionType, old: CodeType, new: CodeType, change: str) -> str:
    """Why exchanging a condition's code for another changes nothing; empty if that is not so, or not known."""
    moved = _SIDE.fullmatch(change)
    tables = list(_tables(function)) if moved else []
    if moved is None or not tables:
        return ""
    ends = {float(moved["end"]), -float(moved["end"])}
    before, after = (_with(function, code) for code in (old, new))
    same = all(
        _answer(table, function, before, x) == _answer(table, function, after, x) for table in tables for x in ends
    )
    return PROOF if same else ""


def _tables(function: FunctionType) -> Iterator[Sequence[Piece]]:
    """The tables in which the function is a condition."""
    for pair in gc.get_referrers(function):
        if isinstance(pair, tuple) and len(pair) == 2 and pair[0] is function and callable(pair[1]):
            for table in gc.get_referrers(pair):
                if isinstance(table, tuple) and all(isinstance(each, tuple) and len(each) == 2 for each in table):
                    yield table


def _with(function: FunctionType, code: CodeType) -> FunctionType:
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def _answer(table: Sequence[Piece], function: FunctionType, instead: FunctionType, x: float) -> bytes:
    """What the first piece gives whose condition holds, of a row of one number and of the number alone."""
    row = np.array([x])
    with np.errstate(all="ignore"):
        for condition, formula in table:
            if np.all((instead if condition is function else condition)(row)):
                one = formula.one(x) if hasattr(formula, "one") else 0.0
                return np.asarray(formula(row)).tobytes() + np.float64(one).tobytes()
    return row.tobytes()
