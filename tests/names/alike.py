"""One expression over torch, then over autodiff, x a leaf of two ones: what it gives, warns of, or raises."""

from __future__ import annotations

import warnings
from typing import Any

import torch

import autodiff as ad
from tests.ops.same_as_torch import answer, assert_alike


def calls(text: str) -> list[str]:
    """Expressions, several a line."""
    return [call.strip() for line in text.splitlines() for call in line.split(";") if call.strip()]


def answered(lib: Any, expression: str) -> tuple[Any, list[type[Warning]]]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = answer(lib, expression, [1.0, 1.0])[1]
    return found, [w.category for w in seen]


def assert_same(expression: str, words: int = 3, warns: bool = True) -> None:
    """Equal results and warnings, or errors of one type that begin with the same words.

    `warns`: whether warnings are compared; not where torch warns once in a process.
    """
    (theirs, warned), (ours, here) = answered(torch, expression), answered(ad, expression)
    assert_alike(theirs, ours)
    assert not warns or here == warned, expression
    if isinstance(theirs, Exception):
        assert str(ours).split()[:words] == str(theirs).split()[:words], f"{theirs} but here {ours}"
