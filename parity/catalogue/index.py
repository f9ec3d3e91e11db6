"""Reading and writing by an index of any form."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("getitem", real("input"), argument("index", "index"), tags="exact may_view", dtypes=ALL,
       spellings="operator"),
    op("setitem", real("input"), argument("index", "index", writing=True), argument("value", "assigned"),
       tags="exact", dtypes=ALL, spellings="inplace"),
    op("index_put", real("input", min_ndim=1), argument("indices", "index_tuple"),
       argument("values", "put_values"), choice("accumulate", True), tags="exact", dtypes=ALL,
       spellings="function method inplace"),
]
