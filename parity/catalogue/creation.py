"""Tensors out of numbers, shapes and other tensors."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, number, op, option, real

_DTYPE = option("dtype", "dtype")
_NEEDED = option("dtype", "dtype", needed=True)
_ANY = option("dtype", "dtype", needed=True, names=("float64", "float32", "float16", "int64", "int32"))
_SIZE = argument("size", "size")
_TRIANGLE = (
    argument("row", "length"), argument("col", "length"), option("offset", low=-3, high=3, integer=True),
)  # fmt: skip
_WINDOW = (argument("window_length", "length"), choice("periodic", True, False))
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
    op("linspace", number("start"), number("end"), argument("steps", "length"), _ANY, dtypes="f", orders=0,
       spellings="function"),
    op("logspace", number("start"), number("end"), argument("steps", "length"), _NEEDED, dtypes="f", orders=0,
       spellings="function"),
    op("range", argument("start", "range"), tags="exact", dtypes="f", orders=0, spellings="function"),
    op("scalar_tensor", number("s"), _DTYPE, tags="exact", dtypes="f", orders=0, spellings="function"),
    op("asarray", real("obj"), tags="exact may_view", dtypes=ALL, spellings="function"),
    op("new_zeros", real("self"), _SIZE, _DTYPE, tags="exact", dtypes=ALL, orders=0, spellings="method"),
    op("new_ones", real("self"), _SIZE, _DTYPE, tags="exact", dtypes=ALL, orders=0, spellings="method"),
    op("new_full", real("self"), _SIZE, number("fill_value"), _DTYPE, tags="exact", dtypes=ALL, orders=0,
       spellings="method"),
    op("tril_indices", *_TRIANGLE, tags="exact", dtypes="i", orders=0, spellings="function"),
    op("triu_indices", *_TRIANGLE, tags="exact", dtypes="i", orders=0, spellings="function"),
    op("hann_window", *_WINDOW, _NEEDED, dtypes="f", orders=0, spellings="function"),
    op("hamming_window", *_WINDOW, _NEEDED, dtypes="f", orders=0, spellings="function"),
    op("blackman_window", *_WINDOW, _NEEDED, dtypes="f", orders=0, spellings="function"),
    op("bartlett_window", *_WINDOW, _NEEDED, dtypes="f", orders=0, spellings="function"),
    op("kaiser_window", *_WINDOW, option("beta", low=0, high=14), _NEEDED, dtypes="f", orders=0, spellings="function"),
    op("eye", argument("n", "length"), option("m", "length"), _DTYPE, tags="exact", dtypes="f", orders=0,
       spellings="function"),
    op("zeros_like", real("input"), _DTYPE, tags="exact", dtypes=ALL, orders=0, spellings="function"),
    op("ones_like", real("input"), _DTYPE, tags="exact", dtypes=ALL, orders=0, spellings="function"),
    op("full_like", real("input"), number("fill_value"), _DTYPE, tags="exact", dtypes=ALL, orders=0,
       spellings="function"),
]
