"""Cuts programs: steps, inputs and axes taken out, references renumbered; knows no operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity.engines.protocol import Run
from parity.program import Array, Input, Program, Ref, Step, substitute


def value_of(run: Run, ref: Ref) -> Array | None:
    """The reference's value behind a reference; None if it never ran or has no such output."""
    value = run.values[ref.index] if ref.index < len(run.values) else None
    if isinstance(value, tuple):
        return value[ref.item] if ref.item is not None and ref.item < len(value) else None
    return value if ref.item is None else None


def without_step(program: Program, number: int, instead: Mapping[Ref, Ref]) -> Program:
    """The program without a step; references to it are replaced as told, lost outputs are dropped."""
    gone = len(program.inputs) + number

    def renumbered(leaf: Any) -> Any:
        if not isinstance(leaf, Ref):
            return leaf
        leaf = instead.get(leaf, leaf)
        return Ref(leaf.index - (leaf.index > gone), leaf.item)

    kept = [place for place, ref in enumerate(program.outputs) if ref.index != gone or ref in instead]
    return program.with_(
        steps=tuple(_renamed(step, renumbered) for place, step in enumerate(program.steps) if place != number),
        outputs=tuple(renumbered(program.outputs[place]) for place in kept),
        cotangents=tuple(program.cotangents[place] for place in kept) if program.cotangents else (),
        second=program.second if kept else (),
    )


def pruned(program: Program) -> Program:
    """Without steps that no output needs (if there are outputs), and without inputs that no step needs."""
    if program.cotangents:
        for number in reversed(range(len(program.steps))):
            index = len(program.inputs) + number
            rest = program.steps[number + 1 :]
            used = any(ref.index == index for step in rest for ref in step.refs())
            writes = program.steps[number].spelling in ("inplace", "augmented", "out")
            if not used and not writes and all(ref.index != index for ref in program.outputs):
                program = without_step(program, number, {})
    used_inputs = {ref.index for step in program.steps for ref in step.refs()}
    used_inputs |= {ref.index for ref in program.outputs}
    return _selected(program, [n for n in range(len(program.inputs)) if n in used_inputs])


def _selected(program: Program, kept: list[int]) -> Program:
    """With these inputs only."""
    count = len(program.inputs)
    if len(kept) == count:
        return program
    numbers = {old: new for new, old in enumerate(kept)}

    def renumbered(leaf: Any) -> Any:
        if not isinstance(leaf, Ref):
            return leaf
        index = numbers[leaf.index] if leaf.index < count else leaf.index - count + len(kept)
        return Ref(index, leaf.item)

    weights = dict(zip(program.differentiable, program.second))
    return program.with_(
        inputs=tuple(program.inputs[number] for number in kept),
        steps=tuple(_renamed(step, renumbered) for step in program.steps),
        outputs=tuple(renumbered(ref) for ref in program.outputs),
        second=tuple(weights[number] for number in kept if number in weights),
    )


def alone(program: Program, run: Run, number: int) -> Program | None:
    """One step of the program on inputs that hold the values it met."""
    step, inputs = program.steps[number], len(program.inputs)
    leaves: list[Input] = []
    numbers: dict[Ref, int] = {}
    for ref in dict.fromkeys(step.refs()):
        value = value_of(run, ref)
        if value is None:
            return None
        needs = run.requires_grad[ref.index]
        if isinstance(needs, tuple):
            needs = needs[ref.item or 0]
        if ref.index < inputs:
            leaf = program.inputs[ref.index]
        else:
            leaf = Input(np.array(value), needs)
        numbers[ref] = len(leaves)
        leaves.append(leaf)
    call = _renamed(step, lambda leaf: Ref(numbers[leaf]) if isinstance(leaf, Ref) else leaf)
    result, needs = run.values[inputs + number], run.requires_grad[inputs + number]
    parts: Iterable[tuple[int | None, Any]] = enumerate(result) if isinstance(result, tuple) else [(None, result)]
    outputs: list[Ref] = []
    cotangents: list[Array] = []
    for item, part in parts if program.cotangents else ():
        if needs[item] if isinstance(needs, tuple) and item is not None else needs:
            outputs.append(Ref(len(leaves), item))
            cotangents.append(ramp(part))
    second = tuple(ramp(leaf.array) for leaf in leaves if leaf.requires_grad) if program.second and outputs else ()
    return Program(tuple(leaves), (call,), tuple(outputs), tuple(cotangents), second, program.regime)


def as_input(program: Program, run: Run, number: int) -> Program | None:
    """The step's value as one more input, in the step's place; None if it has several outputs."""
    index = len(program.inputs) + number
    if index >= len(run.values):
        return None
    value, needs = run.values[index], run.requires_grad[index]
    if value is None or isinstance(value, tuple) or isinstance(needs, tuple):
        return None
    count = len(program.inputs)

    def shifted(leaf: Any) -> Any:
        if not isinstance(leaf, Ref) or leaf.index < count:
            return leaf
        if leaf.index == index:
            return Ref(count)
        return Ref(leaf.index + (leaf.index < index), leaf.item)

    second = program.second
    if second and needs:
        second = (*second, ramp(value))
    return program.with_(
        inputs=(*program.inputs, Input(np.array(value), needs)),
        steps=tuple(_renamed(step, shifted) for place, step in enumerate(program.steps) if place != number),
        outputs=tuple(shifted(ref) for ref in program.outputs),
        second=second,
    )


def _renamed(step: Step, replaced: Callable[[Any], Any]) -> Step:
    kwargs = {key: substitute(value, replaced) for key, value in step.kwargs.items()}
    return replace(step, args=substitute(step.args, replaced), kwargs=kwargs)


def spare(program: Program, run: Run) -> Input | None:
    """An input that requires grad and that no output depends on by steps that have a derivative."""
    count = len(program.inputs)
    needed = {ref.index for ref in program.outputs}
    for number in reversed(range(min(len(program.steps), len(run.requires_grad) - count))):
        needs = run.requires_grad[count + number]
        if count + number in needed and (any(needs) if isinstance(needs, tuple) else needs):
            needed.update(ref.index for ref in program.steps[number].refs())
    return next((program.inputs[number] for number in program.differentiable if number not in needed), None)


def with_spare(program: Program, leaf: Input) -> Program:
    """The program with one more input, which nothing uses."""
    count = len(program.inputs)

    def shifted(part: Any) -> Any:
        return Ref(part.index + 1, part.item) if isinstance(part, Ref) and part.index >= count else part

    return program.with_(
        inputs=(*program.inputs, leaf),
        steps=tuple(_renamed(step, shifted) for step in program.steps),
        outputs=tuple(shifted(ref) for ref in program.outputs),
        second=(*program.second, ramp(leaf.array)) if program.second else (),
    )


def with_input(program: Program, number: int, leaf: Input) -> Program:
    return program.with_(inputs=(*program.inputs[:number], leaf, *program.inputs[number + 1 :]))


def with_step(program: Program, number: int, step: Step) -> Program:
    return program.with_(steps=(*program.steps[:number], step, *program.steps[number + 1 :]))


def without(items: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    return items[:number] + items[number + 1 :]


def mapped(program: Program, change: Callable[[Array], Array]) -> Program:
    return program.with_(inputs=tuple(replace(leaf, array=np.array(change(leaf.array))) for leaf in program.inputs))


def parts_of(size: int) -> list[slice | int]:
    """What to try of an axis: none of it but one place, each half, all but one place."""
    if size <= 1:
        return [0] if size else []
    half = size // 2
    found: list[slice | int] = [0, size - 1, slice(0, half), slice(half, size)]
    if size <= 4:
        found += [*range(1, size - 1), slice(0, 1), slice(0, size - 1), slice(1, size)]
    return found


def taking(axis: int, size: int, part: slice | int) -> Callable[[Array], Array]:
    def take(array: Array) -> Array:
        if array.ndim < -axis or array.shape[axis] != size:
            return array
        return np.array(array[(..., part, *[slice(None)] * (-axis - 1))])

    return take


def resized(values: Array, like: Array) -> Array:
    """The values in another array's shape and dtype; those that are missing begin again."""
    if values.shape == like.shape and values.dtype == like.dtype:
        return values
    if not values.size:
        return ramp(like)
    return np.resize(values, like.shape).astype(like.dtype)


def ramp(like: Array) -> Array:
    """2, 3, 1, 2, 3, 1 ...: whole numbers, unequal, and a single one is not 1, at which nobody sees a wrong power."""
    return ((np.arange(like.size) + 1) % 3 + 1).astype(like.dtype).reshape(like.shape)
