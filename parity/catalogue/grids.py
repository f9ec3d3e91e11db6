"""Images and volumes read at the places of a grid, and grids of affine maps."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option

# fmt: off
ROWS = [
    op("nn.functional.grid_sample", argument("input", "gridded"), argument("grid", "beforehand"),
       option("mode", "beforehand", needed=True), choice("padding_mode", "zeros", "border", "reflection"),
       choice("align_corners", False, True, needed=True), orders=1, dtypes="f", spellings="function", tags="once",
       note="the gradient of a nearest place by the grid is 0"),
    op("nn.functional.affine_grid", argument("theta", "affine"), argument("size", "beforehand"),
       choice("align_corners", False, True, needed=True), dtypes="f", spellings="function"),
]
