"""Searching among boundaries, and histograms."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, number, op, option, real

_SEARCH = (choice("out_int32", True, False), choice("right", True, False))
_BINS = number("bins", 1, 20, integer=True)

# fmt: off
ROWS = [
    op("searchsorted", argument("sorted_sequence", "boundaries", rows=True, late=True), real("input", min_ndim=1),
       *_SEARCH, tags="exact discrete", dtypes="uihf", orders=0, spellings="function out"),
    op("bucketize", real("input"), argument("boundaries", "boundaries"), *_SEARCH, tags="exact discrete",
       dtypes="uihf", orders=0, spellings="function out"),
    op("histc", real("input", grid=0.1), _BINS, choice("min", -1.0, 0.0), choice("max", 1.0, 2.0),
       tags="discrete", dtypes="hf", orders=0, spellings="function method out"),
    op("histogram", real("input", constant=True, grid=0.1), _BINS, option("weight", "weights"),
       choice("density", True, False), tags="discrete", dtypes="f", orders=0),
    op("bincount", real("input", ndim=1, above=0), option("weights", "weights"), option("minlength", "length"),
       tags="exact data_shape discrete", dtypes="ui", orders=0),
]
