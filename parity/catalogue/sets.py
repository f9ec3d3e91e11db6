"""Tensors as sets."""

from __future__ import annotations

from parity.catalogue.arguments import beside, choice, op, option, real

_COUNTED = (choice("return_inverse", True, False), choice("return_counts", True, False))

# fmt: off
ROWS = [
    op("unique", real("input", constant=True, distinct=True), *_COUNTED, option("dim", "dim", tame=True),
       tags="exact data_shape discrete", dtypes="buihf", orders=0,
       note="no nan equals another; slices with nan are in no order"),
    op("unique_consecutive", real("input", constant=True, distinct=True), *_COUNTED, option("dim", "dim"),
       tags="exact data_shape discrete", dtypes="buihf", orders=0),
    op("isin", real("elements"), beside("test_elements"), choice("invert", True, False),
       tags="exact discrete", dtypes="uihf", orders=0, spellings="function out"),
]
