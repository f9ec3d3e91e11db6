"""Attention."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option

# fmt: off
ROWS = [
    op("nn.functional.scaled_dot_product_attention", argument("query", "queries"), argument("key", "beforehand"),
       argument("value", "beforehand"), option("attn_mask", "beforehand"), option("is_causal", "beforehand"),
       option("scale", "beforehand"), option("enable_gqa", "beforehand"), orders=1, dtypes="f", spellings="function",
       note="torch's fused operator has no second derivative; dropout draws as nn.functional.dropout does"),
]
