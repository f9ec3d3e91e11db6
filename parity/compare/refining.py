"""Tells by experiment what a short history does not show: a value that was saved, or where a write belongs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parity.compare.pipeline import compare
from parity.compare.verdict import Mismatch
from parity.program import Program

_SAVING = "saved_tensors_hooks"


def refined(mismatch: Mismatch, program: Program, reference: Any, subject: Any) -> Mismatch:
    """The mismatch of a history, named "saved values" if the engines agree once whatever is saved is copied."""
    if mismatch.mechanism not in ("writing", "views", "gradient", "accumulation"):
        return mismatch
    if mismatch.check not in ("gradient", "value") or any(_SAVING in step.modes for step in program.steps):
        return mismatch
    copying = program.with_(steps=tuple(replace(step, modes=(*step.modes, _SAVING)) for step in program.steps))
    agrees = compare(copying, reference, subject).status == "agrees"
    return replace(mismatch, mechanism="saved values") if agrees else mismatch
