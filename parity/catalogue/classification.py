"""Losses over classes."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option, real

_REDUCTION = choice("reduction", "sum", "none", "mean")

# fmt: off
ROWS = [
    op("nn.functional.nll_loss", real("input", min_ndim=1, max_ndim=4, contiguous=True), argument("target", "classes"),
       option("weight", "class_weight"), option("ignore_index", "row"), _REDUCTION, spellings="function",
       note="the mean divides by the total weight of the targets that count; of images, torch's backward raises for "
       "layouts that are not contiguous"),
    op("nn.functional.cross_entropy", real("input", min_ndim=1, max_ndim=4),
       argument("target", "classes", probabilities=True), option("weight", "class_weight"),
       option("ignore_index", "row"), choice("label_smoothing", 0.0, 0.0, 0.0, 0.25), _REDUCTION,
       stress=((80.0, 200.0), (-1e4, 1e4)), spellings="function"),
    op("nn.functional.multilabel_soft_margin_loss", real("input", min_ndim=1), argument("target", "probabilities"),
       option("weight", "constant", above=0, part=True), _REDUCTION, stress=((-800.0, -50.0), (20.0, 100.0)),
       spellings="function"),
]
