"""A program as a stand-alone torch script, runnable as it is and fit for a bug report; knows no engine."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from parity.notation import Notation, elements
from parity.program import Array, Input, Program

_WIDTH = 100


def script(program: Program, *, title: str = "", remarks: Sequence[str] = ()) -> str:
    """Text that imports torch alone, computes the program's values and gradients, and prints them.

    `title` and `remarks` become the docstring: what differs, and what another engine makes of it.
    """
    notation = Notation(program, "torch.")
    body = [*leaves(program, notation), ""]
    body += [notation.statement(number) for number in range(len(program.steps))]
    body += ["", *_printed(program, notation)]
    if program.cotangents and program.differentiable:
        body += ["", *_backward(program, notation)]
    return module_text("\n".join(body), title or f"Program {program.id}.", remarks)


def module_text(body: str, title: str, remarks: Sequence[str], before: str = "") -> str:
    """A module that imports torch, with its docstring; `before` stands above the body."""
    heading = [f'"""{title}']
    heading += ["", *remarks] if remarks else []
    needs = [name for name in ("inf", "nan") if re.search(rf"\b{name}\b", body)]
    imports = [f"from math import {', '.join(needs)}", ""] if needs else []
    precision = "torch.set_printoptions(precision=17)"
    above = [before.rstrip(), "", ""] if before else [""]
    return "\n".join([*_quoted(heading), "", *imports, "import torch", "", precision, *above, body]).rstrip() + "\n"


def _quoted(heading: list[str]) -> list[str]:
    one_line = len(heading) == 1
    return [heading[0] + '"""'] if one_line else [*heading, '"""']


def leaves(program: Program, notation: Notation) -> list[str]:
    return [_leaf(name, leaf) for name, leaf in zip(notation.names, program.inputs)]


def _leaf(name: str, leaf: Input) -> str:
    requires = ", requires_grad=True" if leaf.requires_grad else ""
    if leaf.layout == "contiguous" or leaf.array.ndim == 0:
        return tensor(f"{name} = ", leaf.array, requires)
    lines = [tensor(f"{name} = ", leaf.array)]
    if leaf.layout == "transposed":
        back = ", ".join(map(str, reversed(range(leaf.array.ndim))))
        lines.append(f"{name} = {name}.permute({back}).contiguous().permute({back})  # transposed memory")
    elif leaf.layout == "stepped":
        gaps = f"torch.stack([{name}, torch.zeros_like({name})], -1).flatten(-2)[..., ::2]"
        lines.append(f"{name} = {gaps}  # a gap after each element")
    else:
        lines.append(f"{name} = {name}[..., :1].expand({leaf.array.shape})  # stride 0")
    if leaf.requires_grad:
        lines.append(f"{name}.requires_grad_()")
    return "\n".join(lines)


def tensor(prefix: str, array: Array, suffix: str = "") -> str:
    """`torch.tensor(...)` with every bit of the array, wrapped where it is long; of one number, `torch.full(...)`."""
    if array.size == 0:
        return f"{prefix}torch.zeros({array.shape}, dtype=torch.{array.dtype.name}{suffix})"
    tail = f", dtype=torch.{array.dtype.name}{suffix})"
    line = f"{prefix}torch.tensor({elements(array)}{tail}"
    if len(line) <= _WIDTH:
        return line
    first = array.ravel()[0]
    if array.tobytes() == first.tobytes() * array.size:
        return f"{prefix}torch.full({array.shape}, {elements(first)}{tail}"
    wrapped = textwrap.fill(
        elements(array),
        _WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{prefix}torch.tensor(\n{wrapped},\n    dtype=torch.{array.dtype.name}{suffix},\n)"


def _printed(program: Program, notation: Notation) -> list[str]:
    return [f'print("{notation.ref(ref)} =", {notation.ref(ref)})' for ref in program.outputs]


def _backward(program: Program, notation: Notation) -> list[str]:
    outputs = f"[{', '.join(notation.ref(ref) for ref in program.outputs)}]"
    leaves = [notation.names[index] for index in program.differentiable]
    lines = [
        f"outputs = {outputs}",
        "cotangents = [",
        *(textwrap.indent(tensor("", cotangent), "    ") + "," for cotangent in program.cotangents),
        "]",
        "roots = [(out, seed) for out, seed in zip(outputs, cotangents) if out.requires_grad]",
        f"inputs = [{', '.join(leaves)}]",
    ]
    create = ", create_graph=True" if program.second else ""
    lines += [
        "first = torch.autograd.grad(",
        f"    [out for out, _ in roots], inputs, [seed for _, seed in roots]{create}, allow_unused=True",
        ")",
    ]
    lines += [f'print("gradient at {name}:", first[{number}])' for number, name in enumerate(leaves)]
    if program.second:
        lines += ["", *_second(program, leaves)]
    return lines


def _second(program: Program, leaves: list[str]) -> list[str]:
    weights = [
        "    None," if weight is None else textwrap.indent(tensor("", weight), "    ") + ","
        for weight in program.second
    ]
    return [
        "weights = [",
        *weights,
        "]",
        "pairs = [",
        "    (g, w) for g, w in zip(first, weights)",
        "    if g is not None and w is not None and g.requires_grad",
        "]",
        "second = torch.autograd.grad(",
        "    [g for g, _ in pairs], inputs, [w for _, w in pairs], allow_unused=True",
        ")",
        *(f'print("second derivative at {name}:", second[{n}])' for n, name in enumerate(leaves)),
    ]
