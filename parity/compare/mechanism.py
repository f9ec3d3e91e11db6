"""Which mechanism of the tape is to blame for a difference: told by experiments. Needs no engine's rules.

Each experiment asks: do the engines agree once the program does without the mechanism? Then it is that one, and the
operators are innocent. Knows no operator but `clone`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from parity.compare.isolation import isolations, with_copied_input, with_copied_result
from parity.compare.naming import gives_view
from parity.compare.pipeline import compare
from parity.compare.verdict import Mechanism, Mismatch
from parity.engines.interpreter import execute, writes
from parity.engines.protocol import Run
from parity.program import Array, Input, Program, Ref, Step, substitute

#: Steps at most of a program without shared values.
_LARGE = 32
_DERIVED = ("gradient", "second", "none", "error", "shape", "dtype")


def mechanism(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Mismatch:
    """The mismatch with the mechanism that an experiment names, if one does.

    What no experiment on the program itself explains (a second derivative has uses and broadcasts of its own) is
    tried on the plainest programs there are.
    """
    if mismatch.check not in _DERIVED or not program.steps:
        return mismatch
    found = _named(program, reference, subject, mismatch)
    if getattr(subject, "order", 2) < 2:
        return found  # its gradients have no uses of their own: what the program does not show is another mistake
    if found.mechanism or mismatch.check not in ("gradient", "second", "error", "none"):
        return found
    for probe in _PROBES:
        verdict = compare(probe, reference, subject, confirm=False)
        if verdict.status == "differs":
            name = _named(probe, reference, subject, verdict.mismatches[0]).mechanism
            if name:
                return replace(mismatch, mechanism=name)
    return mismatch


def _probe(x: Any, y: Any = None) -> Program:
    """x · y, or x · x; its gradient is exact."""
    leaves = tuple(Input(np.array(values), True) for values in (x, y) if values is not None)
    result = np.broadcast_shapes(*(leaf.array.shape for leaf in leaves))
    seed = np.arange(1.0, 1.0 + np.prod(result)).reshape(result)
    step = Step("mul", (Ref(0), Ref(len(leaves) - 1)))
    return Program(leaves, (step,), (Ref(len(leaves)),), (seed,), (), "exact")


_MATRIX = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
_SPARE = _probe(2.0, 3.0).with_(inputs=tuple(Input(np.array(x), True) for x in (2.0, 3.0, 5.0)), outputs=(Ref(3),))


def _written(x: Any, view: bool) -> Program:
    """A view of x · x is written and its base shown, or the base is written and the view shown."""
    square, beside, written = Ref(1), Ref(2), Ref(2) if view else Ref(1)
    steps = (
        Step("mul", (Ref(0), Ref(0))),
        Step("unsqueeze", (square, 0)),
        Step("mul", (written, 3.0), spelling="inplace"),
    )
    output = square if view else beside
    seed = np.arange(2.0, 2.0 + len(x)).reshape((len(x),) if view else (1, len(x)))
    return Program((Input(np.array(x), True),), steps, (output,), (seed,), (), "exact")


_VIEWS = (_written([2.0, 3.0], True), _written([2.0, 3.0], False))
_PROBES = (
    *_VIEWS,
    _SPARE,
    _probe(3.0),
    _probe([2.0, 3.0, 5.0], _MATRIX),
    _probe([[2.0], [3.0]], _MATRIX),
    _probe(2.0, _MATRIX),
)


def _named(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Mismatch:
    run = execute(program, reference)
    moment = None if run.error is None else run.error.moment
    if mismatch.check == "none" and mismatch.where not in _reaching(program, run):
        return replace(mismatch, mechanism="unreached", op="", input=None)
    for name, candidate in _experiments(program, run, mismatch):
        again = execute(candidate, reference)
        if again.error is not None and again.error.moment != moment:
            continue  # that both refuse it says nothing
        if compare(candidate, reference, subject, reference_run=again, confirm=False).status == "agrees":
            # A view may be inside of an operator, where the program shows none.
            doubtful = name == "versions" or (name == "writing" and _through_a_view(program))
            if doubtful and not _knows_views(reference, subject):
                name = "views"
            return replace(mismatch, mechanism=name)
    return mismatch


def _through_a_view(program: Program) -> bool:
    """Whether what is written is a view of something."""
    targets = (step.args[0] for step in program.steps if writes(step) and isinstance(step.args[0], Ref))
    places = (ref.index - len(program.inputs) for ref in targets)
    return any(place >= 0 and gives_view(program.steps[place]) for place in places)


def _knows_views(reference: Any, subject: Any) -> bool:
    return all(compare(probe, reference, subject, confirm=False).status == "agrees" for probe in _VIEWS)


def _experiments(program: Program, run: Run, mismatch: Mismatch) -> Iterator[tuple[Mechanism, Program]]:
    """A mechanism, and the program without it."""
    if mismatch.check == "error" and mismatch.where >= len(program.inputs):
        yield from _writing(program)
        return
    if mismatch.where >= len(program.inputs):
        return  # a value: steps alone are to blame for it
    if any(writes(step) for step in program.steps):
        yield from _views(program, run, every=mismatch.check == "none")
        if mismatch.check != "none":
            yield from _versions(program, run, mismatch)
    yield from _accumulation(program)
    yield from _broadcasting(program, run, mismatch)


def _writing(program: Program) -> Iterator[tuple[Mechanism, Program]]:
    """What is written is a copy: not a leaf that requires grad."""
    for position, step in enumerate(program.steps):
        if writes(step) and step.spelling != "out" and isinstance(step.args[0], Ref):
            yield "writing", with_copied_input(program, position, step.args[0])


def _views(program: Program, run: Run, every: bool) -> Iterator[tuple[Mechanism, Program]]:
    """A view becomes a copy; or every result does, for an engine may have views inside that are no views outside."""
    for position, step in enumerate(program.steps):
        if not writes(step) and position < len(run.aliases) and (every or run.aliases[position] is not None):
            yield "views", with_copied_result(program, position)


def _versions(program: Program, run: Run, mismatch: Mismatch) -> Iterator[tuple[Mechanism, Program]]:
    """Nothing that was saved is written: a step works on copies, or gives a result of its own instead of writing."""
    for position, step in enumerate(program.steps):
        if step.spelling in ("inplace", "augmented"):
            spelled = replace(step, spelling="method")
            yield "versions", program.with_(steps=_with(program.steps, position, spelled))
        for _, candidate in isolations(program, run, position) if mismatch.check == "error" else ():
            yield "versions", candidate


def _accumulation(program: Program) -> Iterator[tuple[Mechanism, Program]]:
    """Nothing is used twice: every use is computed for itself, from inputs of its own."""
    refs = [ref.index for step in program.steps for ref in step.refs()] + [ref.index for ref in program.outputs]
    uses = Counter(refs)
    if any(count > 1 for count in uses.values()) and not any(writes(step) for step in program.steps):
        tree = _as_tree(program)
        if tree is not None:
            yield "accumulation", tree


def _as_tree(program: Program) -> Program | None:
    """The program with no value used twice; None if it grows too large."""
    count = len(program.inputs)
    leaves: list[int] = []
    steps: list[Step] = []

    def grown(part: Any) -> Any:
        """References count down from -1 for inputs and up from 0 for steps until all inputs are known."""
        if not isinstance(part, Ref) or len(steps) > _LARGE:
            return part
        if part.index < count:
            leaves.append(part.index)
            return Ref(-len(leaves))
        step = _substituted(program.steps[part.index - count], grown)
        steps.append(step)
        return Ref(len(steps) - 1, part.item)

    def numbered(part: Any) -> Any:
        if not isinstance(part, Ref):
            return part
        return Ref(-part.index - 1) if part.index < 0 else Ref(part.index + len(leaves), part.item)

    outputs = [grown(ref) for ref in program.outputs]
    if len(steps) > _LARGE:
        return None
    weights = dict(zip(program.differentiable, program.second))
    return program.with_(
        inputs=tuple(program.inputs[number] for number in leaves),
        steps=tuple(_substituted(step, numbered) for step in steps),
        outputs=tuple(numbered(ref) for ref in outputs),
        second=tuple(weights[number] for number in leaves if number in weights),
    )


def _broadcasting(program: Program, run: Run, mismatch: Mismatch) -> Iterator[tuple[Mechanism, Program]]:
    """The input is broadcast before the program begins (all of them, if it is not known which)."""
    shapes = [value.shape for value in run.values if isinstance(value, np.ndarray)]
    which = [mismatch.where] if mismatch.where >= 0 else program.differentiable
    for result in dict.fromkeys(shapes[len(program.inputs) :]):
        for kept in (0, 2, 1):  # trailing dimensions that matrix products do not broadcast
            leaves = [
                _broadcast(leaf, result, kept) if number in which else leaf
                for number, leaf in enumerate(program.inputs)
            ]
            if all(a.array.shape == b.array.shape for a, b in zip(leaves, program.inputs)):
                continue
            second = [
                None if weight is None else np.resize(weight, leaves[number].array.shape)
                for number, weight in zip(program.differentiable, program.second)
            ]
            yield "broadcasting", program.with_(inputs=tuple(leaves), second=tuple(second))


def _broadcast(leaf: Input, shape: tuple[int, ...], kept: int) -> Input:
    own = leaf.array.shape
    if len(own) < kept:
        return leaf
    wanted = (*shape[: len(shape) - kept], *own[len(own) - kept :])
    try:
        array: Array = np.array(np.broadcast_to(leaf.array, wanted))
    except ValueError:
        return leaf
    return replace(leaf, array=array, layout="contiguous")


def _reaching(program: Program, run: Run) -> set[int]:
    """The inputs that some output depends on by steps that have a derivative."""
    inputs = len(program.inputs)
    needed = {ref.index for ref in program.outputs}
    for number in reversed(range(min(len(program.steps), len(run.requires_grad) - inputs))):
        needs = run.requires_grad[inputs + number]
        if inputs + number in needed and (any(needs) if isinstance(needs, tuple) else needs):
            needed.update(ref.index for ref in program.steps[number].refs())
    return needed


def _with(steps: tuple[Step, ...], position: int, step: Step) -> tuple[Step, ...]:
    return (*steps[:position], step, *steps[position + 1 :])


def _substituted(step: Step, replaced: Any) -> Step:
    kwargs = {key: substitute(value, replaced) for key, value in step.kwargs.items()}
    return replace(step, args=substitute(step.args, replaced), kwargs=kwargs)
