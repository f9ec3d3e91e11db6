"""A program in which one step works on copies: for asking what that step's own memory has to do with a mismatch.

Knows no operator but `clone`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from parity.engines.interpreter import writes
from parity.engines.protocol import Run
from parity.program import Program, Ref, Step, substitute


def with_copied_input(program: Program, position: int, ref: Ref) -> Program:
    """The step reads a copy of this argument; everyone else goes on with the argument itself."""
    copy = Ref(len(program.inputs) + position)
    program = _with_clone(program, position, ref)
    step = _renamed(program.steps[position + 1], _instead(ref, copy))
    return program.with_(steps=(*program.steps[: position + 1], step, *program.steps[position + 2 :]))


def with_copied_result(program: Program, position: int) -> Program:
    """Later steps and the outputs get a copy of the step's result; of several results, one copy each."""
    number = len(program.inputs) + position
    later = [ref for step in program.steps[position + 1 :] for ref in step.refs()]
    results = dict.fromkeys(ref for ref in (*later, *program.outputs) if ref.index == number)
    for done, ref in enumerate(results):
        program = _with_clone(program, position + 1 + done, ref)
        moved = _instead(ref, Ref(number + 1 + done))
        start = position + 2 + done
        program = program.with_(
            steps=(*program.steps[:start], *(_renamed(step, moved) for step in program.steps[start:])),
            outputs=tuple(moved(output) for output in program.outputs),
        )
    return program


def isolations(program: Program, run: Run, position: int) -> Iterator[tuple[int | None, Program]]:
    """The program with the step's result copied (None), then with each of its tensor arguments copied.

    Nothing for a step whose result is a view, and not what a step writes into: a copy would cut the memory that the
    program is about.
    """
    step = program.steps[position]
    view = position < len(run.aliases) and run.aliases[position] is not None
    if view and not writes(step):
        return
    yield None, with_copied_result(program, position)
    target = step.kwargs.get("out", step.args[0]) if writes(step) else None
    for place, ref in enumerate(dict.fromkeys(step.refs())):
        if ref != target:
            yield place, with_copied_input(program, position, ref)


def _with_clone(program: Program, position: int, ref: Ref) -> Program:
    """One step more, before the one at `position`: a copy of a value."""
    first = len(program.inputs) + position

    def shifted(leaf: Any) -> Any:
        return Ref(leaf.index + 1, leaf.item) if isinstance(leaf, Ref) and leaf.index >= first else leaf

    clone = Step("clone", (ref,), {}, "method")
    rest = (_renamed(step, shifted) for step in program.steps[position:])
    return program.with_(
        steps=(*program.steps[:position], clone, *rest),
        outputs=tuple(shifted(output) for output in program.outputs),
    )


def _instead(ref: Ref, copy: Ref) -> Callable[[Any], Any]:
    return lambda leaf: copy if leaf == ref else leaf


def _renamed(step: Step, replaced: Callable[[Any], Any]) -> Step:
    kwargs = {key: substitute(value, replaced) for key, value in step.kwargs.items()}
    return replace(step, args=substitute(step.args, replaced), kwargs=kwargs)
