"""Tensors out of numbers, shapes and other tensors."""

from __future__ import annotations

from parity.catalogue.arguments import argument, number, op, option, real

_DTYPE = option("dtype", "dtype")
_NEEDED = option("dtype", "dtype", needed=True)
_SIZE = argument("size", "size")
ALL = "buihfc"

# fmt: off
ROWS = [
    op("tensor", argument("data", "nested"), _DTYPE, tags="exact", dtypes="bif", orders=0,
       spellings="function"),
    op("as_tensor", real("data"), _DTYPE, tags="exact may_view", dtypes=ALL, spellings="function"),
    op("zeros", _SIZE, _DTYPE, tags="exact", dtypes="f", orders=0, spellings="function"),
    op("ones", _SIZE, _DTYPE, tags="exact", dtypes="f", orders=0, spellings="function"),
    op("full", _SIZE, number("fill_value"), _DTYPE, tags="exact", dtypes="f", orders=0, spellings="function"),
    op("arange", argument("start", "range"), _DTYPE, tags="exact", dtypes="if", orders=0,
       spellings="function"),
    op("linspace", number("start"), number("end"), argument("steps", "length"), _NEEDED, dtypes="f", orders=0,
       spellings="function"),
    op("eye", argument("n", "length"), option("m", "length"), _DTYPE, tags="exact", dtypes="f", orders=0,
       spellings="function"),
    op("zeros_like", real("input"), _DTYPE, tags="exact", dtypes=ALL, orders=0, spellings="function"),
    op("ones_like", real("input"), _DTYPE, tags="exact", dtypes=ALL, orders=0, spellings="function"),
    op("full_like", real("input"), number("fill_value"), _DTYPE, tags="exact", dtypes=ALL, orders=0,
       spellings="function"),
]
