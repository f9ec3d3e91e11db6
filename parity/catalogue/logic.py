"""Truth values and bits."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, beside, op, real

_OPERATOR = f"{POINTWISE} operator"

# fmt: off
ROWS = [
    op("logical_not", real("input"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=_OPERATOR, orders=0),
    op("logical_and", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=_OPERATOR, orders=0),
    op("logical_or", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=_OPERATOR, orders=0),
    op("logical_xor", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=POINTWISE, orders=0),
]
