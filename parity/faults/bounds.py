"""Proves that a bound between two formulas may lie elsewhere: there both give one number, but for a rounding.

Knows tables of (condition, formula), the first condition that holds deciding, and functions of one number. Knows no
formula.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from parity.program import Array

Piece = tuple[Callable[[Any], Any], Callable[[Any], Any]]
PROOF = "wherever they choose differently, both formulas give the same number, but for one rounding"
_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
#: A comparison of the argument, or of its size, with a number: now the other way at that number, or with another.
_MOVED = re.compile(
    rf"(?P<of>(?P<name>[a-z]\w*)|np\.abs\(x\)|abs\(x\)) (?P<way>[<>])=? (?P<end>{_NUMBER}) -> "
    rf"(?P=of) (?P=way)=? (?P<other>{_NUMBER})"
)
#: The number in a condition that stands in a table.
_CONSTANT = re.compile(rf"(?P<end>{_NUMBER}) -> (?P<other>{_NUMBER})")
#: Points between two bounds.
_BETWEEN = 4001


def proof(function: FunctionType, old: CodeType, new: CodeType, change: str) -> str:
    """Why exchanging a function's code for another changes nothing; empty if that is not so, or not known.

    `change` says what of it is exchanged, as `Mutant` does; only moved bounds are known.
    """
    tables = list(_tables(function))
    moved = _MOVED.fullmatch(change) or (_CONSTANT.fullmatch(change) if tables else None)
    if moved is None or function.__code__.co_argcount != 1:
        return ""
    if not tables and moved["name"] not in (None, function.__code__.co_varnames[0]):
        return ""
    points = _between(float(moved["end"]), float(moved["other"]))
    before, after = (_with(function, code) for code in (old, new))
    if tables:
        ways: list[tuple[Callable[[Array], Any], Callable[[Array], Any]]] = [
            (_chosen(table, function, before), _chosen(table, function, after)) for table in tables
        ]
    else:
        ways = [(before, after)]
    try:
        with np.errstate(all="ignore"):
            same = all(_alike(one(x), other(x)) for one, other in ways for x in points)
    except Exception:  # whatever a function may have against such an argument
        return ""
    return PROOF if same else ""


def _between(end: float, other: float) -> list[Array]:
    """All points from one bound to the other, on either side of 0, in double precision; and the bounds alone."""
    ends = np.array([end, other, -end, -other])
    ends = np.concatenate([ends, *(np.nextafter(ends, side) for side in (-np.inf, np.inf))])
    within = np.linspace(end, other, _BETWEEN) if end != other else ends[:0]
    return [np.concatenate([ends, within, -within]), *(np.array([x]) for x in ends)]


def _tables(function: FunctionType) -> Iterator[Sequence[Piece]]:
    """The tables in which the function is a condition."""
    for pair in gc.get_referrers(function):
        if isinstance(pair, tuple) and len(pair) == 2 and pair[0] is function and callable(pair[1]):
            for table in gc.get_referrers(pair):
                if isinstance(table, tuple) and all(isinstance(each, tuple) and len(each) == 2 for each in table):
                    yield table


def _with(function: FunctionType, code: CodeType) -> FunctionType:
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def _chosen(table: Sequence[Piece], function: FunctionType, instead: FunctionType) -> Callable[[Array], Any]:
    """What the first pieces give whose conditions hold, of many numbers and of each number alone."""

    def answer(x: Array) -> Array:
        found, alone = x.copy(), x.copy()
        left = np.ones(x.shape, bool)
        for condition, formula in table:
            here = np.asarray((instead if condition is function else condition)(x)) & left
            if here.any():
                found[here] = alone[here] = formula(x[here])
                if hasattr(formula, "one"):
                    alone[here] = [formula.one(each) for each in x[here].tolist()]
            left &= ~here
        return np.stack([found, alone])

    return answer


def _alike(one: Any, other: Any) -> bool:
    """Whether two answers are the same number but for a rounding; numbers in two parts are added."""
    if isinstance(one, tuple):
        if not all(isinstance(part, np.ndarray) and part.dtype.kind == "f" for part in chain(one, other)):
            return False
        apart = sum((np.longdouble(1) * (a - b) for a, b in zip(one, other, strict=True)), np.zeros_like(one[0]))
        return bool((np.abs(apart) <= np.spacing(np.abs(one[0]))).all())
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype != other.dtype or one.shape != other.shape or one.dtype.kind != "f":
        return False
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return bool((same | (np.abs(one - other) <= np.spacing(np.abs(one)))).all())
