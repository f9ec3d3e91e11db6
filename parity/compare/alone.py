"""One step as a program of its own, on the values that the reference had there; knows no operator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from parity.engines.interpreter import writes
from parity.engines.protocol import Array, Run, Value
from parity.program import Input, Program, Ref, Step, substitute


def alone(program: Program, run: Run, position: int, *, traced: bool = True) -> Program | None:
    """The step at `position` alone, each of its tensor arguments an input of its own; None if it never ran.

    The backward pass starts from the gradient that a traced run recorded there, where it has one and `traced`
    is set, else from fixed weights that are not uniform.
    """
    step = program.steps[position]
    number = len(program.inputs) + position
    if number >= len(run.values):
        return None
    inputs: list[Input] = []

    def leaf(part: Any) -> Any:
        if not isinstance(part, Ref):
            return part
        array, needs = _at(run.values[part.index], part), _needs(run, part)
        needs = needs and array is not None and array.dtype.kind in "fc"
        given = program.inputs[part.index] if part.index < len(program.inputs) else None
        alike = given is not None and array is not None and given.array.shape == array.shape
        inputs.append(Input(np.array(array), needs, given.layout if given is not None and alike else "contiguous"))
        return Ref(len(inputs) - 1)

    if step.spelling == "out":
        step = replace(step, kwargs={k: v for k, v in step.kwargs.items() if k != "out"}, spelling="function")
    args = substitute(step.args, leaf)
    kwargs = {key: substitute(value, leaf) for key, value in step.kwargs.items()}
    steps = [replace(step, args=args, kwargs=kwargs)]
    if writes(step):
        # A leaf that requires grad may not be written to: the step gets a copy.
        steps = [
            Step("clone", (Ref(0),), {}, "method"),
            replace(step, args=(Ref(len(inputs)), *args[1:]), kwargs=kwargs),
        ]
    last = len(inputs) + len(steps) - 1
    outputs, cotangents = _outputs(run, number, last, traced)
    weights = tuple(_weights(leaf.array, 2) for leaf in inputs if leaf.requires_grad)
    return Program(
        inputs=tuple(inputs),
        steps=tuple(steps),
        outputs=outputs,
        cotangents=cotangents,
        second=weights if program.second and cotangents else (),
        regime=program.regime,
    )


def _outputs(run: Run, number: int, last: int, traced: bool) -> tuple[tuple[Ref, ...], tuple[Array, ...]]:
    value = run.values[number]
    outputs, cotangents = [], []
    for item in range(len(value)) if isinstance(value, tuple) else [None]:
        array, needs = _at(value, Ref(number, item)), _needs(run, Ref(number, item))
        if array is None or not needs or array.dtype.kind not in "fc":
            continue
        outputs.append(Ref(last, item))
        recorded = run.intermediate[number] if traced and run.intermediate else None
        known = recorded is not None and recorded.shape == array.shape and recorded.any()
        cotangents.append(np.array(recorded) if known else _weights(array, 1))
    return tuple(outputs), tuple(cotangents)


def _weights(like: Array, seed: int) -> Array:
    """Small dyadic numbers, so that the exact regime stays exact; up to five differ, and more are not uniform."""
    numbers = np.resize([-1.5, -0.5, 0.75, 1.25, 2.0], like.size)
    return np.random.default_rng(seed).permutation(numbers).reshape(like.shape).astype(like.dtype)


def _at(value: Value, ref: Ref) -> Array | None:
    return value[ref.item] if isinstance(value, tuple) and ref.item is not None else value  # type: ignore[return-value]


def _needs(run: Run, ref: Ref) -> bool:
    if not run.requires_grad:  # of an engine that does not say
        value = _at(run.values[ref.index], ref)
        return value is not None and value.dtype.kind in "fc"
    needs = run.requires_grad[ref.index]
    return bool(needs[ref.item] if isinstance(needs, tuple) and ref.item is not None else needs)
