"""Exponentials, logarithms, trigonometric and hyperbolic functions."""

from __future__ import annotations

import math

from parity.catalogue.arguments import POINTWISE, beside, op, real

# fmt: off
ROWS = [
    op("sqrt", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
       stress=((1e-30, 1e-20), (1e10, 1e20))),
    op("rsqrt", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
       stress=((1e-20, 1e-10), (1e10, 1e20))),
    op("exp", real("input", below=20), dtypes="buihfc", spellings=POINTWISE,
       critical=(88.72283, 709.782712893384), stress=((-1e-8, 1e-8), (20.0, 80.0), (-80.0, -20.0))),
    op("expm1", real("input", below=20), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       critical=(88.72283, 709.782712893384), stress=((-1e-8, 1e-8), (-40.0, -10.0))),
    op("log", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
       stress=((1e-30, 1e-20), (0.999999, 1.000001), (1e10, 1e30))),
    op("exp2", real("input", below=20), dtypes="buihfc", spellings=POINTWISE, critical=(127.0, 1023.0),
       stress=((-1e-8, 1e-8), (20.0, 100.0), (-100.0, -20.0))),
    op("log2", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
       stress=((1e-30, 1e-20), (0.999999, 1.000001), (1e10, 1e30))),
    op("log10", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
       stress=((1e-30, 1e-20), (0.999999, 1.000001), (1e10, 1e30))),
    op("log1p", real("input", above=-1), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       critical=(-1.0,), stress=((-1e-8, 1e-8), (-0.9999, -0.99), (1e10, 1e30))),
    op("sin", real("input"), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero", critical=(math.pi,),
       stress=((-1e-8, 1e-8), (100.0, 1000.0), (3.1415, 3.1417))),
    op("cos", real("input"), dtypes="buihfc", spellings=POINTWISE, critical=(math.pi / 2,),
       stress=((-1e-8, 1e-8), (100.0, 1000.0), (1.5707, 1.5709))),
    op("tan", real("input", above=-1.4, below=1.4), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       stress=((-1e-8, 1e-8), (1.55, 1.57))),
    op("asin", real("input", above=-1, below=1), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       stress=((-1e-8, 1e-8), (0.9999, 0.99999))),
    op("acos", real("input", above=-1, below=1), dtypes="buihfc", spellings=POINTWISE,
       stress=((-1e-8, 1e-8), (0.9999, 0.99999), (-0.99999, -0.9999))),
    op("atan", real("input"), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       stress=((-1e-8, 1e-8), (1e5, 1e10))),
    op("atan2", real("input", nonzero=True), beside("other", nonzero=True), dtypes="buihf",
       spellings=POINTWISE, tags="signed_zero", stress=((-1e-8, 1e-8), (1e5, 1e10))),
    # torch's vectorised kernels overflow a little before the value does, its scalar ones do not: keep off
    op("sinh", real("input", above=-20, below=20), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       critical=(88.0, 709.0), stress=((-1e-8, 1e-8), (20.0, 80.0))),
    op("cosh", real("input", above=-20, below=20), dtypes="buihfc", spellings=POINTWISE,
       critical=(88.0, 709.0), stress=((-1e-4, 1e-4), (20.0, 80.0))),
    op("tanh", real("input"), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       stress=((-1e-8, 1e-8), (5.0, 8.0), (-40.0, -10.0))),
    op("asinh", real("input"), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       stress=((-1e-8, 1e-8), (1e5, 1e10))),
    op("acosh", real("input", above=1), dtypes="buihfc", spellings=POINTWISE, critical=(1.0,),
       stress=((1.00001, 1.0001), (1e5, 1e10))),
    op("atanh", real("input", above=-1, below=1), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       critical=(1.0, -1.0), stress=((-1e-8, 1e-8), (0.9999, 0.99999))),
    op("sigmoid", real("input"), dtypes="buihfc", spellings=POINTWISE, stress=((-80.0, -20.0), (10.0, 40.0))),
]
