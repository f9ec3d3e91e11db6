"""Random histories of a fixed seed: autodiff lives them as torch does, to the last thing that can be seen."""

from __future__ import annotations

import pytest

from parity.acts import available
from parity.compare import compare
from parity.engines import reference, resolve
from parity.judging import explain
from parity.planning import seed_of
from parity.report.text import failure_text
from parity.strategies.scribe import draw_history
from parity.strategies.source import Seeded

PARTS, SHARE = 6, 50


@pytest.mark.parametrize("part", range(PARTS))
def test_histories_agree(part: int) -> None:
    subject = resolve("autodiff")
    acts, modes = available(subject.module)
    undecided = 0
    with reference.settings() as torch:
        for number in range(part * SHARE, (part + 1) * SHARE):
            program = draw_history(Seeded(seed_of(0, f"history {number}")), torch, acts=acts, modes=modes)
            verdict = compare(program, torch, subject)
            assert verdict.status != "differs", failure_text(explain(program, verdict, torch, subject))
            assert verdict.status != "unsupported", verdict.missing
            undecided += verdict.status == "undecided"
    assert undecided <= SHARE // 10
