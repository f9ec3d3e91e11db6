"""Running sums and products."""

from __future__ import annotations

from parity.catalogue.arguments import dim, op, option, real

_SCAN = "function method inplace out"

# fmt: off
ROWS = [
    op("cumsum", real("input"), dim(), option("dtype", "dtype"), tags="exact", dtypes="buihfc",
       spellings=_SCAN, stress=((1e4, 1.0001e4),)),
    op("cumprod", real("input", above=-3, below=3), dim(), option("dtype", "dtype"), tags="exact",
       dtypes="buihfc", spellings=_SCAN),
    op("cummax", real("input", distinct=True), dim(), tags="exact ties", dtypes="buihf",
       note="of equal elements the last one counts"),
    op("cummin", real("input", distinct=True), dim(), tags="exact ties", dtypes="buihf",
       note="of equal elements the last one counts"),
    op("logcumsumexp", real("input"), dim(), dtypes="hfc", stress=((80.0, 200.0), (-200.0, -80.0))),
]
