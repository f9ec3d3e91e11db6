"""One call on an engine and what it answered; and calls that an operator accepts, drawn. Knows no table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from parity.catalogue import OpSpec
from parity.engines.protocol import Array, Value
from parity.program import Program, Ref, Step, substitute
from parity.spellings import Spelling
from parity.strategies.dtypes import KINDS
from parity.strategies.single import Undrawn, draw_op, kinds
from parity.strategies.source import Seeded

_PLAINEST: tuple[Spelling, ...] = ("function", "method", "operator", "inplace")
#: Kinds of argument that are several to the operator.
_SPREAD = frozenset(["range", "strided"])


class Answer(NamedTuple):
    """What a call gave, by dtype and shape, or the name of what it raised; and the message that came with that."""

    what: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {' '.join(self.message.split())[:160]}" if self.message else self.what


def asked(engine: Any, op: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], spelling: Spelling) -> Answer:
    """The engine's answer to a call whose arguments are its own tensors and plain Python values."""
    try:
        return Answer(described(engine.call(op, args, dict(kwargs), spelling)))
    except Exception as error:
        return Answer(type(error).__name__, str(error) or " ")


def described(value: Any) -> str:
    """A result by its dtypes and shapes; values are none of a table's business."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(described(part) for part in value)})"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{str(value.dtype).rpartition('.')[2]}{list(value.shape)}"
    return type(value).__name__


def answered(engine: Any, program: Program) -> Answer:
    """The engine's answer to a program's last step."""
    tensors = [engine.tensor(leaf.materialise(), leaf.requires_grad) for leaf in program.inputs]
    resolved = lambda leaf: tensors[leaf.index] if isinstance(leaf, Ref) else engine.dtype(leaf.name)
    for step in program.steps:
        args = tuple(substitute(arg, resolved) for arg in step.args)
        kwargs = {name: substitute(value, resolved) for name, value in step.kwargs.items()}
        if step is program.steps[-1]:
            if step.seed is not None and hasattr(engine, "seed"):
                engine.seed(step.seed)
            return asked(engine, step.op, args, kwargs, step.spelling)
        tensors.append(engine.call(step.op, args, kwargs, step.spelling))
    raise ValueError("a program without steps has no answer")


def cast(array: Array, dtype: str) -> Array:
    """The array in another dtype; of complex numbers the real parts where that has no other."""
    with np.errstate(all="ignore"):
        real = array.real if array.dtype.kind == "c" and np.dtype(dtype).kind != "c" else array
        return real.astype(dtype)


def drawn(spec: OpSpec, reference: Any, tries: int = 12) -> Iterator[tuple[Program, Value]]:
    """Programs of one call each that torch accepts, and their results, drawn from seeds that stay the same."""
    kind = next(k for k in ("f", *spec.dtypes) if k in spec.dtypes)
    dtype = KINDS[kind][0]
    spelling = next(s for s in _PLAINEST if s in spec.spellings)
    for seed in range(tries):
        try:
            source = Seeded(seed)
            program, run = draw_op(
                source, reference, spec, dtype, kind=kinds(spec, dtype)[0], spelling=spelling, order=1
            )
        except Undrawn:
            continue
        if run.error is None and len(program.steps) == 1:
            constants = tuple(replace(leaf, requires_grad=False) for leaf in program.inputs)
            yield program.with_(inputs=constants, cotangents=(), second=()), run.values[-1]


def named(spec: OpSpec, step: Step) -> dict[str, int | str]:
    """Where each argument of the row stands in a drawn step: a place, or a keyword. What was left out is missing.

    Several positional arguments that were drawn as one end the list.
    """
    found: dict[str, int | str] = {}
    place = 0
    for argument in spec.arguments:
        if argument.name in step.kwargs:
            found[argument.name] = argument.name
        elif not argument.keyword and place < len(step.args):
            found[argument.name] = place
            place += 1
            if argument.kind in _SPREAD:
                break
    return found
