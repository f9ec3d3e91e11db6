"""What torch promises, one row an operator; a family is a module, under the same name as in an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from parity.catalogue import (
    activation,
    arithmetic,
    bessel,
    binning,
    choosing,
    classification,
    comparison,
    creation,
    differences,
    elementary,
    index,
    logic,
    loss,
    matmul,
    normalize,
    norms,
    order,
    polynomials,
    random,
    rectifiers,
    reduce,
    rounding,
    scan,
    sets,
    shape,
    special,
    statistics,
)
from parity.catalogue.spec import Argument, OpSpec

_FAMILIES = (
    activation,
    arithmetic,
    bessel,
    binning,
    choosing,
    classification,
    comparison,
    creation,
    differences,
    elementary,
    index,
    logic,
    loss,
    matmul,
    normalize,
    norms,
    order,
    polynomials,
    random,
    rectifiers,
    reduce,
    rounding,
    scan,
    sets,
    shape,
    special,
    statistics,
)

#: Families of operators whose elements do not meet, cut by meaning.
ELEMENTWISE = frozenset(
    [
        "arithmetic", "bessel", "choosing", "comparison", "elementary", "logic", "polynomials", "rounding", "special",
    ]
)  # fmt: skip
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
