"""Diagonals and triangles of matrices."""

from __future__ import annotations

from parity.catalogue.arguments import op, option, real

ALL = "buihfc"
OFFSET = {"low": -3, "high": 3}

# fmt: off
ROWS = [
    op("diagonal", real("input", min_ndim=2), option("offset", "integer", **OFFSET), option("dim1", "dim"),
       option("dim2", "dim"), tags="exact view", dtypes=ALL),
    op("tril", real("input", min_ndim=2), option("diagonal", "integer", **OFFSET), tags="exact", dtypes=ALL,
       spellings="function method inplace out"),
    op("triu", real("input", min_ndim=2), option("diagonal", "integer", **OFFSET), tags="exact", dtypes=ALL,
       spellings="function method inplace out"),
]
