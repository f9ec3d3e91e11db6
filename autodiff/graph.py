"""Looking at the graph: pictures of what was recorded, the derivative rules behind it, and faults planted in them."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np

from autodiff._core.node import AccumulateGrad, Node, Output
from autodiff._core.planting import kernels, mechanisms, replaced_kernel, replaced_mechanism, sources
from autodiff._core.primitive import RECIPROCAL, parameters
from autodiff._core.registry import FUNCTIONS, PRIMITIVES
from autodiff._core.tensor import Tensor

__all__ = [
    "Dot",
    "Rule",
    "kernels",
    "mechanisms",
    "print_graph",
    "replaced",
    "replaced_kernel",
    "replaced_mechanism",
    "rule",
    "rules",
    "rules_between",
    "sources",
    "to_dot",
    "to_mermaid",
]

# -- pictures ---------------------------------------------------------------------------------------------------------


class Dot(str):
    """Graphviz source; in a notebook it shows itself as SVG where Graphviz is installed."""

    __slots__ = ()

    def _repr_svg_(self) -> str | None:
        # Loaded here: they would cost every import of the library 5 ms.
        import shutil
        import subprocess

        if shutil.which("dot") is None:
            return None
        drawn = subprocess.run(["dot", "-Tsvg"], input=str(self), capture_output=True, text=True, check=False)
        return drawn.stdout if drawn.returncode == 0 else None


@dataclass(frozen=True)
class _Box:
    """One node as it is shown."""

    number: int
    operator: str
    lines: tuple[str, ...]
    leaf: bool
    inputs: tuple[int, ...]


def to_dot(tensor: Tensor, **labels: Tensor) -> Dot:
    """The graph behind a tensor as Graphviz source; keyword arguments name tensors, whose data and grad are shown."""
    lines = ["digraph {", "  rankdir=LR; node [fontname=monospace, fontsize=10];"]
    for box in _boxes(tensor, labels):
        shape = "box, style=rounded" if box.leaf else "box"
        text = "\\n".join(_quoted(part) for part in (box.operator, *box.lines))
        lines.append(f'  n{box.number} [shape={shape}, label="{text}"];')
        lines.extend(f"  n{i} -> n{box.number};" for i in box.inputs)
    return Dot("\n".join([*lines, "}"]))


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def to_mermaid(tensor: Tensor, **labels: Tensor) -> str:
    """The graph behind a tensor as a Mermaid flowchart, for Markdown pages."""
    lines = ["flowchart LR"]
    for box in _boxes(tensor, labels):
        text = "<br/>".join(_escaped(part) for part in (box.operator, *box.lines))
        lines.append(f'  n{box.number}("{text}")' if box.leaf else f'  n{box.number}["{text}"]')
        lines.extend(f"  n{i} --> n{box.number}" for i in box.inputs)
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Text that HTML and Mermaid's own brackets leave alone."""
    for sign in "&<>\"'[]{}()|\n":
        text = text.replace(sign, f"&#{ord(sign)};") if sign != "&" else text.replace("&", "&amp;")
    return text


def print_graph(tensor: Tensor, file: TextIO | None = None, **labels: Tensor) -> None:
    """The graph behind a tensor for a terminal: a line a node, each above what it was computed from.

    The deepest input goes on below at the same indentation, the others branch off, so a chain stays straight however
    long it is. What was shown before is not shown again.
    """
    boxes = _boxes(tensor, labels)
    depth = [0] * len(boxes)
    for box in boxes:
        depth[box.number] = 1 + max((depth[i] for i in box.inputs), default=0)
    shown: set[int] = set()
    # A stack instead of recursion: graphs may be a million nodes deep.
    stack: list[tuple[int, str, str]] = [(len(boxes) - 1, "", "")]
    out = sys.stdout if file is None else file
    while stack:
        number, lead, below = stack.pop()
        box = boxes[number]
        again = number in shown and bool(box.inputs)
        print(f"{lead}{number} {'  '.join((_called(box), *box.lines))}{' (above)' if again else ''}", file=out)
        if again:
            continue
        shown.add(number)
        inputs = list(dict.fromkeys(box.inputs))
        if inputs:
            trunk = max(inputs, key=lambda i: depth[i])
            stack.append((trunk, below, below))
            stack.extend((i, below + "├─ ", below + "│  ") for i in reversed(inputs) if i != trunk)


def _called(box: _Box) -> str:
    return f"{box.operator}({', '.join(map(str, box.inputs))})" if box.inputs else box.operator


def _boxes(tensor: Tensor, labels: dict[str, Tensor]) -> list[_Box]:
    """The nodes, producers first, in order of creation: the same program always gives the same picture."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"expected a Tensor, got {type(tensor).__name__}")
    root = _visible(tensor._node)
    if root is None:
        return [_Box(0, "constant", _facts(tensor, _name_of(tensor, labels)), True, ())]
    named = {id(_visible(t._node)): (name, t) for name, t in labels.items() if t._node is not None}
    named.setdefault(id(root), ("", tensor))
    reached, stack = {id(root): root}, [root]
    while stack:
        for edge in stack.pop().edges:
            node = _visible(edge)
            if node is not None and id(node) not in reached:
                reached[id(node)] = node
                stack.append(node)
    # Leaves first, then by age; a node's inputs are always older.
    order = sorted(reached.values(), key=lambda n: (not isinstance(n, AccumulateGrad), -n.key))
    number = {id(node): i for i, node in enumerate(order)}
    return [_box(node, number, named) for node in order]


def _box(node: Node, number: dict[int, int], named: dict[int, tuple[str, Tensor]]) -> _Box:
    inputs = tuple(number[id(v)] for v in map(_visible, node.edges) if v is not None)
    leaf = isinstance(node, AccumulateGrad)
    name, tensor = named.get(id(node), ("", None))
    if tensor is None and isinstance(node, AccumulateGrad):
        tensor = node.variable
    if tensor is None and node.hooks is not None and 0 in node.hooks.retained:
        tensor = node.hooks.retained[0]()
    if tensor is not None:
        lines = _facts(tensor, name)
    else:
        shapes = node.like if isinstance(node.like, list) else [node.like]
        lines = tuple("shape " + str(list(s[0]) if isinstance(s, tuple) else []) for s in shapes)
    return _Box(number[id(node)], "leaf" if leaf else _operator(node), lines, leaf, inputs)


def _facts(tensor: Tensor, name: str) -> tuple[str, ...]:
    lines = [name] if name else []
    lines.append(f"shape {list(tensor._array.shape)}")
    lines.append("data " + _short(tensor._array))
    # Not `.grad`, which warns for what is no leaf.
    grad = None if tensor._meta is None else tensor._meta.grad
    if grad is not None:
        lines.append("grad " + _short(grad._array))
    return tuple(lines)


def _short(array: Any) -> str:
    if array.size > 4:
        return f"{array.size} elements"
    return np.array2string(np.asarray(array), precision=4, separator=", ").replace("\n", "")


def _name_of(tensor: Tensor, labels: dict[str, Tensor]) -> str:
    return next((name for name, t in labels.items() if t is tensor), "")


def _operator(node: Node) -> str:
    """torch's name of the operator: SumBackward0 is sum, UnsafeViewBackward0 unsafe_view."""
    stem = re.sub(r"Backward\d*$", "", node.name().rpartition("::")[2])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", stem).lower()


def _visible(node: Node | None) -> Node | None:
    return node.source()[0] if isinstance(node, Output) else node


# -- rules ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """Where the derivative of one operator with respect to one input stands."""

    op: str
    input: int
    file: str
    line: int


def rules() -> list[Rule]:
    """Every derivative rule of the engine, sorted by operator and input."""
    found = [
        _located(name, i)
        for name, p in PRIMITIVES.items()
        for i, formula in enumerate(p.formulas)
        if formula is not None
    ]
    return sorted(found, key=lambda r: (r.op, r.input))


def rule(op: str, input: int | str) -> Rule | None:
    """The rule of one operator and input; for a composition its body's place; None if there is no such operator."""
    short = op.rpartition(".")[2]
    p = PRIMITIVES.get(short)
    if p is not None and p.formulas:
        at = p.inputs.index(input) if isinstance(input, str) else input
        at = 0 if p.variadic else at
        return _located(short, at) if 0 <= at < len(p.formulas) and p.formulas[at] is not None else None
    f = FUNCTIONS.get(op) or next((f for f in FUNCTIONS.values() if f.short == short), None)
    if f is None:
        return None
    code = inspect.unwrap(f.body).__code__
    return Rule(op, -1, code.co_filename, code.co_firstlineno)


def rules_between(result: Tensor, leaf: Tensor) -> list[Rule]:
    """The rules that a gradient passes from a result to a leaf: the one at the leaf first, views behind all others.

    What a composition recorded as one node stands for is that node: it has no rule of its own, and is left out.
    """
    nodes, stack = {}, [result._node]
    while stack:
        node = stack.pop()
        if node is not None and id(node) not in nodes:
            nodes[id(node)] = node
            stack.extend(node.edges)
    leads: set[int] = {id(leaf._node)}
    found: list[Rule] = []
    views: list[Rule] = []
    # A node is newer than its inputs, and keys fall.
    for node in sorted(nodes.values(), key=lambda n: -n.key):
        for i, edge in enumerate(node.edges):
            if edge is not None and id(edge) in leads:
                leads.add(id(node))
                p = node.primitive
                at = 0 if p is not None and p.variadic else i
                if p is not None and at < len(p.formulas) and p.formulas[at] is not None:
                    (views if p.view else found).append(_located(p.name, at))
    return found + views


def _located(name: str, index: int) -> Rule:
    p = PRIMITIVES[name]
    formula = getattr(p.formulas[index], "source", p.formulas[index])
    code = getattr(formula, "__code__", None)
    if code is not None and code.co_filename == __file__:
        code = None  # a constant's stand-in, below
    file, line = (code.co_filename, code.co_firstlineno) if code is not None else p.source
    return Rule(name, index, file, line)


@contextmanager
def replaced(op: str, input: int | str, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """While it lasts, the rule is `change(rule)`, called with the rule's own arguments.

    A pointwise rule returns a partial derivative, every other one the gradient and takes `g` first. Raises KeyError
    for an operator without a rule of its own.
    """
    p = PRIMITIVES[op.rpartition(".")[2]]
    at = p.inputs.index(input) if isinstance(input, str) else input
    before = p.formulas[at] if at < len(p.formulas) else None
    if before is None:
        raise KeyError(f"{op} has no derivative with respect to input {input}")
    formula = before if callable(before) else _as_formula(before)
    changed = change(formula)

    @functools.wraps(formula)
    def wrapped(*args: Any) -> Any:
        return changed(*args)

    wrapped.wants = parameters(before)  # type: ignore[attr-defined]
    # Blame points at the row, not at this wrapper.
    wrapped.source = getattr(before, "source", before)  # type: ignore[attr-defined]
    p.replace_formula(at, wrapped)
    try:
        yield
    finally:
        p.replace_formula(at, before)


def _as_formula(partial: float | str) -> Callable[..., Any]:
    """A partial derivative that is a constant, or what was saved itself, as a function."""
    if isinstance(partial, str):
        return (lambda saved: 1 / saved) if partial.startswith(RECIPROCAL) else lambda saved: saved
    return lambda: partial
