"""Makes a failing program small: fewer steps, inputs and elements, simpler numbers; knows no operator.

Works on programs, wherever they come from. A candidate runs on the reference first: its cotangents are cut to
the outputs that it has, and one that raises where the program did not is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity.engines.interpreter import execute
from parity.engines.protocol import Run
from parity.program import Array, Input, Program, Ref, Step, references, substitute
from parity.strategies.simplest import simpler_arrays, simpler_numbers

#: How often `fails` is asked at most.
BUDGET = 600


def shrink(
    program: Program, fails: Callable[[Program], bool], reference: Any, *, budget: int = BUDGET
) -> Program:
    """The smallest program found for which `fails` still holds; the program itself if nothing smaller fails.

    Each pass is repeated until it helps no more. `fails` is never asked about the program as given.
    """
    shrinker = _Shrinker(program, fails, reference, budget)
    shrinker.isolate()
    while True:
        before = shrinker.asked, shrinker.program
        for candidates in (_orders, _outputs, _truncated, _bypassed, _cut, _plainer, _smaller, _simpler):
            shrinker.exhaust(candidates)
        if shrinker.program is before[1] or shrinker.asked >= budget:
            return shrinker.program


class _Shrinker:
    def __init__(
        self, program: Program, fails: Callable[[Program], bool], reference: Any, budget: int
    ) -> None:
        self.fails = fails
        self.reference = reference
        self.budget = budget
        self.asked = 0
        self.program = program
        self.run = execute(program, reference, gradients=False)
        self.raises = self.run.error is not None

    def attempt(self, candidate: Program) -> bool:
        """Go on from the candidate if it fails too."""
        if self.asked >= self.budget:
            return False
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
            cotangents.append(_resized(cotangent, value))
        weights = [
            None if weight is None else _resized(weight, candidate.inputs[number].array)
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
                alone = _alone(program, run, number)
                if alone is not None and self.attempt(alone):
                    return


def value_of(run: Run, ref: Ref) -> Array | None:
    """The reference's value behind a reference; None if it never ran or has no such output."""
    value = run.values[ref.index] if ref.index < len(run.values) else None
    if isinstance(value, tuple):
        return value[ref.item] if ref.item is not None and ref.item < len(value) else None
    return value if ref.item is None else None


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
            yield pruned(
                program.with_(outputs=(program.outputs[number],), cotangents=(program.cotangents[number],))
            )
        for number in range(len(program.outputs)):
            yield pruned(
                program.with_(
                    outputs=_without(program.outputs, number), cotangents=_without(program.cotangents, number)
                )
            )
    needing = program.differentiable
    for place, number in enumerate(needing):
        second = _without(program.second, place) if program.second else ()
        yield _with_input(program, number, replace(program.inputs[number], requires_grad=False)).with_(second=second)
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
        if len(program.steps) > 1 and (found := _as_input(program, run, number)) is not None:
            yield pruned(found)


def _plainer(program: Program, run: Run) -> Iterator[Program]:
    """Function calls, contiguous inputs, no options, one input instead of two."""
    for number, step in enumerate(program.steps):
        if step.spelling not in ("function", "out") and step.op not in ("getitem", "setitem"):
            yield _with_step(program, number, replace(step, spelling="function"))
        if step.spelling in ("augmented", "inplace") and step.op not in ("setitem",):
            yield _with_step(program, number, replace(step, spelling="method"))
        for key in step.kwargs:
            if key != "out":
                rest = {k: v for k, v in step.kwargs.items() if k != key}
                yield pruned(_with_step(program, number, replace(step, kwargs=rest)))
    for number, leaf in enumerate(program.inputs):
        if leaf.layout != "contiguous":
            yield _with_input(program, number, replace(leaf, layout="contiguous"))


def _smaller(program: Program, run: Run) -> Iterator[Program]:
    """Less in the inputs: parts of an axis, or without it, in all that share it or in one."""
    arrays = [leaf.array for leaf in program.inputs]
    deepest = max((array.ndim for array in arrays), default=0)
    if deepest == 0:
        return
    yield _mapped(program, lambda array: array.reshape(-1)[0].reshape(()) if array.size else array)
    for axis in range(-deepest, 0):
        sizes = {array.shape[axis] for array in arrays if array.ndim >= -axis}
        for size in sorted(sizes, reverse=True):
            for part in _parts(size):
                yield _mapped(program, _taking(axis, size, part))
    for number, array in enumerate(arrays):
        for axis in range(-array.ndim, 0):
            for part in _parts(array.shape[axis]):
                taken = _taking(axis, array.shape[axis], part)(array)
                yield _with_input(program, number, replace(program.inputs[number], array=taken))


def _simpler(program: Program, run: Run) -> Iterator[Program]:
    """Zeros, ones, whole numbers and halves in the inputs, in numbers among the arguments, in cotangents."""
    zero_last = program.regime == "smooth"
    for number, leaf in enumerate(program.inputs):
        for array in simpler_arrays(leaf.array, zero_last):
            yield _with_input(program, number, replace(leaf, array=array))
    for number, step in enumerate(program.steps):
        for place, argument in enumerate(step.args):
            for value in simpler_numbers(argument, zero_last):
                args = (*step.args[:place], value, *step.args[place + 1 :])
                yield _with_step(program, number, replace(step, args=args))
    for number, cotangent in enumerate(program.cotangents):
        for array in simpler_arrays(cotangent, True):
            found = (*program.cotangents[:number], array, *program.cotangents[number + 1 :])
            yield program.with_(cotangents=found)
    for number, weight in enumerate(program.second):
        for array in () if weight is None else simpler_arrays(weight, True):
            yield program.with_(second=(*program.second[:number], array, *program.second[number + 1 :]))


# -- surgery


def without_step(program: Program, number: int, instead: Mapping[Ref, Ref]) -> Program:
    """The program without a step; references to it are replaced as told, outputs that are lost are dropped."""
    gone = len(program.inputs) + number

    def renumbered(leaf: Any) -> Any:
        if not isinstance(leaf, Ref):
            return leaf
        leaf = instead.get(leaf, leaf)
        return Ref(leaf.index - (leaf.index > gone), leaf.item)

    kept = [
        place for place, ref in enumerate(program.outputs) if ref.index != gone or ref in instead
    ]
    return program.with_(
        steps=tuple(
            _renamed(step, renumbered) for place, step in enumerate(program.steps) if place != number
        ),
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


def _alone(program: Program, run: Run, number: int) -> Program | None:
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
    alone = _renamed(step, lambda leaf: Ref(numbers[leaf]) if isinstance(leaf, Ref) else leaf)
    result, needs = run.values[inputs + number], run.requires_grad[inputs + number]
    parts: Iterable[tuple[int | None, Any]] = (
        enumerate(result) if isinstance(result, tuple) else [(None, result)]
    )
    outputs: list[Ref] = []
    cotangents: list[Array] = []
    for item, part in parts if program.cotangents else ():
        if needs[item] if isinstance(needs, tuple) and item is not None else needs:
            outputs.append(Ref(len(leaves), item))
            cotangents.append(_ramp(part))
    second = tuple(_ramp(leaf.array) for leaf in leaves if leaf.requires_grad) if program.second and outputs else ()
    return Program(tuple(leaves), (alone,), tuple(outputs), tuple(cotangents), second, program.regime)


def _as_input(program: Program, run: Run, number: int) -> Program | None:
    """The step's value as one more input, in the step's place; None if it has several outputs."""
    index = len(program.inputs) + number
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
        second = (*second, _ramp(value))
    return program.with_(
        inputs=(*program.inputs, Input(np.array(value), needs)),
        steps=tuple(_renamed(step, shifted) for place, step in enumerate(program.steps) if place != number),
        outputs=tuple(shifted(ref) for ref in program.outputs),
        second=second,
    )


def _renamed(step: Step, replaced: Callable[[Any], Any]) -> Step:
    kwargs = {key: substitute(value, replaced) for key, value in step.kwargs.items()}
    return replace(step, args=substitute(step.args, replaced), kwargs=kwargs)


def _with_input(program: Program, number: int, leaf: Input) -> Program:
    return program.with_(inputs=(*program.inputs[:number], leaf, *program.inputs[number + 1 :]))


def _with_step(program: Program, number: int, step: Step) -> Program:
    return program.with_(steps=(*program.steps[:number], step, *program.steps[number + 1 :]))


def _without(items: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    return items[:number] + items[number + 1 :]


def _mapped(program: Program, change: Callable[[Array], Array]) -> Program:
    return program.with_(inputs=tuple(replace(leaf, array=np.array(change(leaf.array))) for leaf in program.inputs))


def _parts(size: int) -> list[slice | int]:
    """What to try of an axis: none of it but one place, each half, all but one place."""
    if size <= 1:
        return [0] if size else []
    half = size // 2
    found: list[slice | int] = [0, size - 1, slice(0, half), slice(half, size)]
    if size <= 4:
        found += [*range(1, size - 1), slice(0, 1), slice(0, size - 1), slice(1, size)]
    return found


def _taking(axis: int, size: int, part: slice | int) -> Callable[[Array], Array]:
    def take(array: Array) -> Array:
        if array.ndim < -axis or array.shape[axis] != size:
            return array
        return np.array(array[(..., part, *[slice(None)] * (-axis - 1))])

    return take


def _resized(values: Array, like: Array) -> Array:
    """The values in another array's shape and dtype; those that are missing begin again."""
    if values.shape == like.shape and values.dtype == like.dtype:
        return values
    if not values.size:
        return _ramp(like)
    return np.resize(values, like.shape).astype(like.dtype)


def _ramp(like: Array) -> Array:
    """1, 2, 3, 1, 2, 3 ...: whole numbers, unequal."""
    return (np.arange(like.size) % 3 + 1).astype(like.dtype).reshape(like.shape)


def _mark(program: Program) -> str:
    parts = [repr((program.steps, program.outputs))]
    parts += [f"{leaf.requires_grad}{leaf.layout}{_text(leaf.array)}" for leaf in program.inputs]
    parts += [_text(array) for array in (*program.cotangents, *program.second)]
    return "|".join(parts)


def _text(array: Array | None) -> str:
    return "" if array is None else f"{array.dtype}{array.shape}{array.tobytes().hex()}"


__all__ = ["BUDGET", "pruned", "references", "shrink", "value_of", "without_step"]
