"""Every operator on its bad arguments: an error of torch's type that says what was given, or the same result.

Mistakes are derived from the catalogue's rows and from calls that torch accepts; knows no operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from parity.catalogue import OpSpec
from parity.program import Program
from parity.tables.calls import Answer, answered, drawn, named
from parity.tables.mistakes import Mistake, mistakes
from parity.tables.score import Score


def table(spec: OpSpec, reference: Any) -> Iterator[Mistake]:
    """Every mistake with an operator: in one call with few arguments, and in each argument that others have more."""
    seen: frozenset[str] = frozenset()
    for program, value in sorted(drawn(spec, reference), key=lambda each: _plainness(each[0])):
        names = frozenset(named(spec, program.steps[0]))
        if not seen or names - seen:
            result = (value.shape, value.dtype.name) if isinstance(value, np.ndarray) else None
            yield from mistakes(spec, program, result, names - seen if seen else None)
            seen |= names or {""}


def _plainness(program: Program) -> tuple[int, int]:
    """Calls of sized tensors of a few dimensions first, then those with few arguments."""
    shapes = [leaf.array.shape for leaf in program.inputs]
    odd = sum(not shape or 0 in shape or 1 in shape for shape in shapes)
    return odd, len(program.steps[0].kwargs)


def score(catalogue: Iterable[OpSpec], reference: Any, subject: Any, *, every: int = 1) -> Score:
    """The table's calls put to both engines, the reference in its settings; one in `every`."""
    found = Score("refusals")
    for spec in catalogue:
        if any(subject.supports(spec.name, spelling) for spelling in spec.spellings):
            for mistake in islice(table(spec, reference), 0, None, every):
                theirs, ours = answered(reference, mistake.program), answered(subject, mistake.program)
                found.add(spec.name, f"{spec.name}, {mistake.label}", theirs, ours, differs(mistake, theirs, ours))
    return found


def differs(mistake: Mistake, theirs: Answer, ours: Answer) -> str:
    """Why the answers do not agree; empty if they do."""
    if theirs.what != ours.what:
        return "another answer"
    if theirs.message and says(mistake, theirs.message) and not says(mistake, ours.message):
        return "without what was given"
    return ""


def says(mistake: Mistake, message: str) -> bool:
    """Whether a message names what was given."""
    if mistake.given:
        return any(re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", message) for word in mistake.given)
    if mistake.dtype:
        return any(re.search(rf"\b{name}\b", message) for name in (mistake.dtype, TITLES[mistake.dtype]))
    if mistake.shape:
        sizes = [int(n) for n in re.findall(r"-?\d+", message)]
        wanted = list(mistake.shape)
        return any(sizes[i : i + len(wanted)] == wanted for i in range(len(sizes)))
    return False


#: What torch's messages call a dtype.
TITLES = {
    "bool": "Bool", "uint8": "Byte", "int64": "Long", "float16": "Half", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat",
}  # fmt: skip
