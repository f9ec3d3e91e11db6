"""Programs as Python text: names, literals, calls, one statement a step; knows no engine and runs nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.acts import ACTS, MODES
from parity.program import Array, DType, Input, Program, Ref, Step
from parity.spellings import AUGMENTED, OPERATORS

#: Inputs by these names while they last, `x0, x1, ...` where there are more.
_LETTERS = ("x", "y", "z", "w")
_UNARY = frozenset({"neg", "logical_not", "bitwise_not"})
#: Arrays of so many elements are shown to people with all their values.
_FEW = 4


class Notation:
    """The names of a program's values, and its steps as statements.

    `lib` is the prefix of calls and dtypes: "torch." gives runnable text, "" the short form of a report.
    The result of an in-place step is the tensor that it changed and goes by that one's name, unless every
    value is to be `numbered`.
    """

    def __init__(self, program: Program, lib: str = "", *, numbered: bool = False) -> None:
        self.program = program
        self.lib = lib
        self.names = _names(program, numbered)

    def ref(self, ref: Ref) -> str:
        name = self.names[ref.index]
        return name if ref.item is None else f"{name}[{ref.item}]"

    def value(self, value: Any) -> str:
        """One argument as Python text."""
        if isinstance(value, Ref):
            return self.ref(value)
        if isinstance(value, DType):
            return f"{self.lib}{value.name}"
        if isinstance(value, slice):
            parts = (value.start, value.stop, value.step)
            return f"slice({', '.join(self.value(part) for part in parts)})"
        if value is Ellipsis:
            return "..."
        if isinstance(value, tuple):
            return f"({', '.join(self.value(item) for item in value)}{',' * (len(value) == 1)})"
        if isinstance(value, list):
            return f"[{', '.join(self.value(item) for item in value)}]"
        return literal(value)

    def index(self, index: Any) -> str:
        """What stands between the brackets of `x[...]`."""
        if isinstance(index, tuple):
            return ", ".join(self.index(item) for item in index) + "," * (len(index) == 1) if index else "()"
        if isinstance(index, slice):
            text = ":".join("" if part is None else self.value(part) for part in (index.start, index.stop))
            return text if index.step is None else f"{text}:{self.value(index.step)}"
        return self.value(index)

    def expression(self, step: Step) -> str:
        """The step's call, without the name that its result gets."""
        args, kwargs = step.args, step.kwargs
        if step.op in ACTS:
            return ACTS[step.op].text(self._pen, *args, **kwargs).replace("torch.", self.lib)
        if step.op == "getitem" and step.spelling in ("operator", "function"):
            return f"{self._operand(args[0])}[{self.index(args[1])}]"
        if step.spelling == "operator" and step.op in OPERATORS:
            symbol = OPERATORS[step.op][0]
            if step.op in _UNARY:
                return f"{symbol}{self._operand(args[0])}"
            return f"{self._operand(args[0])} {symbol} {self.value(args[1])}"
        keywords = [f"{key}={self.value(value)}" for key, value in kwargs.items()]
        positional = [self.value(arg) for arg in args]
        if step.spelling in ("method", "inplace") and args:
            name = step.op.rpartition(".")[2] + "_" * (step.spelling == "inplace")
            return f"{self._operand(args[0])}.{name}({', '.join(positional[1:] + keywords)})"
        return f"{self.lib}{step.op}({', '.join(positional + keywords)})"

    def statement(self, number: int, width: int = 0) -> str:
        """Step `number` as a statement; `width` pads the name so that the equal signs of a listing align."""
        step = self.program.steps[number]
        if step.modes:
            regions = ", ".join(MODES[mode].text.replace("torch.", self.lib) for mode in step.modes)
            return f"with {regions}: {self._change(number, 0)}"
        change = self._change(number, width)
        return change if step.seed is None else f"{self.lib}manual_seed({step.seed}); {change}"

    def _change(self, number: int, width: int) -> str:
        step = self.program.steps[number]
        name = self.names[len(self.program.inputs) + number]
        if step.op == "setitem" or (step.spelling == "augmented" and step.op in AUGMENTED):
            target = self.value(step.args[0])
            if step.op == "setitem":
                change = f"{name}[{self.index(step.args[1])}] = {self.value(step.args[2])}"
            else:
                change = f"{name} {AUGMENTED[step.op][0]} {self.value(step.args[1])}"
            return change if target == name else f"{name} = {target}; {change}"
        nameless = step.op in ACTS and ACTS[step.op].result == "nothing"
        if nameless or (_changes(step) and self.value(step.args[0]) == name):
            return self.expression(step)
        return f"{name:{width}} = {self.expression(step)}"

    def _pen(self, value: Any) -> str:
        return value if isinstance(value, str) else self.value(value)

    def _operand(self, value: Any) -> str:
        text = self.value(value)
        # A negative number binds weaker than ** and than an attribute's dot.
        return f"({text})" if isinstance(value, (int, float)) and text.startswith("-") else text


def _names(program: Program, numbered: bool) -> list[str]:
    count = len(program.inputs)
    names = list(_LETTERS[:count]) if count <= len(_LETTERS) else [f"x{i}" for i in range(count)]
    last = program.outputs[0] if len(program.outputs) == 1 else None
    for number, step in enumerate(program.steps):
        target = step.args[0] if step.args else None
        changes = step.op == "setitem" or step.spelling == "augmented" or _changes(step)
        if changes and not numbered and isinstance(target, Ref) and target.item is None:
            names.append(names[target.index])
        elif last is not None and last.item is None and last.index == count + number:
            names.append("out")
        else:
            names.append(f"t{number + 1}")
    return names


def _changes(step: Step) -> bool:
    """Whether the result is the tensor that the step was called on."""
    return bool(step.args) and (step.spelling == "inplace" or (step.op in ACTS and step.op.endswith("_")))


def literal(value: Any) -> str:
    """A plain Python value as text that evaluates to it, given `from math import inf, nan`."""
    if isinstance(value, complex):
        # repr(complex) loses the sign of zeros when it is read back.
        return f"complex({literal(value.real)}, {literal(value.imag)})"
    return repr(value)


def elements(array: Array) -> str:
    """All values of an array as nested lists, exact; for programs that must run, not for people."""
    if array.ndim == 0:
        return literal(array.item())
    return f"[{', '.join(elements(row) for row in array)}]"


def short(array: Array) -> str:
    """An array for a person: its values while there are at most a few, else its shape and range."""
    if array.ndim == 0:
        return brief(array[()])
    if 0 < array.size <= _FEW:
        return f"[{', '.join(short(np.asarray(row)) for row in array)}]"
    shape = "×".join(str(size) for size in array.shape)
    if not array.size or array.dtype.kind == "c":
        return shape
    with np.errstate(all="ignore"):
        low, high = np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)
    if low == high:
        return f"{shape} of {brief(low)}"
    return f"{shape} from {float(low):.3g} to {float(high):.3g}"


def brief(value: Any) -> str:
    """A number as torch prints one, `0.`, `1.5`, `3`, with the digits that tell it from its neighbours."""
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, float) and math.isfinite(number) and number == int(number) and abs(number) < 1e16:
        return "-0." if number == 0 and math.copysign(1, number) < 0 else f"{number:.0f}."
    # str of a NumPy float32 has the digits that a float32 needs; its item() would show those of a float64.
    return str(value) if isinstance(value, np.generic) else repr(number)


def describe(leaf: Input) -> str:
    """The dtype, whether grad is required, the layout: what follows an input's values in a listing."""
    words = [leaf.array.dtype.name]
    if leaf.requires_grad:
        words.append("requires grad")
    if leaf.layout != "contiguous":
        words.append(leaf.layout)
    return ", ".join(words)


def listing(program: Program, notes: Mapping[int, str] | None = None, *, limit: int = 14, leaves: int = 8) -> list[str]:
    """The program as aligned lines for a person; beyond `limit` steps or `leaves` inputs it is cut.

    `notes` adds a remark behind the line of a step, by its value's number.
    """
    notation = Notation(program)
    width = max(map(len, notation.names), default=0)
    tensors = [f"tensor({short(leaf.array)})" for leaf in program.inputs]
    column = max(map(len, tensors), default=0)
    lines = [
        f"{name:{width}} = {text:{column}}   {describe(leaf)}"
        for name, text, leaf in zip(notation.names, tensors, program.inputs)
    ]
    count = len(program.inputs)
    steps = [notation.statement(number, width) for number in range(len(program.steps))]
    for number, note in (notes or {}).items():
        steps[number - count] += f"   {note}"
    return _counted(lines, leaves, "inputs") + _counted(steps, limit, "steps")


def _counted(lines: list[str], limit: int, what: str) -> list[str]:
    """At most `limit` of the lines, from both ends."""
    if len(lines) <= limit:
        return lines
    limit = max(limit, 3)
    head, tail = limit // 2, limit - limit // 2 - 1
    return [*lines[:head], f"... {len(lines) - head - tail} more {what} ...", *lines[-tail:]]
