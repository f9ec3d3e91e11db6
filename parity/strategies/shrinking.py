"""Makes a failing program small: fewer steps, inputs and elements, simpler numbers; knows no operator.

Works on programs, wherever they come from. A candidate runs on the reference first: its cotangents are cut to
the outputs that it has, and one that raises where the program did not is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from parity.engines.interpreter import execute
from parity.engines.protocol import Run
from parity.program import Array, Input, Program, Ref
from parity.strategies.simplest import simpler_arrays, simpler_numbers
from parity.strategies.surgery import (
    alone,
    as_input,
    mapped,
    parts_of,
    pruned,
    resized,
    spare,
    taking,
    value_of,
    with_input,
    with_spare,
    with_step,
    without,
    without_step,
)

#: How often `fails` is asked at most.
BUDGET = 600


def shrink(program: Program, fails: Callable[[Program], bool], reference: Any, *, budget: int = BUDGET) -> Program:
    """The smallest program found for which `fails` still holds; the program itself if nothing smaller fails.

    Each pass is repeated until it helps no more. `fails` is never asked about the program as given.
    """
    shrinker = _Shrinker(program, fails, reference, budget)
    shrinker.isolate()
    while True:
        before = shrinker.asked, shrinker.program
        for candidates in (_orders, _outputs, _truncated, _bypassed, _cut, _fewer, plainer, smaller, simpler):
            shrinker.exhaust(candidates)
        if shrinker.program is before[1] or shrinker.asked >= budget:
            return shrinker.program


class _Shrinker:
    def __init__(self, program: Program, fails: Callable[[Program], bool], reference: Any, budget: int) -> None:
        self.fails = fails
        self.reference = reference
        self.budget = budget
        self.asked = 0
        self.program = program
        self.run = execute(program, reference, gradients=False)
        self.raises = self.run.error is not None
        #: An input that no output depends on, where the failure vanishes with it: cut programs get it back.
        self.spare: Input | None = None
        leaf = spare(program, self.run) if program.cotangents else None
        if leaf is not None and not self.attempt(_constant(program, leaf)):
            self.spare = replace(leaf, array=np.ones((), leaf.array.dtype), layout="contiguous")

    def attempt(self, candidate: Program) -> bool:
        """Go on from the candidate if it fails too."""
        if self.asked >= self.budget:
            return False
        if self.spare is not None and candidate.cotangents and not _has_spare(candidate):
            candidate = with_spare(candidate, self.spare)
        fitted = self.fitted(candidate)
        if fitted is None:
            return False
        self.asked += 1
        if not self.fails(fitted[0]):
            return False
        self.program, self.run = fitted
        return True

    def fitted(self, candidate: Program) -> tuple[Program, Run] | None:
        """The candidate with cotangents of the right shapes; None if it cannot run on the reference."""
        run = execute(candidate, self.reference, gradients=False)
        if run.error is not None and not self.raises:
            return None
        if run.error is not None or not candidate.cotangents:
            return candidate, run
        cotangents = []
        for ref, cotangent in zip(candidate.outputs, candidate.cotangents, strict=True):
            value = value_of(run, ref)
            if value is None or value.dtype.kind not in "fc":
                return None
            cotangents.append(resized(cotangent, value))
        weights = [
            None if weight is None else resized(weight, candidate.inputs[number].array)
            for number, weight in zip(candidate.differentiable, candidate.second)
        ]
        return candidate.with_(cotangents=tuple(cotangents), second=tuple(weights)), run

    def exhaust(self, candidates: Callable[[Program, Run], Iterator[Program]]) -> None:
        """Take the first candidate that fails, and start over from it, until none does."""
        tried: set[str] = set()
        while self.asked < self.budget:
            for candidate in candidates(self.program, self.run):
                mark = _mark(candidate)
                if mark not in tried:
                    tried.add(mark)
                    if self.attempt(candidate):
                        break
            else:
                return

    def isolate(self) -> None:
        """One step alone, on the values that the reference had there: mostly that is all that it takes."""
        program, run = self.program, self.run
        if len(program.steps) > 1 and not self.raises:
            for number in reversed(range(len(program.steps))):
                candidate = alone(program, run, number)
                if candidate is not None and self.attempt(candidate):
                    return


def _constant(program: Program, leaf: Input) -> Program:
    """The program with a constant in the place of an input that no gradient reaches."""
    number = next(n for n, other in enumerate(program.inputs) if other is leaf)
    place = program.differentiable.index(number)
    second = without(program.second, place) if program.second else ()
    return with_input(program, number, replace(leaf, requires_grad=False)).with_(second=second)


def _has_spare(program: Program) -> bool:
    used = {ref.index for step in program.steps for ref in step.refs()} | {ref.index for ref in program.outputs}
    return any(number not in used for number in program.differentiable)


# -- candidates, from the boldest to the finest


def _orders(program: Program, run: Run) -> Iterator[Program]:
    """Without the backward pass, or without the second one."""
    if program.cotangents:
        yield program.with_(outputs=(), cotangents=(), second=())
    if program.second:
        yield program.with_(second=())


def _outputs(program: Program, run: Run) -> Iterator[Program]:
    """Fewer outputs; fewer inputs that require grad; fewer weights of second derivatives."""
    if len(program.outputs) > 1:
        for number in range(len(program.outputs)):
            yield pruned(program.with_(outputs=(program.outputs[number],), cotangents=(program.cotangents[number],)))
        for number in range(len(program.outputs)):
            yield pruned(
                program.with_(outputs=without(program.outputs, number), cotangents=without(program.cotangents, number))
            )
    needing = program.differentiable
    for place, number in enumerate(needing):
        second = without(program.second, place) if program.second else ()
        yield with_input(program, number, replace(program.inputs[number], requires_grad=False)).with_(second=second)
    for place, weight in enumerate(program.second):
        if weight is not None and sum(w is not None for w in program.second) > 1:
            yield program.with_(second=(*program.second[:place], None, *program.second[place + 1 :]))


def _truncated(program: Program, run: Run) -> Iterator[Program]:
    """Without the last steps, or without one that nothing needs."""
    count, inputs = len(program.steps), len(program.inputs)
    used = {ref.index for step in program.steps for ref in step.refs()} | {ref.index for ref in program.outputs}
    length = count // 2
    while length < count:
        if not program.cotangents and length:
            yield pruned(program.with_(steps=program.steps[:length]))
        length += max(1, (count - length) // 2)
    for number in reversed(range(count)):
        if inputs + number not in used and count > 1:
            yield without_step(program, number, {})


def _bypassed(program: Program, run: Run) -> Iterator[Program]:
    """A step replaced by one of the tensors that it was made of, or by another of its shape."""
    inputs = len(program.inputs)
    for number in reversed(range(len(program.steps))):
        target = run.values[inputs + number] if inputs + number < len(run.values) else None
        if isinstance(target, tuple) or target is None or len(program.steps) == 1:
            continue
        for ref in program.steps[number].refs():
            value = value_of(run, ref)
            if value is not None and value.shape == target.shape and value.dtype == target.dtype:
                yield pruned(without_step(program, number, {Ref(inputs + number): ref}))


def _cut(program: Program, run: Run) -> Iterator[Program]:
    """A step replaced by an input that holds its value."""
    for number in range(len(program.steps)):
        if len(program.steps) > 1 and (found := as_input(program, run, number)) is not None:
            yield pruned(found)


def _fewer(program: Program, run: Run) -> Iterator[Program]:
    """A list of tensors without one of them."""
    for number, step in enumerate(program.steps):
        for place, argument in enumerate(step.args):
            if not isinstance(argument, (list, tuple)) or len(argument) < 2:
                continue
            if not all(isinstance(item, Ref) for item in argument):
                continue
            for i in range(len(argument)):
                rest = type(argument)([*argument[:i], *argument[i + 1 :]])
                args = (*step.args[:place], rest, *step.args[place + 1 :])
                yield pruned(with_step(program, number, replace(step, args=args)))


def plainer(program: Program, run: Run) -> Iterator[Program]:
    """Function calls, contiguous inputs, no options, fewer tensors in a list."""
    for number, step in enumerate(program.steps):
        for place, argument in enumerate(step.args):
            for k in range(len(argument) if isinstance(argument, list) and len(argument) > 1 else 0):
                args = (*step.args[:place], [*argument[:k], *argument[k + 1 :]], *step.args[place + 1 :])
                yield pruned(with_step(program, number, replace(step, args=args)))
        if step.spelling not in ("function", "out") and step.op not in ("getitem", "setitem"):
            yield with_step(program, number, replace(step, spelling="function"))
        if step.spelling in ("augmented", "inplace") and step.op not in ("setitem",):
            yield with_step(program, number, replace(step, spelling="method"))
        for key in step.kwargs:
            if key != "out":
                rest = {k: v for k, v in step.kwargs.items() if k != key}
                yield pruned(with_step(program, number, replace(step, kwargs=rest)))
    for number, leaf in enumerate(program.inputs):
        if leaf.layout != "contiguous":
            yield with_input(program, number, replace(leaf, layout="contiguous"))


def smaller(program: Program, run: Run) -> Iterator[Program]:
    """Less in the inputs: parts of an axis, or without it, in all that share it or in one."""
    arrays = [leaf.array for leaf in program.inputs]
    deepest = max((array.ndim for array in arrays), default=0)
    if deepest == 0:
        return
    yield mapped(program, lambda array: array.reshape(-1)[0].reshape(()) if array.size else array)
    for axis in range(-deepest, 0):
        sizes = {array.shape[axis] for array in arrays if array.ndim >= -axis}
        for size in sorted(sizes, reverse=True):
            for part in parts_of(size):
                yield mapped(program, taking(axis, size, part))
    for number, array in enumerate(arrays):
        for axis in range(-array.ndim, 0):
            for part in parts_of(array.shape[axis]):
                taken = taking(axis, array.shape[axis], part)(array)
                yield with_input(program, number, replace(program.inputs[number], array=taken))


def simpler(program: Program, run: Run) -> Iterator[Program]:
    """Zeros, ones, whole numbers and halves in the inputs, in numbers among the arguments, in cotangents."""
    zero_last = program.regime == "smooth"
    for number, leaf in enumerate(program.inputs):
        for array in simpler_arrays(leaf.array, zero_last):
            yield with_input(program, number, replace(leaf, array=array))
    for number, step in enumerate(program.steps):
        for place, argument in enumerate(step.args):
            for value in simpler_numbers(argument, zero_last):
                args = (*step.args[:place], value, *step.args[place + 1 :])
                yield with_step(program, number, replace(step, args=args))
    for number, cotangent in enumerate(program.cotangents):
        for array in simpler_arrays(cotangent, True):
            found = (*program.cotangents[:number], array, *program.cotangents[number + 1 :])
            yield program.with_(cotangents=found)
    for number, weight in enumerate(program.second):
        for array in () if weight is None else simpler_arrays(weight, True):
            yield program.with_(second=(*program.second[:number], array, *program.second[number + 1 :]))


def _mark(program: Program) -> str:
    parts = [repr((program.steps, program.outputs))]
    parts += [f"{leaf.requires_grad}{leaf.layout}{_text(leaf.array)}" for leaf in program.inputs]
    parts += [_text(array) for array in (*program.cotangents, *program.second)]
    return "|".join(parts)


def _text(array: Array | None) -> str:
    return "" if array is None else f"{array.dtype}{array.shape}{array.tobytes().hex()}"
