"""Parting tensors."""

from __future__ import annotations

from parity.catalogue.arguments import argument, dim, op, real

ALL = "buihfc"

# fmt: off
ROWS = [
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
    op("hsplit", real("input", min_ndim=1), argument("indices_or_sections", "cuts"), tags="exact view", dtypes=ALL),
    op("vsplit", real("input", min_ndim=2), argument("indices_or_sections", "cuts"), tags="exact view", dtypes=ALL),
    op("dsplit", real("input", min_ndim=3), argument("indices_or_sections", "cuts"), tags="exact view", dtypes=ALL),
    op("unsafe_split", real("input", min_ndim=1), argument("split_size", "integer", low=1, high=4), dim(),
       tags="exact unguarded", dtypes=ALL),
    op("unsafe_split_with_sizes", real("input", min_ndim=1), argument("split_sizes", "sections", listed=True),
       dim(last=True), tags="exact unguarded", dtypes=ALL),
    op("unsafe_chunk", real("input", min_ndim=1), argument("chunks", "integer", low=1, high=4), dim(),
       tags="exact unguarded", dtypes=ALL),
    op("narrow_copy", real("input", min_ndim=1), dim(), argument("start", "place", end=True, front=True),
       argument("length", "extent"), tags="exact", dtypes=ALL, spellings="function method out",
       note="of a negative start torch's derivative takes another region, or raises"),
]
