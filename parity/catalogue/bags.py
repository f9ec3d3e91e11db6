"""Rows of a table reduced bag by bag."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option, real

# fmt: off
ROWS = [
    op("nn.functional.embedding_bag", argument("input", "bagged", late=True), real("weight", ndim=2, sized=True),
       option("offsets", "beforehand"), option("mode", "beforehand"), option("per_sample_weights", "beforehand"),
       option("include_last_offset", "beforehand"), option("padding_idx", "row"), orders=1, dtypes="f",
       spellings="function",
       note="the last bag runs to the end, whatever the last offset says; the gradient shared out by frequency is "
       "torch's own only for the last row of each count"),
]
