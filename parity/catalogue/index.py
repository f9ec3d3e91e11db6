"""Reading and writing by an index of any form."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("getitem", real("input"), argument("index", "index"), tags="exact may_view", dtypes=ALL,
       spellings="operator"),
    op("setitem", real("input"), argument("index", "index", writing=True), argument("value", "assigned"),
       tags="exact", dtypes=ALL, spellings="inplace"),
]
