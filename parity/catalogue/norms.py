"""Norms, distances and what is scaled to a norm."""

from __future__ import annotations

import math

from parity.catalogue.arguments import argument, beside, choice, dim, dims, keepdim, number, op, real

#: Where powers overflow or vanish on the way, in single and in double precision.
_FAR = ((1e-30, 1e-25), (1e25, 1e30), (1e-170, 1e-160), (1e160, 1e170))

# fmt: off
ROWS = [
    op("norm", real("input", nonzero=True, distinct=True),
       choice("p", 2, 1, 3, 0, math.inf, -math.inf, 0.5, 1.5, "fro"), dims(), keepdim(), dtypes="hfc",
       stress=_FAR, note="where there is no derivative, at 0, it is 0"),
    op("linalg.vector_norm", real("input", nonzero=True, distinct=True),
       choice("ord", 2, 1, 3, 0, math.inf, -math.inf, 0.5, 1.5, -1), dims(), keepdim(), dtypes="hfc",
       stress=_FAR, spellings="function out", note="where there is no derivative, at 0, it is 0"),
    op("dist", real("input"), beside("other", apart=True), choice("p", 2, 1, 3, math.inf, 0.5), dtypes="hf"),
    op("renorm", real("input", min_ndim=2, nonzero=True, distinct=True),
       argument("p", "choice", values=(2, 1, 3, 1.5, math.inf)), dim(), number("maxnorm", 0.5, 3.0),
       dtypes="hfc", spellings="function method inplace"),
]
