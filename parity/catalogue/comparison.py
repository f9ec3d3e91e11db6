"""Comparisons."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, op, operand, real

_OPERATOR = f"{POINTWISE} operator"

# fmt: off
ROWS = [
    *(
        op(name, real("input"), operand("other", apart=True), tags="exact rounded ties discrete",
           dtypes="buihfc" if name in ("eq", "ne") else "buihf", spellings=_OPERATOR, orders=0)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    ),
]
