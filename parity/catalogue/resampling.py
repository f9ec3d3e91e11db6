"""Padding and resizing."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option, real

# fmt: off
ROWS = [
    op("nn.functional.pad", real("input"), argument("pad", "around"), option("mode", "beforehand", needed=True),
       option("value", "beforehand"), tags="exact", dtypes="buihfc", spellings="function"),
    *(
        op(f"nn.functional.{name}", argument("input", "resizable"), option("size", "resized", needed=True),
           option("scale_factor", "beforehand"), option("mode", "beforehand", needed=True),
           option("align_corners", "beforehand"), *more, dtypes="hf", spellings="function")
        for name, more in (
            ("interpolate", [option("recompute_scale_factor", "beforehand"), option("antialias", "beforehand")]),
            ("upsample", []),
        )
    ),
]
