"""Sums of products over any dimensions."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op

_TAME = {"above": -50, "below": 50}

# fmt: off
ROWS = [
    op("einsum", argument("equation", "equation"), argument("operands", "contracted", **_TAME), tags="exact",
       dtypes="uihfc", spellings="function"),
]
