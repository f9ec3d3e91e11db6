"""An alarm of a history over small numbers stands if it does at neighbouring inputs; every other alarm stands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from parity.compare.confirming import confirmed_life
from parity.compare.verdict import Mismatch, Verdict
from parity.program import Input, Program, Ref, Step

HISTORY = Program(
    (Input(np.array([0.0, 1.0]), requires_grad=True),), (Step("sin", (Ref(0),)),), (), (), (), "smooth", True
)


def alarm(check: str, reference: object, subject: object) -> Verdict:
    mismatch = Mismatch(check, 0, None, (), reference, subject, 0.0, None, "subject", "")  # type: ignore[arg-type]
    return Verdict("differs", "structure", float("inf"), (mismatch,))


def always(neighbour: Program) -> bool:
    return True


def never(neighbour: Program) -> bool:
    return False


@pytest.mark.parametrize(
    ("check", "reference", "subject", "differs", "status"),
    [
        ("gradient", 0.0, 1e-7, never, "undecided"),
        ("hook", [-6e-16], [0.0], never, "undecided"),
        ("gradient", 0.0, 1e-7, always, "differs"),
        ("gradient", 2.0, 1.0, never, "differs"),
        ("gradient", 0.0, float("nan"), never, "differs"),
        ("hook", "None", [0.0], never, "differs"),
        ("hook", [1.0, 2.0], [1.0], never, "differs"),
        ("version", 0, 0, never, "differs"),
        ("error", "torch raises nothing", "RuntimeError", never, "differs"),
    ],
)
def test_small_numbers_alone_are_asked_at_neighbours(
    check: str, reference: object, subject: object, differs: Callable[[Program], bool], status: str
) -> None:
    assert confirmed_life(alarm(check, reference, subject), HISTORY, differs).status == status
