"""A program as a pytest test that runs both engines; it imports parity and no strategies."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from parity.notation import Notation, elements
from parity.program import Array, Program

_WIDTH = 100


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
        *(f"        {line}," for line in _inputs(program)),
        *(f"        {line}," for line in _settings(program)),
        f"        engine={engine!r},".replace("'", '"'),
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
    outputs = ", ".join(notation.ref(ref) for ref in program.outputs)
    if lines[-1].startswith(f"    {outputs} = "):
        return [*lines[:-1], lines[-1].replace(f"{outputs} =", "return", 1)]
    return [*lines, f"    return {outputs}"]


def _inputs(program: Program) -> list[str]:
    lines = []
    for leaf in program.inputs:
        requires = ", requires_grad=True" if leaf.requires_grad else ""
        layout = f', layout="{leaf.layout}"' if leaf.layout != "contiguous" else ""
        lines.append(f"parity.Input({array(leaf.array)}{requires}{layout})")
    return lines


def _settings(program: Program) -> list[str]:
    lines = [f"order={program.order}"]
    if program.cotangents:
        lines.append(f"cotangents=[{', '.join(map(array, program.cotangents))}]")
    if program.second:
        weights = ("None" if weight is None else array(weight) for weight in program.second)
        lines.append(f"second=[{', '.join(weights)}]")
    if program.regime != "smooth":
        lines.append(f'regime="{program.regime}"')
    return lines


def array(values: Array) -> str:
    """`np.array(...)` with every bit of the values, wrapped where it is long."""
    if values.size == 0:
        return f'np.zeros({values.shape}, "{values.dtype.name}")'
    # NumPy's own guess is right for these two; every other dtype is named.
    dtype = "" if values.dtype.name in ("float64", "bool") else f', "{values.dtype.name}"'
    line = f"np.array({elements(values)}{dtype})"
    if len(line) <= _WIDTH:
        return line
    wrapped = textwrap.fill(elements(values), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"np.array(\n{textwrap.indent(wrapped, ' ' * 12)}{dtype}\n        )"
