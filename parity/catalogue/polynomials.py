"""Orthogonal polynomials."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, real

_NOTE = (
    "the degree is cut to an integer, and below 0 the polynomial is 0; torch has no derivative, and no kernel for "
    "float16"
)

# fmt: off
ROWS = [
    *(
        op(f"special.{shifted}chebyshev_polynomial_{kind}", real("x"), argument("n", "degree", most=600),
           dtypes="buif", spellings="function out", orders=0, note=_NOTE,
           stress=((-1.0, -0.999), (0.999, 1.0), (-1e-8, 1e-8), (1e75, 1e77)))
        for shifted in ("", "shifted_")
        for kind in "tuvw"
    ),
    *(
        op(f"special.{name}", real("x"), argument("n", "degree"), dtypes="buif", spellings="function out", orders=0,
           stress=((-1e-8, 1e-8), (2.0, 8.0), (1e75, 1e77)), note=_NOTE)
        for name in ("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l",
                     "legendre_polynomial_p")
    ),
]
