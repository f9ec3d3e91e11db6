"""Operators that see the same memory in another shape."""

from __future__ import annotations

from parity.catalogue.arguments import argument, dim, op, option, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("reshape", real("input", settled=True), argument("shape", "reshape"),
       tags="exact may_view", dtypes=ALL),
    op("view", real("input", contiguous=True, settled=True), argument("shape", "reshape"),
       tags="exact view", dtypes=ALL, spellings="method"),
    op("flatten", real("input", settled=True), option("start_dim", "dim", first=True),
       tags="exact may_view", dtypes=ALL),
    op("unflatten", real("input", settled=True, min_ndim=1), dim(), argument("sizes", "factors"),
       tags="exact view", dtypes=ALL),
    op("squeeze", real("input"), option("dim", "dim", tuples=True), tags="exact view", dtypes=ALL,
       spellings="function method inplace"),
    op("unsqueeze", real("input", max_ndim=4), argument("dim", "gap"), tags="exact view", dtypes=ALL,
       spellings="function method inplace"),
    op("transpose", real("input"), argument("dim0", "dim"), argument("dim1", "dim"), tags="exact view",
       dtypes=ALL, spellings="function method inplace"),
    op("swapaxes", real("input"), argument("axis0", "dim"), argument("axis1", "dim"), tags="exact view",
       dtypes=ALL, spellings="function method inplace"),
    op("t", real("input", max_ndim=2), tags="exact view", dtypes=ALL, spellings="function method inplace"),
    op("adjoint", real("input", min_ndim=2), tags="exact view", dtypes="buihf",
       note="a view; of complex tensors a copy, since there is no lazy conjugate"),
    op("movedim", real("input"), argument("source", "moved"), argument("destination", "moved"),
       tags="exact view", dtypes=ALL),
    op("ravel", real("input", settled=True), tags="exact may_view", dtypes=ALL),
    op("permute", real("input"), argument("dims", "permutation"), tags="exact view", dtypes=ALL),
    op("expand", real("input", max_ndim=3), argument("size", "expansion"), tags="exact view", dtypes=ALL,
       spellings="method"),
    op("broadcast_to", real("input", max_ndim=3), argument("size", "expansion"), tags="exact view",
       dtypes=ALL),
    op("broadcast_tensors", argument("tensors", "broadcasting"), tags="exact view", dtypes=ALL,
       spellings="function"),
    op("unfold", real("input"), dim("dimension"), argument("size", "integer", low=0, high=3),
       argument("step", "integer", low=1, high=3), tags="exact view", dtypes=ALL, spellings="method"),
    op("as_strided", real("input", contiguous=True, settled=True), argument("size", "strided"),
       tags="exact view", dtypes=ALL, note="the arguments are size, stride and storage_offset, drawn together"),
]
