"""Whole programs, as people write them for torch, unmodified: event by event the same under both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.scripts.lockstep import compare

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_agrees_to_its_end(program):
    told = compare("autodiff", str(program))
    assert told.departed is None
    assert told.ended == ""
    assert told.counts["step"] >= 4
    assert told.counts["print"] >= 5
    assert told.counts["op"] > 20
