"""Losses by margins between the scores of classes."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option, real

_REDUCTION = choice("reduction", "sum", "none", "mean")

# fmt: off
ROWS = [
    op("nn.functional.multi_margin_loss", real("input", ndim=2, distinct=True, sized=True),
       argument("target", "classes"), choice("p", 1, 2), choice("margin", 1.0, 0.5),
       option("weight", "class_weight"), _REDUCTION, orders=1, spellings="function", dtypes="f"),
    op("nn.functional.multilabel_margin_loss", real("input", ndim=2, distinct=True, sized=True),
       argument("target", "label_lists"), _REDUCTION, orders=1, spellings="function", dtypes="f",
       note="-1 ends a list of targets"),
]
