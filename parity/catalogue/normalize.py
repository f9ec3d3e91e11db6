"""Normalisations."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, real

# fmt: off
ROWS = [
    op("nn.functional.layer_norm", real("input", min_ndim=1, spread=True),
       argument("normalized_shape", "tail"), argument("weight", "tail_weight"),
       argument("bias", "tail_weight"), choice("eps", 1e-5, 1e-3), stress=((1e3, 1.01e3), (-1e-3, 1e-3)),
       spellings="function"),
]
