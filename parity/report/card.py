"""A conformance card: what an engine has and which conventions it keeps, as measured; knows no engine by name."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from parity.catalogue.spec import OpSpec
from parity.engines.interpreter import execute
from parity.engines.protocol import Run
from parity.program import Input, Program, Ref, Step

_WIDTH = 110
_SPECIAL = np.nan

#: What is measured at kinks and ties: in words, the operator, its inputs, further arguments.
KINKS: tuple[tuple[str, str, tuple[Any, ...], tuple[Any, ...]], ...] = (
    ("abs at 0", "abs", (0.0,), ()),
    ("relu at 0", "relu", (0.0,), ()),
    ("leaky_relu at 0", "nn.functional.leaky_relu", (0.0,), ()),
    ("hardtanh at 1", "nn.functional.hardtanh", (1.0,), ()),
    ("clamp(x, min=0) at 0", "clamp", (0.0,), ("min=0",)),
    ("maximum(x, y) where they tie", "maximum", (1.0, 1.0), ()),
    ("minimum(x, y) where they tie", "minimum", (1.0, 1.0), ()),
    ("amax where two tie", "amax", ([2.0, 2.0, 1.0],), ()),
    ("max where two tie", "max", ([2.0, 2.0, 1.0],), ()),
    ("sqrt at 0", "sqrt", (0.0,), ()),
    ("x ** y at 0 ** 0", "pow", (0.0, 0.0), ()),
    ("prod where one factor is 0", "prod", ([0.0, 2.0, 3.0],), ()),
    ("vector norm of zeros", "linalg.vector_norm", ([0.0, 0.0],), ()),
    ("atan2(0, 0)", "atan2", (0.0, 0.0), ()),
    ("round", "round", (0.3,), ()),
    ("sinc at 0", "sinc", (0.0,), ()),
)
#: Values in which libraries differ.
VALUES: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("maximum(0, nan)", "maximum", (0.0, _SPECIAL)),
    ("relu of nan", "relu", (_SPECIAL,)),
    ("sign of nan", "sign", (_SPECIAL,)),
    ("nan >= 0", "ge", (_SPECIAL, 0.0)),
    ("argmax of [1, nan, 2]", "argmax", ([1.0, _SPECIAL, 2.0],)),
    ("round of 0.5, 1.5, 2.5", "round", ([0.5, 1.5, 2.5],)),
    ("-7 remainder 3", "remainder", (-7.0, 3.0)),
    ("std of 1, 2, 4", "std", ([1.0, 2.0, 4.0],)),
)


def card_text(
    engine: Any,
    reference: Any,
    catalogue: Mapping[str, OpSpec],
    versions: Mapping[str, str],
    conforms: str,
    options: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The card as Markdown; every convention is a program that was run on both engines just now."""
    dtype = getattr(engine, "dtypes", ("float64",))[0]
    scalar = hasattr(engine, "abilities") and engine.abilities.scalar
    command = " ".join([f"parity card {engine.name}", *(f"--engine-option {n}={v}" for n, v in options.items())])
    lines = [f"# {engine.name}", "", f"<!-- written by `{command}` -->", ""]
    lines += [f"Measured with {', '.join(f'{name} {version}' for name, version in versions.items())}.", ""]
    there = [name for name in catalogue if engine.supports(name) or engine.supports(name, "operator")]
    lines += [f"- **Conformance**: {conforms}."]
    dtypes = ", ".join(getattr(engine, "dtypes", ("all of torch's that NumPy has",)))
    lines += [f"- **Dtypes compared**: {dtypes}.", *_tape(engine, dtype, scalar), ""]
    rows = [row for row in _kinks(engine, reference, dtype, scalar) if row]
    if rows:
        lines += [
            "## Gradients at kinks and ties",
            "",
            f"| where | {engine.name} | torch |",
            "|---|---|---|",
            *rows,
            "",
        ]
    rows = [row for row in _values(engine, reference, dtype, scalar) if row]
    if rows:
        lines += ["## Values", "", f"| what | {engine.name} | torch |", "|---|---|---|", *rows, ""]
    lines += [f"## Operators: {len(there)} of {len(catalogue)}, by torch's names", ""]
    families: dict[str, list[str]] = {}
    for name in there:
        families.setdefault(catalogue[name].family, []).append(name)
    for family, names in sorted(families.items()):
        lines += textwrap.wrap(f"- *{family}*: {', '.join(sorted(names))}", _WIDTH, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def _tape(engine: Any, dtype: str, scalar: bool) -> Iterator[str]:
    one = np.ones(() if scalar else (2,), dtype)
    cube = (Step("mul", (Ref(0), Ref(0))), Step("mul", (Ref(2), Ref(0))))
    x, y = Input(2 * one, True), Input(one, True)
    first = Program((x, y), cube, (Ref(3),), (one,))
    orders = [0]
    run = execute(first, engine)
    if _all(run, run.gradients[:1], 12.0):
        orders.append(1)
        second = execute(first.with_(second=(one, one)), engine)
        if _all(second, second.second[:1], 12.0):
            orders.append(2)
    yield f"- **Orders of derivative**: {', '.join(map(str, orders))}."
    if 1 in orders:
        unused = run.gradients[1]
        answer = "None" if unused is None else "zeros"
        whose = " (read off the record of its calls)" if hasattr(engine, "vjp") else ""
        yield f"- **Gradient of an input that is not used**: {answer}{whose}."
        how = (
            "of functions, replayed" if hasattr(engine, "vjp") else "of programs" if hasattr(engine, "run") else "tape"
        )
        yield f"- **Derivatives**: {how}."


def _kinks(engine: Any, reference: Any, dtype: str, scalar: bool) -> Iterator[str]:
    for words, op, inputs, further in KINKS:
        kwargs = {text.split("=")[0]: float(text.split("=")[1]) for text in further}
        program = _program(op, inputs, kwargs, dtype, scalar)
        if not (scalar and any(np.ndim(value) for value in inputs)):
            shaped = execute(program, reference)
            if shaped.error is None:
                seed = np.ones_like(np.asarray(shaped.values[-1]))
                program = program.with_(outputs=(Ref(len(inputs)),), cotangents=(seed,))
                yield _row(words, program, engine, reference)


def _values(engine: Any, reference: Any, dtype: str, scalar: bool) -> Iterator[str]:
    for words, op, inputs in VALUES:
        if not (scalar and any(np.ndim(value) for value in inputs)):
            yield _row(words, _program(op, inputs, {}, dtype, scalar).with_(regime="exact"), engine, reference)


def _program(op: str, inputs: Sequence[Any], kwargs: Mapping[str, Any], dtype: str, scalar: bool) -> Program:
    """Numbers are arrays of one, where there are arrays: an engine may take a number for a constant."""
    arrays = [np.array(value, dtype) if scalar else np.atleast_1d(np.array(value, dtype)) for value in inputs]
    leaves = tuple(Input(array, True) for array in arrays)
    return Program(leaves, (Step(op, tuple(map(Ref, range(len(leaves)))), kwargs),), ())


def _row(words: str, program: Program, engine: Any, reference: Any) -> str:
    """A line of a table; empty where the engine has not what is asked."""
    step = program.steps[0]
    if not (engine.takes(step) if hasattr(engine, "takes") else engine.supports(step.op)):
        return ""
    if not program.cotangents:  # what has no derivative refuses operands that ask for one
        program = program.with_(inputs=tuple(Input(leaf.array) for leaf in program.inputs))
    theirs = _answer(execute(program, engine))
    return f"| {words} | {theirs} | {_answer(execute(program, reference))} |" if theirs else ""


def _answer(run: Run) -> str:
    if run.error is not None:
        return "" if run.error.type == "Unsupported" else f"raises {run.error.type}"
    found = run.gradients or [run.values[-1] if isinstance(run.values[-1], np.ndarray) else None]
    return ", ".join("None" if g is None else _numbers(g) for g in found)


def _numbers(array: Any) -> str:
    listed = np.asarray(array).tolist() if np.size(array) != 1 else np.asarray(array).item()
    one = "{:.4g}".format
    if not isinstance(listed, list):
        return str(listed) if isinstance(listed, bool) else one(listed)
    return f"[{', '.join(str(v) if isinstance(v, bool) else one(v) for v in listed)}]"


def _all(run: Run, found: Sequence[Any], expected: float) -> bool:
    return run.error is None and bool(found) and all(g is not None and np.all(g == expected) for g in found)
