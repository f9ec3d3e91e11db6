"""A program as a pytest test that runs both engines; it imports parity and no strategies."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from parity.notation import Notation, elements
from parity.program import Array, Program, Ref

#: Of an argument, before it is indented.
_WIDTH = 88


def as_test(program: Program, *, engine: str, remarks: Sequence[str] = (), label: str = "program") -> str:
    """A test function of its own name, with its imports: a file as it is, or a piece to append to one.

    The function is recorded into the very program that was kept, bit for bit, so the test has the same id.
    """
    name = "".join(char if char.isalnum() else "_" for char in label)
    document = [*(remarks or [f"{engine} agrees with torch here."])]
    document = [f'    """{document[0]}', *(f"    {line}".rstrip() for line in document[1:]), '    """']
    if len(document) == 2:
        document = [document[0] + '"""']
    text = [
        "import numpy as np",
        "",
        "import parity",
        "",
        "",
        f"def test_{name}_{program.id}() -> None:",
        *document,
        "",
        *(f"    {line}" for line in _function(program)),
        "",
        "    parity.assert_parity(",
        "        program,",
        *_indented(_inputs(program) + _settings(program)),
        f'        engine="{engine}",',
        "    )",
    ]
    body = "\n".join(text) + "\n"
    return body if "inf" not in body and "nan" not in body else "from math import inf, nan\n\n" + body


def _function(program: Program) -> list[str]:
    notation = Notation(program, "lib.", numbered=True)
    count = len(program.inputs)
    lines = [f"def program({', '.join(['lib', *notation.names[:count]])}):"]
    for number in range(len(program.steps)):
        lines += [f"    {part}" for part in notation.statement(number).split("; ")]
    # A program whose values alone are compared may name no output; a function returns something.
    refs = program.outputs or (Ref(len(notation.names) - 1),)
    outputs = ", ".join(notation.ref(ref) for ref in refs)
    if lines[-1].startswith(f"    {outputs} = "):
        return [*lines[:-1], lines[-1].replace(f"{outputs} =", "return", 1)]
    return [*lines, f"    return {outputs}"]


def _inputs(program: Program) -> list[str]:
    lines = []
    for leaf in program.inputs:
        extra = ["requires_grad=True"] if leaf.requires_grad else []
        extra += [f'layout="{leaf.layout}"'] if leaf.layout != "contiguous" else []
        lines += _call("parity.Input", [*_array(leaf.array), *(f"{text}," for text in extra)])
    return lines


def _settings(program: Program) -> list[str]:
    lines = [f"order={program.order},"]
    if program.cotangents:
        lines += _call("cotangents=", [line for c in program.cotangents for line in _array(c)], "[]")
    if program.second:
        weights = [line for w in program.second for line in (["None,"] if w is None else _array(w))]
        lines += _call("second=", weights, "[]")
    if program.regime != "smooth":
        lines.append(f'regime="{program.regime}",')
    return lines


def _array(values: Array) -> list[str]:
    """`np.array(...)` with every bit of the values."""
    if values.size == 0:
        return [f'np.zeros({values.shape}, "{values.dtype.name}"),']
    # NumPy's own guess is right for these two; every other dtype is named.
    dtype = [] if values.dtype.name in ("float64", "bool") else [f'"{values.dtype.name}",']
    text = elements(values)
    if len(text) > _WIDTH:
        rows = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
        return _call("np.array", [*rows[:-1], f"{rows[-1]},", *dtype])
    return _call("np.array", [f"{text},", *dtype])


def _call(name: str, arguments: list[str], brackets: str = "()") -> list[str]:
    """A call with these arguments, each with its comma: on one line if it fits."""
    line = f"{name}{brackets[0]}{' '.join(arguments).removesuffix(',')}{brackets[1]},"
    if len(line) <= _WIDTH:
        return [line]
    return [f"{name}{brackets[0]}", *(f"    {text}" for text in arguments), f"{brackets[1]},"]


def _indented(lines: list[str]) -> list[str]:
    return [f"        {line}" for line in lines]
