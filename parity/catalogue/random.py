"""Random tensors: only dtype, shape and distribution are promised so far, not torch's own bits."""

from __future__ import annotations

from parity.catalogue.arguments import argument, number, op, option, real

_DTYPE = option("dtype", "dtype", floating=True)
_SIZE = argument("size", "size")
_HIGH = number("high", 1, 10, integer=True)

# fmt: off
ROWS = [
    op("rand", _SIZE, _DTYPE, tags="random", dtypes="f", orders=0, spellings="function"),
    op("randn", _SIZE, _DTYPE, tags="random", dtypes="f", orders=0, spellings="function"),
    op("randint", _HIGH, _SIZE, tags="random", dtypes="i", orders=0, spellings="function"),
    op("rand_like", real("input"), tags="random", dtypes="hf", orders=0, spellings="function"),
    op("randn_like", real("input"), tags="random", dtypes="hf", orders=0, spellings="function"),
    op("randint_like", real("input"), _HIGH, tags="random", dtypes="uihf", orders=0, spellings="function"),
]
