"""Tells by experiments what the look of a short history cannot tell; knows no engine.

As with programs (`parity.compare.mechanism`) an experiment asks: do the engines agree once the history does without?
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parity.compare.pipeline import compare
from parity.compare.verdict import Mismatch
from parity.program import Program, Ref, Step

_SAVING = "saved_tensors_hooks"


def refined(mismatch: Mismatch, program: Program, reference: Any, subject: Any) -> Mismatch:
    """The mismatch of a history, by another name where an experiment says so."""
    candidate, name = _experiment(mismatch, program)
    if candidate is None or compare(candidate, reference, subject).status != "agrees":
        return mismatch
    return replace(mismatch, mechanism=name)


def _experiment(mismatch: Mismatch, program: Program) -> tuple[Program | None, str]:
    steps, number = program.steps, mismatch.step
    if mismatch.mechanism in ("writing", "views", "gradient", "accumulation"):
        # Whatever is saved is copied.
        if mismatch.check in ("gradient", "value") and not any(_SAVING in step.modes for step in steps):
            copying = tuple(replace(step, modes=(*step.modes, _SAVING)) for step in steps)
            return program.with_(steps=copying), "saved values"
    if mismatch.mechanism == "counting writes" and number is not None and steps[number].op == "setitem":
        # All is written, and not a part of it through a view.
        target = steps[number].args[0]
        if isinstance(target, Ref):
            whole = Step("zero_", (target,), {}, modes=steps[number].modes)
            return program.with_(steps=(*steps[:number], whole, *steps[number + 1 :])), "views"
    return None, ""
