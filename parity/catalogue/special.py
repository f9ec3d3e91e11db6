"""Special functions."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, op, real

# fmt: off
ROWS = [
    op("erfc", real("input"), dtypes="buihf", spellings=POINTWISE, stress=((-1e-8, 1e-8), (2.0, 5.0))),
    op("erf", real("input"), dtypes="buihf", spellings=POINTWISE, tags="signed_zero",
       stress=((-1e-8, 1e-8), (2.0, 5.0))),
]
