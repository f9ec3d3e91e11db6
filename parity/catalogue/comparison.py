"""Comparisons."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, beside, choice, op, operand, option, real

_OPERATOR = f"{POINTWISE} operator"

# fmt: off
ROWS = [
    *(
        op(name, real("input"), operand("other", apart=True), tags="exact rounded ties discrete",
           dtypes="buihfc" if name in ("eq", "ne") else "buihf", spellings=_OPERATOR, orders=0)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    ),
    op("isclose", real("input"), beside("other", matching=True), option("rtol", low=0.0, high=2.0),
       option("atol", low=0.0, high=2.0),
       choice("equal_nan", True, False), tags="exact discrete", dtypes="buihfc", orders=0,
       note="two tensors of one dtype"),
    *(
        op(name, real("input"), tags="exact rounded discrete", dtypes="buihfc", orders=0)
        for name in ("isnan", "isinf", "isfinite", "isreal")
    ),
    *(
        op(name, real("input"), tags="exact rounded discrete", dtypes="buihf", spellings="function method out",
           orders=0)
        for name in ("isposinf", "isneginf")
    ),
    op("signbit", real("input", sign=True), tags="exact rounded discrete", dtypes="buihf",
       spellings="function method out", orders=0),
]
