"""Reading at positions that tensors of indices name."""

from __future__ import annotations

from parity.catalogue.arguments import argument, dim, op, option, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("gather", real("input"), dim(), argument("index", "positions", repeats=True), tags="exact", dtypes=ALL,
       spellings="function method out"),
    op("take", real("input"), argument("index", "flat_positions"), tags="exact", dtypes=ALL,
       spellings="function method out"),
    op("take_along_dim", real("input"), argument("indices", "positions", broadcast=True, late=True), dim(),
       tags="exact", dtypes=ALL, spellings="function method out"),
    op("index_select", real("input"), dim(), argument("index", "position_list"), tags="exact", dtypes=ALL,
       spellings="function method out"),
    op("embedding", real("weight", ndim=2), argument("indices", "rows"), option("padding_idx", "row"), tags="exact",
       dtypes="hfc", spellings="function", note="a padding_idx below 0 names no row, unlike nn.functional's"),
    op("nn.functional.embedding", argument("input", "rows", late=True), real("weight", ndim=2),
       option("padding_idx", "row"), tags="exact", dtypes="hfc", spellings="function",
       note="the row padding_idx gets no gradient"),
]
