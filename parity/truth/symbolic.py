"""Derivatives of scalar programs from SymPy, as formulas; knows the same operators as a calculator.

For programs whose values are single real numbers, such as people check by hand. Only here SymPy is imported.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from parity.program import Program, Ref, substitute
from parity.truth.table import NoTruth

_LINES: Mapping[str, Callable[..., Any]] = {
    "add": lambda input, other, *, alpha=1: input + alpha * other,
    "sub": lambda input, other, *, alpha=1: input - alpha * other,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "neg": operator.neg,
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "sqrt": sympy.sqrt,
    "rsqrt": lambda input: 1 / sympy.sqrt(input),
    "square": lambda input: input**2,
    "reciprocal": lambda input: 1 / input,
    "exp": sympy.exp,
    "expm1": lambda input: sympy.exp(input) - 1,
    "log": sympy.log,
    "log1p": lambda input: sympy.log(1 + input),
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "atan2": sympy.atan2,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "sigmoid": lambda input: 1 / (1 + sympy.exp(-input)),
    "erf": sympy.erf,
    "maximum": sympy.Max,
    "minimum": sympy.Min,
    "relu": lambda input: sympy.Max(input, 0),
    "nn.functional.relu": lambda input: sympy.Max(input, 0),
    "sum": lambda input: input,
    "mean": lambda input: input,
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A derivative: its text, and its value at the program's inputs to 30 digits."""

    of: str
    by: str
    text: str
    value: Any

    def __str__(self) -> str:
        return f"d {self.of} / d {self.by} = {self.text}"

    def __float__(self) -> float:
        return float(self.value)


def derivatives(program: Program, names: Sequence[str] = (), *, of: str = "out") -> list[Formula]:
    """The derivative of the program's one output by each input that requires grad, in its own letters.

    Inputs are called `names`, else x0, x1 ... NoTruth for a program that is not scalar or no formula.
    """
    if len(program.outputs) != 1:
        raise NoTruth(f"a formula has one output, not {len(program.outputs)}")
    if any(leaf.array.shape != () or leaf.array.dtype.kind == "c" for leaf in program.inputs):
        raise NoTruth("a formula is about single real numbers")
    given = [names[i] if i < len(names) else f"x{i}" for i in range(len(program.inputs))]
    letters = [sympy.Symbol(name, real=True) for name in given]
    whole = expression(program, letters)
    at = {letter: sympy.Rational(leaf.array.item()) for letter, leaf in zip(letters, program.inputs)}
    found = []
    for number in program.differentiable:
        derivative = sympy.simplify(sympy.diff(whole, letters[number]))
        found.append(Formula(of, given[number], str(derivative), derivative.subs(at).evalf(30)))
    return found


def expression(program: Program, letters: Sequence[Any]) -> Any:
    """The program's one output in terms of its inputs' letters."""
    values: list[Any] = list(letters)
    for step in program.steps:
        if step.op not in _LINES:
            raise NoTruth(f"{step.op} has no formula here")
        if step.spelling in ("inplace", "augmented", "out"):
            raise NoTruth("a formula writes nowhere")

        def resolve(leaf: Any) -> Any:
            if not isinstance(leaf, Ref) or leaf.item is not None:
                raise NoTruth(f"{step.op} takes more than numbers")  # noqa: B023
            return values[leaf.index]

        args = [_exact(arg) for arg in substitute(step.args, resolve)]
        kwargs = {key: _exact(substitute(arg, resolve)) for key, arg in step.kwargs.items()}
        try:
            values.append(_LINES[step.op](*args, **kwargs))
        except TypeError as error:
            raise NoTruth(f"{step.op}: {error}") from error
    return values[program.outputs[0].index]


def _exact(number: Any) -> Any:
    return sympy.nsimplify(number, rational=True) if isinstance(number, float) else number
