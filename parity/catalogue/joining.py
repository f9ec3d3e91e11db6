"""Joining tensors, and parting them."""

from __future__ import annotations

from parity.catalogue.arguments import argument, dim, op, real

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
    op("split", real("input", min_ndim=1), argument("split_size_or_sections", "sections"), dim(last=True),
       tags="exact view", dtypes=ALL),
    op("chunk", real("input", min_ndim=1), argument("chunks", "integer", low=1, high=4), dim(),
       tags="exact view", dtypes=ALL),
    op("tensor_split", real("input", min_ndim=1), argument("indices_or_sections", "cuts"), dim(),
       tags="exact view", dtypes=ALL),
    op("unbind", real("input", min_ndim=1), dim(), tags="exact view", dtypes=ALL),
    op("narrow", real("input", min_ndim=1), dim(), argument("start", "place", end=True),
       argument("length", "extent"), tags="exact view", dtypes=ALL),
    op("select", real("input", min_ndim=1), dim(), argument("index", "place"), tags="exact view", dtypes=ALL),
]
