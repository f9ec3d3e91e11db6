"""The same elements in another order, repeated, or with others around or among them, always copied."""

from __future__ import annotations

from parity.catalogue.arguments import argument, dim, number, op, option, real

ALL = "buihfc"

# fmt: off
ROWS = [
    op("flip", real("input"), argument("dims", "some_dims"), tags="exact", dtypes=ALL),
    op("fliplr", real("input", min_ndim=2), tags="exact", dtypes=ALL),
    op("flipud", real("input", min_ndim=1), tags="exact", dtypes=ALL),
    op("roll", real("input"), argument("shifts", "shifts"), argument("dims", "matching_dims"), tags="exact",
       dtypes=ALL),
    op("repeat", real("input", max_ndim=3), argument("repeats", "repeats"), tags="exact", dtypes=ALL,
       spellings="method"),
    op("tile", real("input", max_ndim=3), argument("dims", "repeats", fewer=True), tags="exact", dtypes=ALL),
    op("rot90", real("input", min_ndim=2), option("k", "integer", low=-4, high=5), option("dims", "pair"),
       tags="exact", dtypes=ALL),
    op("repeat_interleave", real("input"), argument("repeats", "times"), dim(optional=True), tags="exact",
       dtypes=ALL, note="repeats is a number, or a tensor of them"),
    op("constant_pad_nd", real("input"), argument("pad", "padding"), number("value"), tags="exact", dtypes=ALL,
       spellings="function"),
    op("slice_scatter", real("input", min_ndim=1), argument("src", "sliced", late=True), dim(),
       option("start", "integer", low=-3, high=3), option("end", "integer", low=-3, high=4),
       option("step", "integer", low=1, high=2), tags="exact", dtypes=ALL, spellings="function method out"),
    op("select_scatter", real("input", min_ndim=1), argument("src", "sliced", late=True), dim(),
       argument("index", "place"), tags="exact", dtypes="buihf"),
    op("as_strided_scatter", real("input", contiguous=True, settled=True), argument("src", "sliced", late=True),
       argument("size", "strided", apart=True, constant=True), tags="exact", dtypes=ALL,
       note="torch gives the input the gradient of what is written over and drops that of the rest: not drawn"),
]
