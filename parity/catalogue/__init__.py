"""What torch promises, one row an operator; a family is a module, under the same name as in an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from parity.catalogue import (
    activation,
    addition,
    arithmetic,
    choosing,
    comparison,
    contraction,
    creation,
    diagonal,
    elementary,
    index,
    joining,
    logic,
    loss,
    masks,
    matmul,
    normalize,
    order,
    parting,
    random,
    rearranging,
    reduce,
    rounding,
    scan,
    scatter,
    selection,
    shape,
    special,
)
from parity.catalogue.spec import Argument, OpSpec

_FAMILIES = (
    activation,
    addition,
    arithmetic,
    choosing,
    comparison,
    contraction,
    creation,
    diagonal,
    elementary,
    index,
    joining,
    logic,
    loss,
    masks,
    matmul,
    normalize,
    order,
    parting,
    random,
    rearranging,
    reduce,
    rounding,
    scan,
    scatter,
    selection,
    shape,
    special,
)

#: Families of operators whose elements do not meet, cut by meaning.
ELEMENTWISE = frozenset(["arithmetic", "choosing", "comparison", "elementary", "logic", "rounding"])
#: Every row by its operator's name, sorted.
CATALOGUE: Mapping[str, OpSpec] = MappingProxyType(
    {
        row.name: row
        for row in sorted(
            (replace(row, family=family.__name__.rpartition(".")[2]) for family in _FAMILIES for row in family.ROWS),
            key=lambda row: row.name,
        )
    }
)

__all__ = ["CATALOGUE", "ELEMENTWISE", "Argument", "OpSpec"]
