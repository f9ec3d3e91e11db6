"""Joining tensors."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, dim, op, option, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("cat", argument("tensors", "joined"), dim(), tags="exact", dtypes=ALL, spellings="function out"),
    op("stack", argument("tensors", "stacked"), argument("dim", "gap"), tags="exact", dtypes=ALL,
       spellings="function out"),
    op("hstack", argument("tensors", "alongside"), tags="exact", dtypes=ALL, spellings="function out"),
    op("vstack", argument("tensors", "alongside"), tags="exact", dtypes=ALL, spellings="function out"),
    op("dstack", argument("tensors", "alongside"), tags="exact", dtypes=ALL, spellings="function out"),
    op("atleast_1d", argument("tensors", "several"), tags="exact may_view", dtypes=ALL, spellings="function"),
    op("atleast_2d", argument("tensors", "several"), tags="exact may_view", dtypes=ALL, spellings="function"),
    op("atleast_3d", argument("tensors", "several"), tags="exact may_view", dtypes=ALL, spellings="function"),
    op("column_stack", argument("tensors", "alongside"), tags="exact", dtypes=ALL, spellings="function out"),
    op("block_diag", argument("tensors", "several", max_ndim=2, sized_vectors=True), tags="exact", dtypes=ALL,
       spellings="function",
       note="torch's gradient forgets that an empty vector makes a row: what follows gets the row's before it, which "
       "the truth proves wrong; not drawn"),
    op("meshgrid", argument("tensors", "several", max_ndim=1),
       option("indexing", "choice", values=("ij", "xy"), needed=True),
       tags="exact view", dtypes=ALL, spellings="function"),
    op("cartesian_prod", argument("tensors", "several", ndim=1, min_ndim=1, max_ndim=1, least=2), tags="exact",
       dtypes=ALL, spellings="function"),
    op("combinations", real("input", ndim=1), option("r", "integer", low=0, high=3),
       choice("with_replacement", True, False), tags="exact", dtypes=ALL, spellings="function"),
]
