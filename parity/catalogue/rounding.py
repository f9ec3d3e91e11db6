"""Roundings."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, op, operand, option, real

_ARITHMETIC = f"{POINTWISE} operator augmented"

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
       option("decimals", choices=(0, -1), inexact=(1, 2)),
       tags="exact rounded ties discrete signed_zero", dtypes="uihf", spellings=POINTWISE,
       critical=(0.5, 1.5, 2.5, -0.5), note="halves go to the even neighbour"),
    op("frac", real("input", kinks=(-3, -2, -1, 0, 1, 2, 3)), tags="exact rounded ties", dtypes="hf",
       spellings=POINTWISE),
    op("floor_divide", real("input"), operand("other", nonzero=True, another=True, dyadic=(2.0, -2.0, 4.0, 0.5)),
       tags="exact discrete", dtypes="uihf", spellings=_ARITHMETIC, orders=0,
       note="the result requires grad, and to ask for its gradient raises; div with rounding_mode has gradient 0"),
    op("remainder", real("input"), operand("other", nonzero=True, another=True, dyadic=(2.0, -2.0, 1.0, 0.5)),
       tags="exact", dtypes="uihf", spellings=_ARITHMETIC),
    op("fmod", real("input"), operand("other", nonzero=True, another=True, dyadic=(2.0, -2.0, 1.0, 0.5)),
       tags="exact", dtypes="uihf", spellings=POINTWISE),
]
