"""What an engine must do before its maths can be compared; an adapter's author runs this first.

Knows two operators, `add` and `mul`. Checks go from the basic to the involved and stop at the first that
fails, so that one missing basic does not show up as a hundred failures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.engines.interpreter import execute
from parity.engines.protocol import Array, Run
from parity.program import LAYOUTS, Input, Program, Ref, Step, laid_out

_REQUIRED = ("float32", "float64")
_OPTIONAL = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "complex64", "complex128")
_X = np.array([[1.0, -2.0, 0.5], [4.0, 0.25, -1.5]])
_Y = np.array([3.0, -1.0, 2.0])
_SEED = np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 4.0]])


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that failed, and what was seen."""

    check: str
    problem: str

    def __str__(self) -> str:
        return f"{self.check}: {self.problem}"


class Broken(Exception):
    """The problem that a check found."""


def conform(engine: Any) -> Finding | None:
    """The first check that fails; None if the engine can be compared."""
    for name, check in checks(engine).items():
        try:
            check(engine)
        except Broken as problem:
            return Finding(name, str(problem))
        except Exception as error:
            return Finding(name, f"{type(error).__name__}: {error}")
    return None


def checks(engine: Any) -> dict[str, Callable[[Any], None]]:
    """The checks that make sense: of an engine that takes programs whole, those that are programs."""
    if not hasattr(engine, "run"):
        return CHECKS
    lonely = {"errors"} if _scalar(engine) else set()
    return {"inputs": inputs, **{name: check for name, check in BY_PROGRAMS.items() if name not in lonely}}


def inputs(engine: Any) -> None:
    """The inputs of a program come back as its first values."""
    run = _run(engine, [], 0)
    for number, array in enumerate(_leaves(engine)[:2]):
        _equal(f"input {number}", run.values[number], array)


def dtype_map(engine: Any) -> None:
    """`dtype(name)` names the dtype that a tensor made of such an array has."""
    for name in _REQUIRED:
        try:
            engine.dtype(name)
        except AttributeError:
            raise Broken(f"there is no dtype {name}") from None
    for name in _REQUIRED + _OPTIONAL:
        try:
            dtype = engine.dtype(name)
        except AttributeError:
            continue
        tensor = engine.tensor(np.zeros(2, name), False)
        if hasattr(tensor, "dtype") and tensor.dtype != dtype:
            raise Broken(f"a tensor of a {name} array has dtype {tensor.dtype}, not {dtype}")


def round_trip(engine: Any) -> None:
    """An array comes back as it went in: dtype, shape, values, in every layout."""
    for name in _REQUIRED + _OPTIONAL:
        try:
            engine.dtype(name)
        except AttributeError:
            continue
        for shape in ((), (3,), (2, 3), (0,), (2, 0, 3)):
            array = np.ones(shape, name) if not shape else np.resize(np.array([0, 1, 1, 0, 1]), shape).astype(name)
            for layout in LAYOUTS if array.size and name in _REQUIRED else LAYOUTS[:1]:
                given = laid_out(array, layout)
                back = engine.array(engine.tensor(laid_out(array, layout), False))
                _equal(f"a {name} array of shape {shape}, {layout},", back, given)


def flags(engine: Any) -> None:
    """What is made of a tensor that requires grad requires grad; what is not does not."""
    if engine.requires_grad(engine.tensor(_X.copy(), False)):
        raise Broken("a tensor that was asked not to require grad does")
    leaf = engine.tensor(_X.copy(), True)
    if not engine.requires_grad(leaf):
        raise Broken("a tensor that was asked to require grad does not")
    result = engine.call("mul", (leaf, engine.tensor(_Y.copy(), False)), {}, "function")
    if not engine.requires_grad(result):
        raise Broken("a product with a tensor that requires grad does not require grad")


def values(engine: Any) -> None:
    """x * y broadcasts; inputs keep their values."""
    x, y, _ = _leaves(engine)
    run = _run(engine, [Step("mul", (Ref(0), Ref(1)))], 0)
    _equal("x * y", run.values[2], x * y)
    if run.touched:
        raise Broken(f"x * y wrote into its operand {run.touched[0]}")


def gradients(engine: Any) -> None:
    """The gradient of x * y is the seed times the other factor, summed where it was broadcast."""
    x, y, seed = _leaves(engine)
    run = _run(engine, [Step("mul", (Ref(0), Ref(1)))], 1)
    _equal("the gradient of x * y in x", run.gradients[0], seed * y)
    broadcast = "" if _scalar(engine) else ", which was broadcast,"
    _equal(f"the gradient of x * y in y{broadcast}", run.gradients[1], (seed * x).sum(axis=0 if x.ndim else None))


def unused(engine: Any) -> None:
    """An input that the output does not depend on has the gradient None."""
    run = _run(engine, [Step("mul", (Ref(0), Ref(0)))], 1)
    if run.gradients[1] is not None:
        raise Broken(f"the gradient in an input that is not used is {run.gradients[1]!r}, not None")


def graph_reuse(engine: Any) -> None:
    """A value that is used twice gets both gradients: x * x, and a product that is used again."""
    x, y, seed = _leaves(engine)
    run = _run(engine, [Step("mul", (Ref(0), Ref(0)))], 1)
    _equal("the gradient of x * x", run.gradients[0], 2 * seed * x)
    steps = [Step("mul", (Ref(0), Ref(1))), Step("mul", (Ref(2), Ref(2))), Step("add", (Ref(3), Ref(2)))]
    product = x * y
    run = _run(engine, steps, 1)
    _equal("the gradient of p * p + p, p = x * y,", run.gradients[0], seed * (2 * product + 1) * y)


def zeroing(engine: Any) -> None:
    """Asking for gradients twice, of fresh tensors or of the same ones, adds nothing up."""
    again(engine)
    leaf = engine.tensor(_X.copy(), True)
    for time in ("first", "second"):
        result = engine.call("mul", (leaf, engine.tensor(_Y.copy(), False)), {}, "function")
        (found,) = engine.grad([result], [leaf], [engine.tensor(_SEED.copy(), False)], False)
        _equal(f"the gradient of the same leaf, asked for the {time} time,", engine.array(found), _SEED * _Y)


def again(engine: Any) -> None:
    """The same program twice gives the same gradients."""
    steps = [Step("mul", (Ref(0), Ref(1)))]
    first, second = _run(engine, steps, 1), _run(engine, steps, 1)
    _equal("the gradient in a second run", second.gradients[0], _array(first.gradients[0]))


def errors(engine: Any) -> None:
    """Shapes that do not broadcast raise, at the step, and leave the engine usable."""
    bad = Program((Input(np.ones(3), True), Input(np.ones(2), True)), (Step("add", (Ref(0), Ref(1))),), ())
    if execute(bad, engine).error is None:
        raise Broken("adding shapes (3,) and (2,) raised nothing")
    values(engine)


CHECKS: dict[str, Callable[[Any], None]] = {
    "dtype map": dtype_map,
    "round trip": round_trip,
    "requires grad": flags,
    "values": values,
    "gradients": gradients,
    "unused inputs": unused,
    "graph reuse": graph_reuse,
    "zeroing": zeroing,
    "errors": errors,
}

#: Those that run programs and look at nothing else.
BY_PROGRAMS: dict[str, Callable[[Any], None]] = {
    "values": values,
    "gradients": gradients,
    "graph reuse": graph_reuse,
    "zeroing": again,
    "errors": errors,
}


def _scalar(engine: Any) -> bool:
    return hasattr(engine, "abilities") and engine.abilities.scalar


def _leaves(engine: Any) -> tuple[Array, Array, Array]:
    """x, y and the gradient of their product: numbers where an engine has no arrays."""
    return (_X[0, 1], _Y[1], _SEED[1, 2]) if _scalar(engine) else (_X, _Y, _SEED)


def _run(engine: Any, steps: list[Step], order: int) -> Run:
    x, y, seed = map(np.asarray, _leaves(engine))
    if getattr(engine, "ones", False):
        seed = np.ones_like(seed)
    program = Program(
        (Input(x, True), Input(y, True)),
        tuple(steps),
        (Ref(1 + len(steps)),) if order else (),
        (seed,) if order else (),
    )
    run = execute(program, engine)
    if run.error is not None:
        raise Broken(f"{run.error.type} at {run.error.moment}: {run.error.message}")
    return run


def _array(value: Any) -> Array:
    if not isinstance(value, np.ndarray):
        raise Broken(f"expected an array, got {value!r}")
    return value


def _equal(what: str, found: Any, expected: Array) -> None:
    found = _array(found)
    if found.dtype != expected.dtype or found.shape != expected.shape:
        seen, wanted = f"{found.dtype} of shape {found.shape}", f"{expected.dtype} of shape {expected.shape}"
        raise Broken(f"{what} is {seen}, expected {wanted}")
    if not np.array_equal(found, expected):
        raise Broken(f"{what} is {found.tolist()}, expected {expected.tolist()}")
