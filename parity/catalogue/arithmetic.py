"""Sums, products, quotients, signs and powers."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, op, operand, option, real

_ARITHMETIC = f"{POINTWISE} operator augmented"
_OPERATOR = f"{POINTWISE} operator"

# fmt: off
ROWS = [
    op("add", real("input"), operand("other"), option("alpha", integer=True, low=-3, high=3, tame=True),
       tags="exact rounded", dtypes="buihfc", spellings=_ARITHMETIC),
    op("sub", real("input"), operand("other"), option("alpha", integer=True, low=-3, high=3, tame=True),
       tags="exact rounded", dtypes="uihfc", spellings=_ARITHMETIC),
    op("mul", real("input"), operand("other"), tags="exact rounded signed_zero", dtypes="buihfc",
       spellings=_ARITHMETIC),
    op("div", real("input"), operand("other", nonzero=True, another=True, dyadic=(2.0, -2.0, 4.0, 0.5)),
       tags="exact signed_zero", dtypes="buihfc", spellings=_ARITHMETIC,
       stress=((1e-30, 1e-20), (1e20, 1e30))),
    op("neg", real("input"), tags="exact rounded signed_zero", dtypes="uihfc", spellings=_OPERATOR),
    op("pow", real("input", above=0, below=5), operand("exponent", dyadic=(2, 3, 1, 0), low=-3.0, high=3.0),
       dtypes="uihfc", spellings=_ARITHMETIC, critical=(2.0, 0.5, -1.0),
       note="0**y has slope 0 in y for y >= 0, x**0 slope 0 in x: torch/csrc/autograd/FunctionsManual.cpp"),
    op("abs", real("input", kinks=(0,)), tags="exact rounded ties signed_zero", dtypes="uihfc",
       spellings=POINTWISE, note="the derivative at 0 is 0"),
    op("sign", real("input", kinks=(0,)), tags="exact rounded ties discrete", dtypes="buihf",
       spellings=POINTWISE),
    op("square", real("input"), tags="exact rounded", dtypes="buihfc", spellings=POINTWISE),
    op("reciprocal", real("input", nonzero=True), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero"),
]
