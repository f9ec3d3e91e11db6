"""Well-known mistakes of hand-written engines, each recognised by an experiment on a program of a line or two.

Knows the mistakes and no engine. Each experiment stands for itself: what an engine lacks is not tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from parity.engines.interpreter import execute
from parity.engines.protocol import UNSUPPORTED, Array, Run
from parity.program import Input, Program, Ref, Step


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A mistake by its name and number (docs/notebooks.md), how it showed, what shows it, and what to do."""

    number: int
    name: str
    seen: str
    trigger: str
    remedy: str

    def record(self) -> dict[str, Any]:
        return {"type": "diagnosis", **asdict(self)}

    def lines(self) -> list[str]:
        trigger = self.trigger.splitlines()
        return [
            f"MISTAKE {self.number}: {self.name}",
            *(f"    {line}" for line in trigger),
            f"    seen      {self.seen}",
            f"    remedy    {self.remedy}",
        ]


class Patient:
    """An engine, asked for the gradients of small programs."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def has(self, op: str, *args: Any) -> bool:
        return bool(self.engine.takes(Step(op, args)))

    def run(self, leaves: Sequence[Any], *steps: tuple[Any, ...]) -> Run | None:
        """The program of these steps, (operator, arguments…), backward from ones; None where it is unsupported."""
        calls = tuple(Step(op, tuple(args)) for op, *args in steps)
        if not all(self.engine.takes(step) for step in calls):
            return None
        dtype = self.engine.abilities.dtype
        inputs = tuple(Input(np.array(leaf, dtype), True) for leaf in leaves)
        program = Program(inputs, calls, (Ref(len(leaves) + len(calls) - 1),))
        values = execute(program.with_(outputs=()), self.engine)
        if values.error is not None or not isinstance(values.values[-1], np.ndarray):
            return None if values.error is not None and values.error.type == UNSUPPORTED else values
        found = execute(program.with_(cotangents=(np.ones_like(values.values[-1]),)), self.engine)
        return None if found.error is not None and found.error.type == UNSUPPORTED else found

    def gradients(self, leaves: Sequence[Any], *steps: tuple[Any, ...]) -> list[Array] | None:
        """Gradients, zeros for None; None where the program does not get that far."""
        run = self.run(leaves, *steps)
        if run is None or run.error is not None or not run.gradients:
            return None
        shaped = zip(run.gradients, leaves)
        return [np.zeros(np.shape(leaf)) if found is None else found for found, leaf in shaped]


def diagnose(engine: Any) -> list[Diagnosis]:
    """The mistakes that show, the most fundamental first; empty for engines that are not probed."""
    if not hasattr(engine, "abilities"):
        return []
    patient = Patient(engine)
    return [found for look in EXPERIMENTS for found in look(patient)]


_X, _Y, _A, _B = Ref(0), Ref(1), Ref(2), Ref(3)


def one_level(patient: Patient) -> Iterator[Diagnosis]:
    for op in ("mul", "add"):
        single = patient.gradients([3.0, 5.0], (op, _X, _Y))
        double = patient.gradients([3.0, 5.0], (op, _X, _Y), (op, _A, _Y))
        if single is None or double is None:
            continue
        if single[0] == (5.0 if op == "mul" else 1.0) and double[0] == 0:
            yield Diagnosis(
                4,
                "backward stops after one level",
                f"x gets {_said(single[0])} from t.backward(), and nothing from out.backward()",
                f"t = {_call(op, 'x', 'y')}\nout = {_call(op, 't', 'y')}; out.backward()",
                "backward calls the rules of all nodes that led to it, the latest first, not its own alone",
            )
            return


def overwritten(patient: Patient) -> Iterator[Diagnosis]:
    for op, once, twice in (("add", 1.0, 2.0), ("mul", 3.0, 6.0)):
        found = patient.gradients([3.0], (op, _X, _X))
        if found is not None and found[0] == once:
            yield Diagnosis(
                1,
                "a gradient is overwritten instead of accumulated",
                f"x = 3 is used twice and gets {_said(found[0])}, one use's share, not {_said(twice)}",
                f"out = {_call(op, 'x', 'x')}\nout.backward()",
                "a value that is used several times adds up what each use hands back",
            )
            return


def pushed_again(patient: Patient) -> Iterator[Diagnosis]:
    plain = patient.gradients([3.0], ("add", _X, _X))
    found = patient.gradients([3.0, 5.0], ("mul", _X, _Y), ("add", _A, _A))
    if plain is not None and found is not None and plain[0] == 2 and found[0] == 15:
        yield Diagnosis(
            3,
            "a node's whole accumulated gradient is pushed on again at each visit",
            "x gets 3 * y: t hands on 1 when it is met first, and 2 when it is met again",
            "t = x * y\nout = t + t; out.backward()",
            "a node hands on its gradient once, when all its uses are in; or at each visit only what came with it",
        )


_PLAIN: tuple[tuple[str, str, Callable[[float, float], float]], ...] = (
    ("sub", "-", lambda a, b: a - b),
    ("div", "/", lambda a, b: a / b),
    ("pow", "**", lambda a, b: a**b),
)


def swapped(patient: Patient) -> Iterator[Diagnosis]:
    for op, sign, truth in _PLAIN:
        run = patient.run([4.0], (op, 3.0, _X))
        value = None if run is None or len(run.values) < 2 else run.values[-1]
        if isinstance(value, np.ndarray) and np.allclose(value, truth(4.0, 3.0)):
            yield Diagnosis(
                10,
                f"the reflected operator of {sign} has its operands swapped",
                f"with x = 4 the value is {_said(value)}, that of x {sign} 3, not {_said(truth(3.0, 4.0))}",
                f"x = 4\nout = 3 {sign} x",
                f"the reflected method is called on the right operand: it computes other {sign} self",
            )


def reflected_missing(patient: Patient) -> Iterator[Diagnosis]:
    lacking = [
        sign
        for op, sign in (("add", "+"), ("sub", "-"), ("mul", "*"), ("div", "/"))
        if patient.has(op, _X, 2.0) and not patient.has(op, 2.0, _X)
    ]
    if lacking:
        yield Diagnosis(
            8,
            f"the reflected operator is missing: {', '.join(lacking)}",
            f"x {lacking[0]} 2 gives a value, 2 {lacking[0]} x does not",
            f"x {lacking[0]} 2\n2 {lacking[0]} x",
            "Python asks the right operand's reflected method (__radd__ and its kin) where the left one is a number",
        )


def exponent(patient: Patient) -> Iterator[Diagnosis]:
    found = patient.gradients([2.0, 3.0], ("pow", _X, _Y))
    if found is not None and np.allclose(found[0], 12.0) and found[1] == 0:
        yield Diagnosis(
            12,
            "the exponent's gradient is missing",
            "x gets 12, as it should; y gets nothing, and should get x ** y * log(x) = 5.545",
            "x, y = 2, 3\nout = x ** y; out.backward()",
            "an exponent that is a value has a derivative, too",
        )


def broadcasting(patient: Patient) -> Iterator[Diagnosis]:
    if patient.engine.abilities.scalar:
        return
    wide, row = np.arange(1.0, 7.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    for op in ("add", "mul", "sub"):
        for small, name in ((row, "(3,)"), (np.array([[1.0], [2.0]]), "(2, 1)")):
            run = patient.run([wide, small], (op, _X, _Y))
            if run is None or len(run.values) < 3:
                continue
            gradient = run.gradients[1] if run.error is None else None
            if run.error is None and gradient is None:
                continue
            if gradient is not None and gradient.shape == small.shape:
                continue
            told = f"raises {run.error.type}" if run.error else f"has shape {getattr(gradient, 'shape', None)}"
            yield Diagnosis(
                20,
                "broadcasting is not undone",
                f"x has shape (2, 3), y {name}; the gradient of y {told}",
                f"out = {_call(op, 'x', 'y')}\nout.backward()",
                "a gradient is summed over the axes along which its value was repeated, to the value's own shape",
            )
            return


def ties(patient: Patient) -> Iterator[Diagnosis]:
    if patient.engine.abilities.scalar:
        return
    for op in ("amax", "max", "amin", "min"):
        found = patient.gradients([[2.0, 2.0]], (op, _X))
        if found is not None and found[0].shape == (2,) and (found[0] == found[0][0]).all() and found[0][0] != 0.5:
            what = "all of it" if found[0][0] == 1 else _said(found[0][0])
            yield Diagnosis(
                23,
                f"at a tie of {op} every one gets {what}",
                f"two equal elements get {found[0].tolist()}: together {_said(found[0].sum())}, not 1",
                f"x = [2, 2]\nx.{op}().backward()",
                "the gradient is shared among the elements that tie (torch), or goes to one of them",
            )
            return


def powers(patient: Patient) -> Iterator[Diagnosis]:
    for base, slope in ((0.0, 0.0), (-2.0, -4.0)):
        run = patient.run([base], ("pow", _X, 2))
        if run is None or (run.error is None and (not run.gradients or run.gradients[0] is None)):
            continue
        wrong = run.error is not None or not np.allclose(run.gradients[0], slope)  # type: ignore[arg-type]
        tame = patient.gradients([3.0], ("pow", _X, 2))
        if wrong and tame is not None and np.allclose(tame[0], 6.0):
            seen = f"raises {run.error.type}" if run.error else f"gives {_said(run.gradients[0])}"
            yield Diagnosis(
                13,
                f"a power of {_said(base)} goes wrong",
                f"x = {_said(base)}: the derivative of x ** 2 {seen}, not {_said(slope)}; at x = 3 it is right",
                f"x = {_said(base)}\n(x ** 2).backward()",
                "no division by the base and no logarithm of it where the exponent is a number",
            )
            return


def kinks(patient: Patient) -> Iterator[Diagnosis]:
    for op, low, high in (("relu", 0.0, 1.0), ("abs", -1.0, 1.0)):
        found = patient.gradients([0.0], (op, _X))
        if found is not None and not (low <= found[0]).all() & (found[0] <= high).all():
            yield Diagnosis(
                25 if np.isnan(found[0]).any() else 24,
                f"the gradient of {op} at 0 is " + ("nan" if np.isnan(found[0]).any() else "no subgradient"),
                f"it is {_said(found[0])}; anything from {_said(low)} to {_said(high)} would be one, torch says 0",
                f"x = 0\nx.{op}().backward()",
                "at the kink take a number between the slopes on its two sides",
            )


EXPERIMENTS: tuple[Callable[[Patient], Iterator[Diagnosis]], ...] = (
    one_level, overwritten, pushed_again, swapped, exponent, broadcasting, powers, ties, kinks, reflected_missing,
)  # fmt: skip


def _call(op: str, a: str, b: str) -> str:
    return f"{a} {'+' if op == 'add' else '-' if op == 'sub' else '*'} {b}"


def _said(number: Any) -> str:
    return f"{float(number):.4g}"
