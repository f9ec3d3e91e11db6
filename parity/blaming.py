"""Who is at the bottom of a difference: the operator whose rule or kernel other operators only call. Knows no operator.

Needs an engine that lets its rules (and kernels) be replaced: they are counted while the failing program runs, and the
operators of the same names are then tried by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.compare.localize import localize
from parity.compare.verdict import Mismatch
from parity.engines.interpreter import execute
from parity.program import Program
from parity.strategies.single import Undrawn, draw_op, kinds
from parity.strategies.source import Seeded

Part = Callable[..., Any]
#: "rule" or "kernel", the engine's name of the operator, and the input.
Name = tuple[str, str, int | str]
#: Programs of each kind that a suspect is given.
_TRIES = 10


@contextmanager
def watched(subject: Any, seen: set[Name]) -> Iterator[None]:
    """While it lasts, every rule and kernel that runs is noted."""

    def counted(name: Name) -> Callable[[Part], Part]:
        def change(part: Part) -> Part:
            def counting(*args: Any, **params: Any) -> Any:
                seen.add(name)
                return part(*args, **params)

            return counting

        return change

    with ExitStack() as planted:
        for rule in subject.rules() if hasattr(subject, "rules") else ():
            name: Name = ("rule", rule.op, rule.input)
            planted.enter_context(subject.replaced(rule.op, rule.input, counted(name)))
        for op in subject.kernels() if hasattr(subject, "kernels") else ():
            planted.enter_context(subject.replaced_kernel(op, counted(("kernel", op, 0))))
        yield


def called(program: Program, subject: Any) -> set[Name]:
    """The rules and kernels that a program runs; empty if the engine cannot say."""
    seen: set[Name] = set()
    with watched(subject, seen):
        execute(program, subject)
    return seen


def innermost(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> tuple[Program, Mismatch] | None:
    """A program of one operator, and its mismatch, that explains another operator's: None if there is none.

    It must show without the other's own part, and be called by it: named like a part of it, or made of fewer parts.
    Of several the one that calls the fewest parts itself.
    """
    if not mismatch.op or mismatch.mechanism or not hasattr(subject, "rules"):
        return None
    kind = "kernel" if mismatch.check in ("value", "dtype", "shape", "requires_grad", "alias") else "rule"
    parts = _names(called(program, subject))
    found = _explained(parts, _programs, kind, program, reference, subject, mismatch)
    if not found and kind == "rule" and _overflows(mismatch):
        found = _explained(parts, _flooded, kind, program, reference, subject, mismatch)
    if not found:
        return None
    _, _, inner, first = min(found, key=lambda row: row[:2])
    return inner, first


def _explained(
    all_parts: set[str],
    programs: Callable[[str, Program, Any], Iterator[Program]],
    kind: str,
    program: Program,
    reference: Any,
    subject: Any,
    mismatch: Mismatch,
) -> list[tuple[int, str, Program, Mismatch]]:
    """Of each operator behind the parts, its first program that differs by itself: how many parts it calls, what."""
    found: list[tuple[int, str, Program, Mismatch]] = []
    for op in sorted(_public(all_parts) - {mismatch.op}):
        other: list[tuple[int, str, Program, Mismatch]] = []
        for candidate in programs(op, program, reference):
            verdict = compare(candidate, reference, subject)
            if verdict.status != "differs":
                continue
            parts = called(candidate, subject)
            if mismatch.op in _public(_names({part for part in parts if part[0] == kind})):
                continue
            if op.rpartition(".")[2] not in all_parts and not _names(parts) < all_parts:
                continue  # another operator made of the same part: neither calls the other
            first = localize(candidate, reference, subject, verdict.mismatches[0])
            if first.op == op:
                other.append((len(_names(parts)), op, candidate, first))
                if first.check == mismatch.check:  # what fails in the same way says which rule
                    other = other[-1:]
                    break
        found += other[:1]
    return found


def _overflows(mismatch: Mismatch) -> bool:
    """Whether one engine alone has a number where the other has none."""
    sides = [side for side in (mismatch.reference, mismatch.subject) if isinstance(side, (int, float, complex))]
    return len(sides) == 2 and bool(np.isfinite(sides[0]) != np.isfinite(sides[1]))


def _flooded(op: str, program: Program, reference: Any) -> Iterator[Program]:
    """Programs of one step that is handed an infinite gradient: a rule may be wrong for such a one alone."""
    for candidate in _programs(op, program, reference):
        if candidate.cotangents and candidate.cotangents[0].dtype.kind == "f":
            yield candidate.with_(cotangents=tuple(np.full_like(g, np.inf) for g in candidate.cotangents), second=())


def _names(parts: set[Name]) -> set[str]:
    return {op for _, op, _ in parts}


def _public(names: set[str]) -> set[str]:
    """The operators of the catalogue that go by these names, or by their beginnings: mean_all serves mean."""
    there = {name for name in CATALOGUE if "random" not in CATALOGUE[name].tags}
    found: set[str] = set()
    for name in names:
        while name and name not in there and not any(op.endswith("." + name) for op in there):
            name = name.rpartition("_")[0]
        found.add(name)
    return {op for op in there if op in found or op.rpartition(".")[2] in found - there}


def _programs(op: str, program: Program, reference: Any) -> Iterator[Program]:
    """One-step programs of an operator, in the dtypes of another program."""
    spec = CATALOGUE[op]
    for dtype in sorted({leaf.array.dtype.name for leaf in program.inputs}):
        for kind in kinds(spec, dtype):
            for number in range(_TRIES):
                try:
                    yield draw_op(Seeded(number), reference, spec, dtype, kind=kind)[0]
                except Undrawn:
                    break
