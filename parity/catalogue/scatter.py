"""Writing and adding at positions that tensors of indices name."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, dim, op, option, real

ALL = "buihfc"
WRITING = "function method inplace out"

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")

# fmt: off
ROWS = [
    op("scatter", real("input"), dim(), argument("index", "positions", different=True),
       argument("src", "scattered", number=True), tags="exact", dtypes=ALL, spellings=WRITING),
    op("scatter_add", real("input"), dim(), argument("index", "positions"), argument("src", "scattered"),
       tags="exact", dtypes=ALL, spellings=WRITING),
    op("scatter_reduce", real("input"), dim(), argument("index", "positions"),
       argument("src", "scattered", exactly=True), argument("reduce", "choice", values=REDUCTIONS),
       choice("include_self", True, False), tags="exact ties", dtypes="buihf", spellings=WRITING),
    op("index_add", real("input"), dim(), argument("index", "position_list"), argument("source", "slices"),
       option("alpha"), tags="exact", dtypes=ALL, spellings=WRITING),
    op("index_copy", real("input"), dim(), argument("index", "position_list", different=True),
       argument("source", "slices"), tags="exact", dtypes=ALL, spellings=WRITING),
    op("index_reduce", real("input"), dim(), argument("index", "position_list"), argument("source", "slices"),
       argument("reduce", "choice", values=REDUCTIONS[1:]), choice("include_self", True, False),
       tags="exact ties", dtypes="buihf", spellings=WRITING),
    op("put", real("input"), argument("index", "flat_positions", different=True), argument("source", "supplied"),
       choice("accumulate", True, False), tags="exact", dtypes=ALL, spellings="function method inplace"),
    op("index_fill", real("input"), dim(), argument("index", "position_list"), argument("value", "fill"),
       tags="exact", dtypes=ALL, spellings="function method inplace"),
]
