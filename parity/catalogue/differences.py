"""Differences, and integrals and derivatives by finite differences."""

from __future__ import annotations

from parity.catalogue.arguments import choice, op, option, real
from parity.catalogue.spec import Argument

_POINTS = Argument("x", "points", optional=True, limits={"late": True})
_DX = option("dx", low=-2.0, high=2.0)

# fmt: off
ROWS = [
    op("diff", real("input", min_ndim=1), choice("n", 1, 2, 0, 3), option("dim", "dim"),
       option("prepend", "extension"), option("append", "extension"), tags="exact", dtypes="buihfc",
       note="of bool: whether neighbours differ"),
    op("trapezoid", real("y", min_ndim=1), _POINTS, _DX, option("dim", "dim"), tags="exact", dtypes="uihfc",
       spellings="function"),
    op("cumulative_trapezoid", real("y", min_ndim=1), _POINTS, _DX, option("dim", "dim"), tags="exact",
       dtypes="uihfc", spellings="function"),
    op("gradient", real("input", min_ndim=1), option("dim", "dims"), option("spacing", "spacings"),
       choice("edge_order", 1, 2), dtypes="ihfc", spellings="function"),
]
