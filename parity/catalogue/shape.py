"""Operators that give the same elements in another shape or order, or repeat them."""

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
    op("adjoint", real("input", min_ndim=2, kinds="buihf"), tags="exact view", dtypes=ALL),
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
    op("flip", real("input"), argument("dims", "some_dims"), tags="exact", dtypes=ALL),
    op("fliplr", real("input", min_ndim=2), tags="exact", dtypes=ALL),
    op("flipud", real("input", min_ndim=1), tags="exact", dtypes=ALL),
    op("roll", real("input"), argument("shifts", "shifts"), argument("dims", "matching_dims"), tags="exact",
       dtypes=ALL),
    op("repeat", real("input", max_ndim=3), argument("repeats", "repeats"), tags="exact", dtypes=ALL,
       spellings="method"),
    op("tile", real("input", max_ndim=3), argument("dims", "repeats", fewer=True), tags="exact", dtypes=ALL),
]
