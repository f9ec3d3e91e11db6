"""Writing into memory of which several elements are one: torch refuses it, but for what it only warns of."""

from __future__ import annotations

import warnings

import pytest
import torch

import autodiff as ad

ROWS, MASK, ONES = "lib.tensor([0, 1])", "lib.tensor([True, False])", "lib.ones(2, 3)"
SIX = "lib.tensor([[1.0, 2, 3], [4, 5, 6]])"


def both(statement: str) -> list[object]:
    found: list[object] = []
    for lib in (ad, torch):
        base = lib.zeros(1, 3)
        given = {"lib": lib, "base": base, "a": base.expand(2, 3), "v": lib.ones(3, requires_grad=True)}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                exec(statement, given)
            except (RuntimeError, IndexError) as error:
                found.append((type(error).__name__, str(error)))
                continue
        told = [str(w.message).partition(" (Triggered")[0] for w in caught]
        out = given.get("y", given["a"])
        grad = None
        if out.requires_grad:
            (out * lib.tensor([[1.0, 2, 3], [4, 5, 6]])).sum().backward()
            grad = given["v"].grad.tolist()
        found.append((out.tolist(), base.tolist(), told, grad))
    return found


@pytest.mark.parametrize(
    "statement",
    [
        f"a.index_put_(({ROWS},), lib.tensor(1.0))",
        f"a.index_put_(({ROWS},), {SIX})",
        f"a.index_put_(({ROWS},), {SIX}, accumulate=True)",
        f"a.index_put_(({MASK},), lib.tensor([[1.0, 2, 3]]))",
        f"a.masked_fill_({MASK}[:, None], 1.0)",
        f"a.masked_fill_({MASK}[:, None], v[0])",
        f"a.index_fill_(0, {ROWS}, 2.0)",
        f"a[{ROWS}] = 1.0",
        f"a[{ROWS}] = {SIX}",
        f"a[{ROWS}] = v",
        f"a[{MASK}] = 1.0",
        f"a[{MASK}] = v",
        f"a[{ROWS}, 0] = 1.0",
        "a[:, lib.tensor([0, 1])] = 1.0",
        "a[0, lib.tensor([0, 1])] = 1.0",
        "a[lib.tensor([], dtype=lib.int64)] = 1.0",
        f"base[{ROWS[:-4]}0])] = v",
    ],
)
def test_what_torch_writes_piece_by_piece(statement: str) -> None:
    ours, theirs = both(statement)
    assert ours == theirs
    assert isinstance(ours[0], list)  # type: ignore[index]


@pytest.mark.parametrize(
    "statement",
    [
        "a.add_(1.0)", f"a.copy_({ONES})", f"a.index_add_(0, {ROWS}, {ONES})", f"a.index_copy_(0, {ROWS}, {ONES})",
        f"a.scatter_(0, lib.zeros(2, 3, dtype=lib.int64), {ONES})", "a[:] = lib.ones(3, 2).T", "a.exp_()",
    ],
)  # fmt: skip
def test_what_torch_refuses(statement: str) -> None:
    ours, theirs = both(statement)
    assert ours == theirs
    assert ours[0] == "RuntimeError"  # type: ignore[index]
