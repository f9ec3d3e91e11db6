"""Losses that rank, by margins."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, real

_REDUCTION = choice("reduction", "sum", "none", "mean")
_NUMBER = choice("reduction", 2, 0, 1)
_SIDE = argument("target", "constant", values=(1.0, -1.0))
_SIDES = argument("target", "constant", values=(1.0, -1.0), rows=True)
_OTHER = argument("input2", "same_shape", another=True)
_NEAR = argument("positive", "same_shape", another=True)
_FAR = argument("negative", "same_shape", another=True)
_TRIPLET = (real("anchor", min_ndim=1), _NEAR, _FAR,
            choice("margin", 1.0, 0.5), choice("p", 2.0, 1.0, 3.0), choice("swap", False, True))  # fmt: skip
_KINK = "the derivative where the margin is just met is 1"

# fmt: off
ROWS = [
    op("nn.functional.hinge_embedding_loss", real("input", kinks=(1.0, 0.5)), _SIDE, choice("margin", 1.0, 0.5),
       _REDUCTION, tags="exact", spellings="function", note=_KINK),
    op("hinge_embedding_loss", real("input", kinks=(1.0, 0.5)), _SIDE, choice("margin", 1.0, 0.5), _NUMBER,
       spellings="function"),
    op("nn.functional.margin_ranking_loss", real("input1"), _OTHER, _SIDE,
       choice("margin", 0.0, 0.5), _REDUCTION, tags="exact", spellings="function", note=_KINK),
    op("margin_ranking_loss", real("input1"), _OTHER, _SIDE, choice("margin", 0.0, 0.5),
       _NUMBER, spellings="function"),
    op("nn.functional.cosine_embedding_loss", real("input1", min_ndim=1, max_ndim=2),
       _OTHER, _SIDES, choice("margin", 0.0, 0.5), _REDUCTION, spellings="function"),
    op("cosine_embedding_loss", real("input1", min_ndim=1, max_ndim=2), _OTHER, _SIDES,
       choice("margin", 0.0, 0.5), _NUMBER, spellings="function"),
    op("nn.functional.triplet_margin_loss", *_TRIPLET, _REDUCTION, spellings="function"),
    op("triplet_margin_loss", *_TRIPLET, _NUMBER, spellings="function"),
    op("nn.functional.triplet_margin_with_distance_loss", real("anchor", min_ndim=1),
       _NEAR, _FAR, choice("margin", 1.0, 0.5),
       choice("swap", False, True), _REDUCTION, spellings="function"),
]
