"""Names what went wrong in a history: which mechanism of the tape, by how the difference shows; knows no engine."""

from __future__ import annotations

from collections.abc import Sequence

from parity.acts.functions import WRITING
from parity.catalogue import CATALOGUE
from parity.compare.verdict import Mismatch
from parity.engines.interpreter import writes
from parity.engines.living import OWN, REFUSED
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
    "writing": "a write leaves other values behind, or what it wrote has another place in the graph",
    "saved values": "something saved was written, and the backward pass uses what was written",
    "inputs": "a backward pass reaches what it was not asked for, or not what it was",
    "unreached": "what no output depends on has a gradient, or one of another kind of nothing",
    "inference": "a tensor belongs to inference mode in one engine only",
    "release": "the tape outlives its last reference",
    "repeatability": "the same history gives another result when it is lived again",
    "node names": "what was recorded goes by another name than torch's",
    "saved sets": "a node keeps other operands or results for its backward pass than torch's",
    "warnings": "one engine warns and the other does not",
    "refusal": "one engine refuses what the other does",
}
_SENSED = {"flags": "recording", "written": "versions", "freed": "freed graph", "leaf": "leaf writing", "view": "views"}
_BY_CHECK = {
    "mode": "grad mode",
    "memory": "release",
    "repeat": "repeatability",
    "warning": "warnings",
    "leaf": "recording",
    "requires_grad": "recording",
    "node": "recording",
    "name": "node names",
    "saved": "saved sets",
    "layout": "views",
}
_BACKWARD = frozenset(["backward", "autograd.grad"])
#: What tells of a tensor's place in the graph.
_OF_PLACE = frozenset(["requires_grad", "leaf", "node"])
#: Hooks that change nothing.
_LOOKING = frozenset(["seen", "node_seen", "before_seen"])


_WRITING = frozenset(["zero_", "fill_", "copy_", "set_data"])
#: Acts that give a view, or another name of the same memory.
_ALIASES = frozenset(["detach", "data", "expand_as", "set_data", "grad"])


def named(mismatch: Mismatch, program: Program, sense: str = "", *, leaf: bool = True, aside: bool = False) -> str:
    """The mechanism that a difference of a history is about.

    `sense` is what an error is about; `leaf` whether the tensor that differs is one; `aside` whether what the step
    itself gave does not differ so.
    """
    step = program.steps[mismatch.step] if mismatch.step is not None else None
    check = mismatch.check
    if check == "error":
        return _SENSED.get(sense, "hooks" if _runs_hooks(step, program) else "refusal")
    if check == "hook":
        return _of_hook(mismatch, program)
    if check == "alias":
        return "shared gradient" if mismatch.reason.startswith(".grad") or _gives(step) else "views"
    if check == "version":
        return _of_version(mismatch, program, aside)
    if check == "none" and step is not None and step.op == "autograd.grad":
        # What was asked for does not come; or it comes where nothing leads to it.
        lost = str(mismatch.subject).count("None") > str(mismatch.reference).count("None")
        return _of_write(program.steps[: mismatch.step]) or (
            "inputs" if lost and not step.kwargs.get("materialize_grads") else "unreached"
        )
    if check == "warning" and any(one.op == "retain_grad" for one in program.steps):
        return "retained gradient"
    if check in _OF_PLACE and step is not None and writes_into(step) and mismatch.where not in _own(mismatch, program):
        return "views"
    if check == "name" and step is not None and writes_into(step) and mismatch.where in _own(mismatch, program):
        return "writing"
    if check == "saved" and REFUSED in (mismatch.reference, mismatch.subject):
        return "versions"
    if check == "saved" and mismatch.reference == OWN:
        return "saved values"  # what is written over is kept, and not a copy of it
    if check in ("gradient", "none"):
        return _of_gradient(mismatch, program, leaf)
    if check in ("value", "shape", "dtype") and step is not None:
        if step.op in _BACKWARD:
            return _of_gradient(mismatch, program, leaf=True)
        if writes_into(step):
            return "writing" if mismatch.where in _own(mismatch, program) else "views"
    return _BY_CHECK.get(check, "")


def _of_version(mismatch: Mismatch, program: Program, aside: bool) -> str:
    before = program.steps[: mismatch.step]
    viewed = aside and any(step.op in CATALOGUE and gives_view(step) for step in before)
    if None in (mismatch.reference, mismatch.subject):
        # Neither tensors of inference mode count writes, nor views that may not be asked any more.
        written = mismatch.step is not None and writes_into(program.steps[mismatch.step])
        return "views" if (viewed and written) or gives_view(program.steps[mismatch.step or 0]) else "inference"
    if mismatch.step is not None and program.steps[mismatch.step].op in _BACKWARD:
        return "accumulation"  # which writes what was read as somebody's `.grad`
    return "views" if viewed else "counting writes"


def _of_hook(mismatch: Mismatch, program: Program) -> str:
    if "order" in mismatch.reason:
        return "hook order"
    if "another gradient" not in mismatch.reason:
        return "hooks"
    # A hook that only looks is told what goes wrong elsewhere.
    places = {step.args[1] for step in program.steps if step.op == "hook"}
    found = _of_gradient(mismatch, program, leaf=True)
    return "hooks" if places == {"accumulated"} and found == "gradient" else found


def _of_write(before: Sequence[Step]) -> str:
    """Views that were written through are what a first pass most likely stumbles on."""
    if not any(writes_into(step) for step in before):
        return ""
    return "views" if any(gives_view(step) for step in before) else "writing"


def _of_gradient(mismatch: Mismatch, program: Program, leaf: bool) -> str:
    """By what else stands in the history: of a short one all of it matters."""
    before = program.steps[: mismatch.step]
    step = program.steps[mismatch.step] if mismatch.step is not None else None
    if step is not None and step.op == "backward" and "inputs" in step.kwargs:
        return "inputs"
    if not leaf:
        return "retained gradient"
    if any(one.op == "hook" and one.args[2] not in _LOOKING for one in before):
        return "hooks"
    if any(one.op in _BACKWARD for one in before):
        return "accumulation"
    if "twice" in mismatch.reason:
        return "counted twice"
    return _of_write(before) or "gradient"


def _own(mismatch: Mismatch, program: Program) -> tuple[int, ...]:
    """The numbers of what the step gave, and of what it was given first: what a writing step writes."""
    number = mismatch.step or 0
    return len(program.inputs) + number, *(ref.index for ref in list(program.steps[number].refs())[:1])


def _gives(step: Step | None) -> bool:
    return step is not None and step.op in ("grad", *_BACKWARD)


def _runs_hooks(step: Step | None, program: Program) -> bool:
    return step is not None and step.op in _BACKWARD and any(one.op == "hook" for one in program.steps)


def gives_view(step: Step) -> bool:
    """Whether the step's result may be the memory of what it is given."""
    spec = CATALOGUE.get(step.op)
    return step.op in _ALIASES or (spec is not None and bool({"view", "may_view"} & spec.tags))


def writes_into(step: Step) -> bool:
    """Whether the step writes into what it is given."""
    return writes(step) or step.op in _WRITING or (step.op == "apply" and step.args[0] in WRITING)
