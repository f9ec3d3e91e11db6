"""Reading and writing by index, mask and position."""

from __future__ import annotations

from parity.catalogue.arguments import argument, dim, mask, op, option, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("getitem", real("input"), argument("index", "index"), tags="exact may_view", dtypes=ALL,
       spellings="operator"),
    op("setitem", real("input"), argument("index", "index", writing=True), argument("value", "assigned"),
       tags="exact", dtypes=ALL, spellings="inplace"),
    op("gather", real("input"), dim(), argument("index", "positions"), tags="exact", dtypes=ALL,
       spellings="function method out"),
    op("index_select", real("input"), dim(), argument("index", "position_list"), tags="exact", dtypes=ALL,
       spellings="function method out"),
    op("masked_fill", real("input"), mask("mask"), argument("value", "fill"), tags="exact rounded",
       dtypes=ALL, spellings="function method inplace"),
    op("masked_select", real("input"), mask("mask"), tags="exact data_shape", dtypes=ALL,
       spellings="function method out"),
    op("nn.functional.embedding", argument("input", "rows", late=True), real("weight", ndim=2),
       option("padding_idx", "row"), tags="exact", dtypes="hfc", spellings="function",
       note="the row padding_idx gets no gradient"),
]
