"""What can be wrong with an argument: in the place of each value that is accepted, values that may not be.

A mistake is made in one place of a call, and says in what words a message could name it. Knows no operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from parity.catalogue import Argument, OpSpec
from parity.program import Array, DType, Input, Program, Ref, Step
from parity.tables.calls import cast, named
from parity.tables.unasked import DEADLY

#: The shape and dtype of a call's one result; None where it has several or none.
Result = tuple[tuple[int, ...], str] | None
#: A dtype of each kind.
_DTYPES = ("bool", "uint8", "int64", "float16", "float32", "float64", "complex64")
_FAR = 100


@dataclass(frozen=True, slots=True)
class Mistake:
    """A call that is wrong in one place."""

    op: str
    #: What is wrong, for a person.
    label: str
    program: Program
    #: What was given, as a message may name it: a number, its type's name, a keyword; any of these will do.
    given: tuple[str, ...] = ()
    #: The shape that was given, which a message may write in several ways.
    shape: tuple[int, ...] | None = None
    #: The dtype that was given, by its name.
    dtype: str = ""


def mistakes(spec: OpSpec, program: Program, result: Result, only: frozenset[str] | None = None) -> Iterator[Mistake]:
    """Every mistake that can be made in a call; `only` those in these arguments, and none of the call's own."""
    places = named(spec, program.steps[0])
    for argument in spec.arguments:
        name = argument.name
        if name in places and (only is None or name in only) and (spec.name, name) not in DEADLY:
            yield from _in_argument(spec, program, argument, places[name])
    if only is None and program.steps[0].spelling != "operator":
        yield from _of_the_call(spec, program)
        if "out" in spec.spellings and program.steps[0].spelling == "function":
            yield from _out(spec, program, result)


def _in_argument(spec: OpSpec, program: Program, argument: Argument, place: int | str) -> Iterator[Mistake]:
    (step,) = program.steps
    value = step.args[place] if isinstance(place, int) else step.kwargs[place]
    name = argument.name

    def instead(new: Any) -> Mistake:
        return Mistake(spec.name, f"{name} is {new!r}", _changed(program, place, new), _words(new))

    if isinstance(value, Ref):
        yield from _of_a_tensor(spec, program, name, value)
        if step.spelling != "method" or place != 0:
            yield from map(instead, (None, "text", 1.5, [1.0]))
    elif isinstance(value, (list, tuple)) and (refs := [item for item in value if isinstance(item, Ref)]):
        if len(value) > 1:
            yield from _of_a_tensor(spec, program, name, refs[-1])
        for new in ([], [None, *value[1:]], [refs[0], "text"], [refs[0], 1.5]):
            yield Mistake(spec.name, f"{name} is {new!r}", _changed(program, place, new))
        yield from map(instead, (None, 1.5, "text"))
    else:
        ndim = program.inputs[0].array.ndim if program.inputs else 2
        yield from map(instead, _others(value, ndim))


def _others(value: Any, ndim: int) -> Iterator[Any]:
    """Values to try in the place of one that is no tensor; `ndim`, against which dimensions are counted."""
    if isinstance(value, bool):
        yield from (None, "text", 1.5, 2)
    elif isinstance(value, int):
        yield from (None, "text", 1.5, 1j, ndim, -ndim - 1, -1, 0, _FAR, -_FAR, True, (0, 0), (0, _FAR))
    elif isinstance(value, float):
        yield from (None, "text", 1j, (1.5,), -1.5, 2)
    elif isinstance(value, str):
        yield from (None, 3, "nonsense", "")
    elif isinstance(value, DType):
        yield from (3, "float32", DType("int64"), DType("bool"), DType("complex64"))
    elif isinstance(value, list):
        yield from (None, "text", 1.5, [])
    elif isinstance(value, tuple):
        yield from (None, "text", 1.5, (), _FAR)
        if value and all(isinstance(item, int) for item in value):
            for first in (_FAR, -_FAR, -1, 0, 1.5, "text", None):
                yield (first, *value[1:])
            yield from ((*value, value[0]), value[:-1])


def _of_a_tensor(spec: OpSpec, program: Program, name: str, ref: Ref) -> Iterator[Mistake]:
    """Another dtype, another shape."""
    array = program.inputs[ref.index].array
    for dtype in _DTYPES:
        if array.dtype.name != dtype:
            changed = _with_input(program, ref, cast(array, dtype))
            yield Mistake(spec.name, f"{name} of {dtype}", changed, dtype=dtype)
    for other in _reshaped(array):
        changed = _with_input(program, ref, other)
        yield Mistake(spec.name, f"{name} of shape {list(other.shape)}", changed, shape=other.shape)


def _reshaped(array: Array) -> Iterator[Array]:
    """The same elements, more or fewer of them, in shapes that may not fit."""
    yield np.stack([array] * 2)
    yield array.reshape(-1)[0].reshape(()) if array.size else np.zeros((), array.dtype)
    if array.ndim:
        yield array[..., :0]
        yield array[:0]
        yield np.concatenate([array, array[..., -1:]], axis=-1)
        yield np.concatenate([array, array[-1:]])
        if array.shape[0]:
            yield array[0]


def _of_the_call(spec: OpSpec, program: Program) -> Iterator[Mistake]:
    """Arguments too few, too many or unknown; a device that is not there."""
    (step,) = program.steps
    with_: Callable[..., Program] = lambda **changes: _with_step(program, **changes)
    method = step.spelling == "method"
    if len(step.args) > method:
        yield Mistake(spec.name, "the last argument missing", with_(args=step.args[:-1]))
    names = {place: name for name, place in named(spec, step).items()}
    if not method and step.args and all(place in names for place in range(len(step.args))):
        rest = {str(names[place]): value for place, value in enumerate(step.args) if place}
        missing = with_(args=(), kwargs={**rest, **step.kwargs})
        yield Mistake(spec.name, f"{names[0]} missing", missing, (str(names[0]),))
    unknown = with_(kwargs={**step.kwargs, "nonsense": 1})
    yield Mistake(spec.name, "an unknown keyword", unknown, ("nonsense",))
    yield Mistake(spec.name, "twelve more arguments", with_(args=(*step.args, *[1] * 12)))
    if not method and any(argument.kind == "dtype" for argument in spec.arguments):
        for device in ("nonsense", "cuda", 1.5):
            elsewhere = with_(kwargs={**step.kwargs, "device": device})
            yield Mistake(spec.name, f"device is {device!r}", elsewhere, _words(device))


def _out(spec: OpSpec, program: Program, result: Result) -> Iterator[Mistake]:
    """`out=` that is no tensor, of another shape, of another dtype; made by the engine, so that it may be resized."""
    (step,) = program.steps
    nothing: tuple[Any, ...] = (1.5, "text", [])
    for wrong in nothing:
        changed = _with_step(program, kwargs={**step.kwargs, "out": wrong}, spelling="out")
        yield Mistake(spec.name, f"out is {wrong!r}", changed, _words(wrong))
    if result is None:
        return
    shape, dtype = result
    for size, name in [((7, 5), dtype), ((), dtype), *((shape, other) for other in _DTYPES if other != dtype)]:
        made = Step("zeros", (size,), {"dtype": DType(name)})
        written = replace(step, kwargs={**step.kwargs, "out": Ref(len(program.inputs))}, spelling="out")
        label = f"out of {name} {list(size)}, not {dtype} {list(shape)}"
        yield Mistake(spec.name, label, replace(program, steps=(made, written)), dtype=name if name != dtype else "")


def _words(value: Any) -> tuple[str, ...]:
    """What a message may say of a value: a string itself, a number, the name of its type, those of its parts."""
    parts = {word for part in value for word in _words(part)} if isinstance(value, tuple) else set()
    if type(value) is int:
        return (str(value),)
    return tuple(sorted(parts | {type(value).__name__} | ({value} if isinstance(value, str) and value else set())))


def _changed(program: Program, place: int | str, value: Any) -> Program:
    (step,) = program.steps
    if isinstance(place, int):
        return _with_step(program, args=(*step.args[:place], value, *step.args[place + 1 :]))
    return _with_step(program, kwargs={**step.kwargs, place: value})


def _with_step(program: Program, **changes: Any) -> Program:
    (step,) = program.steps
    return replace(program, steps=(replace(step, **changes),))


def _with_input(program: Program, ref: Ref, array: Array) -> Program:
    inputs = list(program.inputs)
    inputs[ref.index] = Input(np.array(array, order="C"))
    return replace(program, inputs=tuple(inputs))
