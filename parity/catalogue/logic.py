"""Truth values and bits."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, beside, op, operand, real

_ARITHMETIC = f"{POINTWISE} operator augmented"

# fmt: off
ROWS = [
    op("logical_not", real("input"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=POINTWISE, orders=0),
    op("logical_and", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=POINTWISE, orders=0),
    op("logical_or", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=POINTWISE, orders=0),
    op("logical_xor", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=POINTWISE, orders=0),
    op("bitwise_not", real("input"), tags="exact rounded discrete", dtypes="bui", spellings=f"{POINTWISE} operator",
       orders=0),
    *(
        op(name, real("input", whole=True), operand("other", whole=True), tags="exact rounded discrete", dtypes="bui",
           spellings=_ARITHMETIC, orders=0)
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
    ),
    *(
        op(name, real("input", whole=True), operand("other", whole=True), tags="exact rounded discrete", dtypes="ui",
           spellings=_ARITHMETIC, orders=0, note="by a negative number, or by more bits than there are, all are lost")
        for name in ("bitwise_left_shift", "bitwise_right_shift")
    ),
]
