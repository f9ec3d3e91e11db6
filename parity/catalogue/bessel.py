"""Bessel's and Airy's functions."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, op, real

_LATER = "torch has no derivative, and no kernel for float16"
_HALF = "in float16 torch has the value and no derivative"
_STRESS = ((-1e-8, 1e-8), (2.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, 80.0), (-10.0, -5.0))
#: Of what does not overflow.
_FAR = (*_STRESS, (110.0, 500.0), (-500.0, -110.0))
_RIGHT = ((1e-30, 1e-20), (0.1, 2.0), (2.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, 80.0))

# fmt: off
ROWS = [
    op("i0", real("input"), dtypes="buihf", spellings=POINTWISE, stress=_STRESS),
    op("special.i0", real("input"), dtypes="buihf", spellings="function out", stress=_STRESS),
    op("special.i1", real("input"), dtypes="buihf", spellings="function out", tags="signed_zero", stress=_STRESS,
       note=_HALF),
    op("special.i0e", real("input", kinks=(0,)), dtypes="buihf", spellings="function out", stress=_FAR, note=_HALF),
    op("special.i1e", real("input", kinks=(0,)), dtypes="buihf", spellings="function out", tags="signed_zero",
       stress=_FAR, note=_HALF),
    *(
        op(f"special.{name}", real("input"), dtypes="buif", spellings="function out", orders=0, stress=_STRESS,
           note=_LATER)
        for name in ("bessel_j0", "bessel_j1", "modified_bessel_i0", "modified_bessel_i1")
    ),
    *(
        op(f"special.{name}", real("input", above=0), dtypes="buif", spellings="function out", orders=0,
           stress=_RIGHT, note=_LATER)
        for name in ("bessel_y0", "bessel_y1", "modified_bessel_k0", "modified_bessel_k1")
    ),
    *(
        op(f"special.{name}", real("x", above=0), dtypes="buif", spellings="function out", orders=0,
           stress=_RIGHT, note=_LATER)
        for name in ("scaled_modified_bessel_k0", "scaled_modified_bessel_k1")
    ),
    op("special.spherical_bessel_j0", real("x"), dtypes="buif", spellings="function out", orders=0,
       stress=((-1e-8, 1e-8), (3.1415, 3.1417), (20.0, 80.0)), note=_LATER),
    op("special.airy_ai", real("x"), dtypes="buif", spellings="function out", orders=0,
       stress=((-1e-8, 1e-8), (-8.0, -2.0), (2.0, 20.0), (205.0, 1e3)), note=_LATER),
]
