"""Normalisations."""

from __future__ import annotations

import math

from parity.catalogue.arguments import argument, choice, op, option, real

# fmt: off
ROWS = [
    *(
        op(name, real("input", min_ndim=1, spread=True),
           argument("normalized_shape", "tail"), argument("weight", "tail_weight"),
           argument("bias", "tail_weight"), choice("eps", 1e-5, 1e-3), stress=((1e3, 1.01e3), (-1e-3, 1e-3)),
           spellings="function")
        for name in ("layer_norm", "nn.functional.layer_norm")
    ),
    *(
        op(name, real("input", min_ndim=1, spread=True), argument("normalized_shape", "tail"),
           argument("weight", "tail_weight"), argument("eps", "choice", values=(1e-5, 1e-3)),
           stress=((1e-4, 1e-3), (1e3, 1e4)), spellings="function")
        for name in ("rms_norm", "nn.functional.rms_norm")
    ),
    op("nn.functional.normalize", real("input", min_ndim=1, nonzero=True), choice("p", 2.0, 1.0, 3.0, math.inf),
       option("dim", "dim", needed=True), choice("eps", 1e-12, 1e-3), stress=((1e-3, 1e-2), (1e3, 1e4)),
       spellings="function"),
]
