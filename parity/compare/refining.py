"""Tells by experiments what the look of a short history cannot tell; knows no engine.

As with programs (`parity.compare.mechanism`) an experiment asks: do the engines agree once the history does without?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from parity.compare.naming import gives_view, writes_into
from parity.compare.pipeline import compare
from parity.compare.verdict import Mismatch
from parity.program import Program, Ref, Step, substitute

_SAVING = "saved_tensors_hooks"


def refined(mismatch: Mismatch, program: Program, reference: Any, subject: Any) -> Mismatch:
    """The mismatch of a history, by another name where an experiment says so."""
    for candidate, if_agreeing, otherwise in _experiments(mismatch, program):
        agrees = compare(candidate, reference, subject).status == "agrees"
        if name := if_agreeing if agrees else otherwise:
            return replace(mismatch, mechanism=name)
    return mismatch


def _experiments(mismatch: Mismatch, program: Program) -> Iterator[tuple[Program, str, str]]:
    """A history without something, and what the mechanism is called if the engines agree on it, and if they do not."""
    steps, number, name = program.steps, mismatch.step, mismatch.mechanism
    if number is None:
        return
    step = steps[number]
    if name in ("writing", "views", "gradient", "accumulation") and mismatch.check in ("gradient", "value"):
        # Whatever is saved is copied.
        if not any(_SAVING in one.modes for one in steps):
            copying = tuple(replace(one, modes=(*one.modes, _SAVING)) for one in steps)
            yield program.with_(steps=copying), "saved values", ""
    if name == "views" and mismatch.check in ("gradient", "none") and any(map(writes_into, steps)):
        yield without_views(program), "", "writing"
    targets = list(step.refs())[:1] if writes_into(step) else []
    for target in targets:
        if name == "counting writes" and step.op == "setitem":
            # All is written, and not a part of it through a view.
            yield _with(program, number, Step("zero_", (target,), {}, modes=step.modes)), "views", ""
        if name == "leaf writing" and (base := _base(program, target)) != target:
            yield _with(program, number, Step("zero_", (base,), {}, modes=step.modes)), "views", ""
        if name == "recording":
            yield without_views(program), "views", ""
    if name == "recording" and not targets and gives_view(step) and step.modes:
        # What the region records is no view.
        for ref in list(step.refs())[:1]:
            yield _with(program, number, Step("neg", (ref,), modes=step.modes)), "views", ""


def without_views(program: Program) -> Program:
    """The history in which every view is copied, and the copy used in its stead."""
    count = len(program.inputs)
    numbers, copies = list(range(count)), dict[tuple[int, int | None], int]()
    made: list[Step] = []

    def moved(part: Any) -> Any:
        if not isinstance(part, Ref):
            return part
        copy = copies.get((part.index, part.item))
        return Ref(numbers[part.index], part.item) if copy is None else Ref(copy)

    for number, step in enumerate(program.steps):
        made.append(
            replace(
                step,
                args=substitute(step.args, moved),
                kwargs={key: substitute(value, moved) for key, value in step.kwargs.items()},
            )
        )
        numbers.append(count + len(made) - 1)
        if gives_view(step) and not writes_into(step):
            later = (ref for other in program.steps[number + 1 :] for ref in other.refs())
            for item in dict.fromkeys(ref.item for ref in later if ref.index == count + number):
                made.append(Step("clone", (Ref(numbers[-1], item),), {}, modes=step.modes))
                copies[count + number, item] = count + len(made) - 1
    return program.with_(steps=tuple(made))


def _base(program: Program, ref: Ref) -> Ref:
    """What a view was made of, in the end."""
    while ref.index >= len(program.inputs):
        step = program.steps[ref.index - len(program.inputs)]
        refs = list(step.refs())
        if not gives_view(step) or not refs:
            break
        ref = refs[0]
    return ref


def _with(program: Program, number: int, step: Step) -> Program:
    """The history up to a step, which is another one."""
    return program.with_(steps=(*program.steps[:number], step))
