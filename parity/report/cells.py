"""What a score counts: (operator, dtype, check), as the catalogue's rows promise them; knows no engine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from parity.catalogue import CATALOGUE
from parity.catalogue.spec import OpSpec
from parity.compare.verdict import Mismatch, Status, Verdict
from parity.program import Program
from parity.strategies.dtypes import names

#: A respect in which a program is compared: values and all of structure, or one order of derivatives.
Respect: TypeAlias = Literal["value", "gradient", "second"]
#: The checks that each respect answers for; whatever else is checked belongs to histories.
CHECKS: Mapping[str, frozenset[str]] = {
    "value": frozenset({"value", "dtype", "shape", "error", "alias", "touched", "requires_grad"}),
    "gradient": frozenset({"gradient", "none"}),
    "second": frozenset({"second"}),
}
ORDER: Mapping[Respect, int] = {"value": 0, "gradient": 1, "second": 2}


class Key(NamedTuple):
    """One cell's name; of a finding the check is a history's own, or the respect that answers for it."""

    op: str
    dtype: str
    check: str

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


def dtypes_of(spec: OpSpec, only: Sequence[str] | None = None) -> list[str]:
    """The dtypes that an operator is tested in: all that torch accepts for it, or those of them in `only`."""
    return [name for name in names(spec.dtypes) if only is None or name in only]


def checks_of(spec: OpSpec, dtype: str) -> list[Respect]:
    """Values always; derivatives of floating and complex dtypes as far as torch has them."""
    differentiable = dtype.startswith(("float", "complex")) and "discrete" not in spec.tags
    return [check for check, order in ORDER.items() if order == 0 or (differentiable and order <= spec.orders)]


def cells(catalogue: Mapping[str, OpSpec] = CATALOGUE) -> Iterator[Key]:
    """Every cell of the catalogue: the denominator of the score."""
    for name, spec in catalogue.items():
        for dtype in dtypes_of(spec):
            for check in checks_of(spec, dtype):
                yield Key(name, dtype, check)


@cache
def catalogue_version() -> tuple[str, int]:
    """A name for the list of cells, the same wherever the list is the same, and how many there are."""
    listed = [str(key) for key in cells()]
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()[:12], len(listed)


def respect(check: str) -> str:
    """The respect that answers for a check, or the check itself if it is one of histories."""
    return next((name for name, checks in CHECKS.items() if check in checks), check)


def compared(program: Program) -> list[Respect]:
    """The respects in which a program that runs without an error is compared."""
    if program.history:
        return []
    order = 2 if program.second else 1 if program.cotangents else 0
    return [check for check, least in ORDER.items() if least <= order]


def by_check(program: Program, verdict: Verdict) -> dict[str, tuple[Status, float]]:
    """The verdict on one program, respect by respect: its status there, and the deviation."""
    asked = compared(program)
    if verdict.status in ("differs", "known") and asked:
        # What differs is told; what else might have been compared is left open.
        asked = [check for check in asked if any(respect(m.check) == check for m in verdict.mismatches)] or asked[:1]
        return {check: (verdict.status, max(verdict.worst, verdict.deviations.get(check, 0.0))) for check in asked}
    return {check: (verdict.status, verdict.deviations.get(check, 0.0)) for check in asked}


def dtype_of(program: Program, mismatch: Mismatch) -> str:
    """The dtype that a difference is counted under: of the input whose gradient it is, or of the first input."""
    arrays = [leaf.array for leaf in program.inputs]
    if mismatch.check in ("gradient", "second", "none") and 0 <= mismatch.where < len(arrays):
        return str(arrays[mismatch.where].dtype.name)
    floating = [array for array in arrays if array.dtype.kind in "fc"]
    return str(next((array.dtype.name for array in (*floating, *arrays)), ""))
