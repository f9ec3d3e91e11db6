"""Every operator of two tensors on every pair of dtypes: the dtype of its result, or the type of its error.

Calls are derived from the catalogue's rows; knows no operator. Values are ones: only dtypes and shapes are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

import numpy as np

from parity.catalogue import OpSpec
from parity.program import Input, Program, references
from parity.spellings import Spelling
from parity.strategies.dtypes import KINDS
from parity.tables.calls import Answer, answered, asked, cast, drawn
from parity.tables.score import Score

DTYPES = tuple(name for names in KINDS.values() for name in names)
NUMBERS = (True, 2, 1.5, 1.5 + 1j)
#: Kinds of argument that broadcast with the first tensor: an operator of these is called with tensors of two shapes.
_TOGETHER = frozenset(["tensor", "beside", "operand", "degree", "bound", "mask"])
_SHAPES: tuple[tuple[int, ...], ...] = ((2,), ())


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor of ones, sized or 0-dim."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}" if self.shape else f"{self.dtype} 0-dim"


Side = Operand | bool | int | float | complex


@dataclass(frozen=True, slots=True)
class Question:
    """One call: an operator's two operands, its spelling, and the dtype of `out=`."""

    op: str
    spelling: Spelling
    left: Side
    right: Side
    out: str = ""

    def __str__(self) -> str:
        out = f", out={self.out}" if self.out else ""
        return f"{self.op}({self.left}, {self.right}{out}) as {self.spelling}"


def together(spec: OpSpec) -> bool:
    """Whether the operator takes two tensors that broadcast and needs nothing else."""
    needed = [a for a in spec.arguments if not a.optional or a.kind == "bound"]
    return len(needed) >= 2 and all(a.kind in _TOGETHER for a in needed) and spec.family != "random"


def questions(spec: OpSpec) -> Iterator[Question]:
    """Every call of one operator of operands that broadcast."""
    tensors = [Operand(dtype, shape) for dtype in DTYPES for shape in _SHAPES]
    sides: list[Side] = [*tensors, *NUMBERS]
    plain: tuple[Spelling, ...] = ("function", "operator")
    writing: tuple[Spelling, ...] = ("inplace", "augmented")
    for spelling in plain:
        if spelling in spec.spellings:
            for left, right in product(sides, repeat=2):
                if isinstance(left, Operand) or isinstance(right, Operand):
                    yield Question(spec.name, spelling, left, right)
    for spelling in writing:
        if spelling in spec.spellings:
            for left, right in product(tensors, sides):
                yield Question(spec.name, spelling, left, right)
    if "out" in spec.spellings:
        for dtypes in product(DTYPES, repeat=3):
            yield Question(spec.name, "out", Operand(dtypes[0], (2,)), Operand(dtypes[1], (2,)), dtypes[2])


class Asking:
    """An engine to put questions to: its tensors are made once, except those that are written."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self._made: dict[Operand, Any] = {}

    def answer(self, spec: OpSpec, question: Question) -> Answer:
        left, right = question.left, question.right
        writes = question.spelling in ("inplace", "augmented")
        target = self._fresh(left) if writes and isinstance(left, Operand) else self._side(left)
        args, kwargs = self._filled(spec, target, self._side(right))
        if question.out:
            # made by the engine itself: memory that came from NumPy cannot be resized
            kwargs["out"] = self.engine.call("zeros", ((2,),), {"dtype": self.engine.dtype(question.out)}, "function")
        return asked(self.engine, spec.name, args, kwargs, question.spelling)

    def _filled(self, spec: OpSpec, left: Any, right: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The operands as the row's arguments: a third one is like the second, a mask is a mask."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        rest = iter((left, right))
        for argument in spec.arguments:
            if argument.optional and argument.kind != "bound":
                continue
            value = self._side(Operand("bool", (2,))) if argument.kind == "mask" else next(rest, right)
            if argument.keyword:
                kwargs[argument.name] = value
            else:
                args.append(value)
        return tuple(args), kwargs

    def _side(self, side: Side) -> Any:
        if not isinstance(side, Operand):
            return side
        if side not in self._made:
            self._made[side] = self._fresh(side)
        return self._made[side]

    def _fresh(self, operand: Operand) -> Any:
        return self.engine.tensor(np.ones(operand.shape, operand.dtype), False)


def recast(program: Program) -> Iterator[tuple[str, Program]]:
    """A drawn call on every pair of dtypes of its first two tensors, the others like the second; and their dtypes."""
    first, *rest = dict.fromkeys(ref.index for ref in references((program.steps[0].args,)))
    for left, right in product(DTYPES, repeat=2):
        inputs = list(program.inputs)
        for number in (first, *rest):
            leaf = inputs[number]
            inputs[number] = Input(cast(leaf.array, left if number == first else right), layout=leaf.layout)
        yield f"{left}, {right}", replace(program, inputs=tuple(inputs))


def score(catalogue: Iterable[OpSpec], reference: Any, subject: Any, *, every: int = 1) -> Score:
    """The calls put to both engines, the reference in its settings; one in `every`."""
    found = Score("promotion")
    torch, other = Asking(reference), Asking(subject)
    for spec in catalogue:
        if not any(subject.supports(spec.name, spelling) for spelling in spec.spellings):
            continue
        if together(spec):
            for number, question in enumerate(questions(spec)):
                if number % every:
                    continue
                if subject.supports(spec.name, question.spelling):
                    _add(found, spec.name, torch.answer(spec, question), other.answer(spec, question), question)
                else:
                    found.lacking += 1
        elif "random" not in spec.tags and (program := _of_several(spec, reference)) is not None:
            for label, changed in islice(recast(program), 0, None, every):
                theirs, ours = answered(reference, changed), answered(subject, changed)
                _add(found, spec.name, theirs, ours, f"{spec.name}({label})")
    return found


def _add(found: Score, op: str, theirs: Answer, ours: Answer, call: object) -> None:
    found.add(op, call, theirs, ours, theirs.what != ours.what and "another answer")


def _of_several(spec: OpSpec, reference: Any) -> Program | None:
    """A drawn call with two tensors among its positional arguments."""
    for program, _ in drawn(spec, reference):
        if len({ref.index for ref in references((program.steps[0].args,))}) >= 2:
            return program
    return None
