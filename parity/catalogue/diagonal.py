"""Diagonals and triangles of matrices."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option, real

ALL = "buihfc"
OFFSET = {"low": -3, "high": 3}

# fmt: off
ROWS = [
    op("diagonal", real("input", min_ndim=2), option("offset", "integer", **OFFSET), option("dim1", "dim"),
       option("dim2", "dim"), tags="exact view", dtypes=ALL),
    op("diagonal_copy", real("input", min_ndim=2), option("offset", "integer", **OFFSET), option("dim1", "dim"),
       option("dim2", "dim"), tags="exact", dtypes=ALL, spellings="function out"),
    op("tril", real("input", min_ndim=2), option("diagonal", "integer", **OFFSET), tags="exact", dtypes=ALL,
       spellings="function method inplace out"),
    op("triu", real("input", min_ndim=2), option("diagonal", "integer", **OFFSET), tags="exact", dtypes=ALL,
       spellings="function method inplace out"),
    op("diag", real("input", min_ndim=1, max_ndim=2), option("diagonal", "integer", **OFFSET), tags="exact",
       dtypes=ALL, spellings="function method out"),
    op("diag_embed", real("input", min_ndim=1, max_ndim=3), option("offset", "integer", **OFFSET),
       option("dim1", "integer", low=-3, high=2), option("dim2", "integer", low=-3, high=2), tags="exact",
       dtypes=ALL),
    op("diagflat", real("input"), option("offset", "integer", **OFFSET), tags="exact", dtypes=ALL),
    op("diagonal_scatter", real("input", min_ndim=2), argument("src", "sliced", late=True),
       option("offset", "integer", **OFFSET), option("dim1", "dim"), option("dim2", "dim"), tags="exact",
       dtypes=ALL),
]
