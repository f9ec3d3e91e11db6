"""Runs a program on an engine and records what it made of it; knows no operator and no engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from parity.engines.protocol import Array, Raised, Run, Value
from parity.program import DType, Input, Program, Ref, Step, substitute

#: Spellings that write into memory which has a number already.
WRITING = frozenset({"inplace", "augmented", "out"})


def execute(program: Program, engine: Any, *, gradients: bool = True) -> Run:
    """Run the program; errors of the engine end up in `Run.error`, with what was known until then.

    Values are taken when they are computed: a later in-place step does not rewrite them. Outputs that do not
    require grad take no part in the backward pass, so that one program can compare their values too.
    """
    if hasattr(engine, "run"):  # an engine that takes programs whole
        found: Run = engine.run(program if gradients else program.with_(outputs=(), cotangents=(), second=()))
        return found
    live = Live(engine, copying=any(writes(step) for step in program.steps))
    if not live.attempt_each("input", live.add_input, program.inputs):
        return live.run
    live.attempt_each("step", live.add_step, program.steps)
    live.run.aliases = live.aliases()
    live.run.lazy = lazy(live.tensors)
    if gradients and program.cotangents and live.run.error is None:
        live.differentiate(program)
    live.run.touched = live.touched(program.inputs)
    if not getattr(engine, "flags", True):
        live.run.requires_grad = []  # the engine itself does not say
    return live.run


def writes(step: Step) -> bool:
    """Whether the step writes into one of its arguments."""
    return step.spelling in WRITING or step.op == "setitem"


def missing(program: Program, engine: Any) -> tuple[str, ...]:
    """What the program needs and the engine lacks, by torch's names; with the spelling if only that lacks."""
    if hasattr(engine, "lacking"):
        return tuple(engine.lacking(program))
    lacking = []
    for step in program.steps:
        if not engine.supports(step.op, step.spelling):
            plain = step.spelling == "function" or not engine.supports(step.op)
            lacking.append(step.op if plain else f"{step.op} ({step.spelling})")
    names = {leaf.array.dtype.name for leaf in program.inputs}
    for step in program.steps:
        names.update(part.name for part in _dtypes((step.args, tuple(step.kwargs.values()))))
    for name in sorted(names):
        try:
            engine.dtype(name)
        except AttributeError:
            lacking.append(name)
    return tuple(dict.fromkeys(lacking))


class Live:
    """A program in the course of running: the engine's tensors by number, and the record so far."""

    def __init__(self, engine: Any, *, copying: bool) -> None:
        self.engine = engine
        self.copying = copying
        #: The engine's own tensor, or tuple of tensors, of each value.
        self.tensors: list[Any] = []
        self.run = Run(engine.name)
        self.shares = getattr(engine, "shares_memory", True)
        #: Per value, the arrays through which its memory is seen (never copies).
        self._memory: list[Value] = []
        self._inputs = 0

    def attempt(self, moment: str, action: Callable[[], None]) -> bool:
        """Run `action`; record what it raises and say whether it went well."""
        try:
            action()
        except Exception as error:
            self.run.error = Raised(type(error).__name__, str(error), moment)
        return self.run.error is None

    def attempt_each(self, moment: str, action: Callable[[Any], None], parts: Sequence[Any]) -> bool:
        """Run `action` on one part after the other, until one raises: the moment of that has its number."""
        done = 0
        try:
            for part in parts:
                action(part)
                done += 1
        except Exception as error:
            self.run.error = Raised(type(error).__name__, str(error), f"{moment} {done}")
        return self.run.error is None

    def add_input(self, leaf: Input) -> None:
        tensor = self.engine.tensor(leaf.materialise(), leaf.requires_grad)
        self.tensors.append(tensor)
        memory = self.engine.array(tensor)
        self._memory.append(memory)
        self.run.values.append(memory.copy() if self.copying else memory)
        self.run.requires_grad.append(self.engine.requires_grad(tensor))
        self._inputs += 1

    def add_step(self, step: Step) -> None:
        engine, run = self.engine, self.run
        args = tuple([self.resolve(arg) for arg in step.args])
        kwargs = {key: self.resolve(value) for key, value in step.kwargs.items()} if step.kwargs else {}
        if step.seed is not None and hasattr(engine, "seed"):
            engine.seed(step.seed)
        result = engine.call(step.op, args, kwargs, step.spelling)
        if isinstance(result, (tuple, list)):
            tensors = tuple(result)
            memory: Value = tuple([engine.array(part) for part in tensors])
            needs: bool | tuple[bool, ...] = tuple([engine.requires_grad(part) for part in tensors])
            self.tensors.append(tensors)
        else:
            memory = engine.array(result)
            needs = engine.requires_grad(result)
            self.tensors.append(result)
        self._memory.append(physical(engine, result, memory))
        run.values.append(_copied(memory) if self.copying else memory)
        run.requires_grad.append(needs)

    def aliases(self) -> list[int | None]:
        """See `Run.aliases`; empty where the engine hands out copies, so that nothing can be known."""
        return aliases(self._memory, self._inputs) if self.shares else []

    def resolve(self, argument: Any) -> Any:
        """An argument of a step as the engine takes it."""
        kind = type(argument)
        if kind is Ref:
            tensor = self.tensors[argument.index]
            return tensor if argument.item is None else tensor[argument.item]
        if kind is int or kind is float or kind is bool or argument is None:
            return argument
        if kind is DType:
            return self.engine.dtype(argument.name)
        return substitute(argument, self.resolve)

    def differentiate(self, program: Program) -> None:
        """Backward from the outputs; then from the first gradients, if the program asks for it."""
        count = len(program.differentiable)
        self.run.gradients = [None] * count
        self.run.second = [None] * count if program.second else []
        if self.attempt("backward", lambda: self._backward(program)) and program.second:
            self.attempt("second", lambda: self._second(program))

    def _backward(self, program: Program) -> None:
        engine = self.engine
        outputs, seeds, handed = [], [], []
        for ref, cotangent in zip(program.outputs, program.cotangents, strict=True):
            output = self.resolve(ref)
            if engine.requires_grad(output):
                outputs.append(output)
                seeds.append(engine.tensor(cotangent.copy(), False))
                handed.append((ref.index, seeds[-1], cotangent))
        self._leaves = [self.tensors[number] for number in program.differentiable]
        self._first: Sequence[Any] = [None] * len(self._leaves)
        if not outputs or not self._leaves:
            return
        wanted = self._leaves
        traced = getattr(engine, "traced", False)
        if traced:
            rest = [t for t in self.tensors if not isinstance(t, tuple) and engine.requires_grad(t)]
            wanted = wanted + rest
        found = engine.grad(outputs, wanted, seeds, bool(program.second))
        self.run.seeds_touched = [
            number for number, seed, given in handed if engine.array(seed).tobytes() != given.tobytes()
        ]
        self._first = found[: len(self._leaves)]
        self.run.gradients = [None if g is None else engine.array(g) for g in self._first]
        if traced:
            known = {id(t): g for t, g in zip(rest, found[len(self._leaves) :], strict=True)}
            at = [known.get(id(t)) for t in self.tensors]
            self.run.intermediate = [None if g is None else engine.array(g) for g in at]

    def _second(self, program: Program) -> None:
        engine = self.engine
        outputs, seeds = [], []
        for gradient, weight in zip(self._first, program.second, strict=True):
            if gradient is not None and weight is not None and engine.requires_grad(gradient):
                outputs.append(gradient)
                seeds.append(engine.tensor(weight.copy(), False))
        if outputs:
            found = engine.grad(outputs, self._leaves, seeds, False)
            self.run.second = [None if g is None else engine.array(g) for g in found]

    def touched(self, inputs: Sequence[Input]) -> list[int]:
        """The inputs whose memory holds other values than it was given, bit for bit."""
        array = self.engine.array
        return [
            number
            for number, (leaf, tensor) in enumerate(zip(inputs, self.tensors, strict=False))
            if array(tensor).tobytes() != leaf.array.tobytes()
        ]


def aliases(memory: Sequence[Value], inputs: int) -> list[int | None]:
    """For each value after the inputs, the lowest number of an earlier one whose memory it shares."""
    flat: list[tuple[int, Array]] = []
    found: list[int | None] = []
    for number, value in enumerate(memory):
        parts = value if isinstance(value, tuple) else () if value is None else (value,)
        if number >= inputs:
            found.append(_first_sharing(parts, flat))
        flat += [(number, part) for part in parts]
    return found


def _first_sharing(parts: Sequence[Array], earlier: Sequence[tuple[int, Array]]) -> int | None:
    share = np.may_share_memory
    for number, other in earlier:
        for part in parts:
            if share(part, other):
                return number
    return None


def lazy(tensors: Sequence[Any]) -> list[int]:
    """The values that are lazy conjugates, or parts of such that are lazily negative; only torch has them."""
    found = []
    for number, value in enumerate(tensors):
        parts = value if isinstance(value, tuple) else (value,)
        if any(_conjugated(part) or getattr(part, "is_neg", bool)() for part in parts):
            found.append(number)
    return found


def _conjugated(tensor: Any) -> bool:
    return bool(getattr(tensor, "is_conj", bool)())


def _negated(tensor: Any) -> bool:
    return bool(getattr(tensor, "is_neg", bool)())


def physical(engine: Any, result: Any, array: Value) -> Value:
    """The array through which memory is seen: of what torch conjugates or negates by a bit the values are a copy."""
    if isinstance(array, tuple):
        return tuple([physical(engine, part, seen) for part, seen in zip(result, array)])  # type: ignore[misc]
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc":
        return array
    conjugated, negated = array.dtype.kind == "c" and _conjugated(result), _negated(result)
    if not conjugated and not negated:
        return array
    result = result.detach().conj() if conjugated else result.detach()
    seen: Array = engine.array(result._neg_view() if negated else result)
    return seen


def _copied(memory: Value) -> Value:
    if isinstance(memory, tuple):
        return tuple([part.copy() for part in memory])
    return None if memory is None else memory.copy()


def _dtypes(tree: Any) -> list[DType]:
    found: list[DType] = []
    substitute(tree, lambda leaf: found.append(leaf) if isinstance(leaf, DType) else None)
    return found


__all__ = ["WRITING", "Array", "Live", "aliases", "execute", "lazy", "missing", "physical", "writes"]
