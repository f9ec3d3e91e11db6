"""Roundings."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, op, option, real

# fmt: off
ROWS = [
    *(
        op(name, real("input", kinks=(-3, -2, -1, 0, 1, 2, 3)), tags="exact rounded ties discrete signed_zero",
           dtypes="uihf", spellings=POINTWISE)
        for name in ("ceil", "trunc")
    ),
    op("floor", real("input", kinks=(-3, -2, -1, 0, 1, 2, 3)), tags="exact rounded ties discrete signed_zero",
       dtypes="uihf", spellings=POINTWISE),
    op("round", real("input", kinks=(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5)), 
       option("decimals", choices=(0, -1), inexact=(1, 2)), tags="exact rounded ties discrete signed_zero", dtypes="uihf", spellings=POINTWISE,
       critical=(0.5, 1.5, 2.5, -0.5), note="halves go to the even neighbour"),
]
