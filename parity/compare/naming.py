"""Names what went wrong in a history: which mechanism of the tape, by how the difference shows; knows no engine."""

from __future__ import annotations

from parity.acts import ACTS
from parity.compare.verdict import Mismatch
from parity.engines.interpreter import writes
from parity.program import Program, Step

#: What each name means, for the report.
NAMES: dict[str, str] = {
    "versions": "something saved was written before the backward pass, and only one engine noticed",
    "freed graph": "a graph was gone through a second time, and only one engine refused",
    "leaf writing": "a leaf that requires grad was written, and only one engine refused",
    "counting writes": "a write does not count, so nobody can notice that something saved was changed",
    "views": "a view and its base are not one memory, or not one history",
    "shared gradient": "a gradient is the very memory of something else: a write to one changes both",
    "counted twice": "a part of the gradient is added twice",
    "accumulation": "gradients are not added up as they should over backward passes",
    "gradient": "a backward pass gives another gradient",
    "hook order": "hooks run in another order",
    "hooks": "a hook is not called, called once too often, or given something else",
    "grad mode": "whether gradients are recorded is not what it was before",
    "recording": "a result is recorded that should not be, or not recorded that should",
    "retained gradient": "the gradient of what is no leaf is kept, or not kept",
    "writing": "a write leaves other values behind",
    "release": "the tape outlives its last reference",
    "repeatability": "the same history gives another result when it is lived again",
    "warnings": "one engine warns and the other does not",
    "refusal": "one engine refuses what the other does",
}
_SENSED = {"written": "versions", "freed": "freed graph", "leaf": "leaf writing", "view": "views"}
_BY_CHECK = {
    "version": "counting writes",
    "hook": "hooks",
    "mode": "grad mode",
    "memory": "release",
    "repeat": "repeatability",
    "warning": "warnings",
    "leaf": "recording",
    "requires_grad": "recording",
    "node": "recording",
    "layout": "views",
}
_BACKWARD = frozenset(["backward", "autograd.grad"])


def named(mismatch: Mismatch, program: Program, sense: str = "") -> str:
    """The mechanism that a difference of a history is about; `sense` is what an error is about."""
    step = program.steps[mismatch.step] if mismatch.step is not None else None
    check = mismatch.check
    if check == "error":
        return _SENSED.get(sense, "refusal")
    if check == "hook" and "order" in mismatch.reason:
        return "hook order"
    if check == "alias":
        return "shared gradient" if mismatch.reason.startswith(".grad") or _gives(step) else "views"
    if check == "none" and step is not None and not _is_leaf(mismatch.where, program):
        return "retained gradient"
    if check in ("gradient", "none"):
        return _of_gradient(mismatch, program)
    if check in ("value", "shape", "dtype") and step is not None:
        if step.op in _BACKWARD:
            return _of_gradient(mismatch, program)
        if _writes(step):
            return "writing" if mismatch.where == len(program.inputs) + (mismatch.step or 0) else "views"
    return _BY_CHECK.get(check, "")


def _of_gradient(mismatch: Mismatch, program: Program) -> str:
    if "twice" in mismatch.reason:
        return "counted twice"
    passes = [number for number, step in enumerate(program.steps) if step.op in _BACKWARD]
    again = mismatch.step is not None and any(number < mismatch.step for number in passes)
    if again:
        return "accumulation"
    # Views that were written through are what a first pass most likely stumbles on.
    written = any(_writes(step) for step in program.steps)
    return "views" if written else "gradient"


def _gives(step: Step | None) -> bool:
    return step is not None and step.op in ("grad", *_BACKWARD)


def _is_leaf(value: int, program: Program) -> bool:
    return value < len(program.inputs)


def _writes(step: Step) -> bool:
    return writes(step) or (step.op in ACTS and step.op in ("zero_", "fill_", "copy_", "set_data"))
