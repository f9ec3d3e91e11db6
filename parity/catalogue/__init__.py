"""What torch promises, one row an operator; a family is a module, under the same name as in an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType

from parity.catalogue.spec import Argument, OpSpec

_FAMILIES = """
    activation addition alignment arithmetic attention averaging bags bessel binning channels choosing
    classification comparison complex contraction convolution copies creation diagonal differences distance
    elementary factorize fourier fractional grids index joining linalg logic loss margins masks matmul matrix_norms
    normalize norms order parting polynomials pooling random ranking rearranging rectifiers reduce resampling
    rounding scan scatter selection sets shape solve special spectrum statistics unfolding
"""

#: Families of operators whose elements do not meet, cut by meaning.
ELEMENTWISE = frozenset(
    [
        "arithmetic", "bessel", "choosing", "comparison", "elementary", "logic", "polynomials", "rounding", "special",
    ]
)  # fmt: skip
#: More families of that kind, but for operators that run along a dimension.
_ALIKE = ELEMENTWISE | {"activation", "complex", "rectifiers"}
_ACROSS = frozenset(
    ["softmax", "log_softmax", "prelu"]
    + [f"nn.functional.{name}" for name in ("softmax", "log_softmax", "softmin", "glu", "prelu")]
)
#: Every row by its operator's name, sorted.
CATALOGUE: Mapping[str, OpSpec] = MappingProxyType(
    {
        row.name: row
        for row in sorted(
            (
                replace(row, family=family)
                for family in _FAMILIES.split()
                for row in import_module(f"{__name__}.{family}").ROWS
            ),
            key=lambda row: row.name,
        )
    }
)

__all__ = ["CATALOGUE", "ELEMENTWISE", "Argument", "OpSpec", "elementwise"]


def elementwise(spec: OpSpec) -> bool:
    """Whether the elements of the operator's arguments do not meet, but for those in one place."""
    return spec.family in _ALIKE and spec.name not in _ACROSS
