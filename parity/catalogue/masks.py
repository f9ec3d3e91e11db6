"""Choosing by masks."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, mask, op, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("masked_fill", real("input"), mask("mask"), argument("value", "fill"), tags="exact rounded",
       dtypes=ALL, spellings="function method inplace"),
    op("masked_select", real("input"), mask("mask"), tags="exact data_shape", dtypes=ALL,
       spellings="function method out"),
    op("masked_scatter", real("input"), mask("mask"), argument("source", "supply"), tags="exact", dtypes=ALL,
       spellings="function method inplace"),
    op("nonzero", real("input"), choice("as_tuple", True, False), tags="exact data_shape discrete", dtypes=ALL,
       orders=0),
    op("argwhere", real("input"), tags="exact data_shape discrete", dtypes=ALL, orders=0),
]
