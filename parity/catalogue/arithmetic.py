"""Sums, products, quotients, signs and powers."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, beside, op, operand, option, real

_ARITHMETIC = f"{POINTWISE} operator augmented"
_OPERATOR = f"{POINTWISE} operator"

# fmt: off
ROWS = [
    op("add", real("input"), operand("other"), option("alpha", integer=True, low=-3, high=3, tame=True, complex=True),
       tags="exact rounded", dtypes="buihfc", spellings=_ARITHMETIC),
    op("sub", real("input"), operand("other"), option("alpha", integer=True, low=-3, high=3, tame=True, complex=True),
       tags="exact rounded", dtypes="uihfc", spellings=_ARITHMETIC),
    op("mul", real("input"), operand("other"), tags="exact rounded signed_zero", dtypes="buihfc",
       spellings=_ARITHMETIC),
    op("div", real("input"), operand("other", nonzero=True, another=True, dyadic=(2.0, -2.0, 4.0, 0.5)),
       option("rounding_mode", "choice", values=("floor", "trunc")), tags="exact signed_zero", dtypes="buihfc",
       spellings=_ARITHMETIC, stress=((1e-30, 1e-20), (1e20, 1e30))),
    op("neg", real("input"), tags="exact rounded signed_zero", dtypes="uihfc", spellings=_OPERATOR),
    op("pow", real("input", above=0, below=5, least=-3),
       operand("exponent", dyadic=(2, 3, 1, 0), usual=(2, 3, 4, -1), low=-3.0, high=3.0, real=True),
       dtypes="uihfc", spellings=_ARITHMETIC, critical=(2.0, 0.5, -1.0),
       note="0**y has slope 0 in y for y >= 0, x**0 slope 0 in x: torch/csrc/autograd/FunctionsManual.cpp"),
    op("abs", real("input", kinks=(0,)), tags="exact rounded ties signed_zero", dtypes="uihfc",
       spellings=POINTWISE, note="the derivative at 0 is 0"),
    op("sign", real("input", kinks=(0,)), tags="exact rounded ties discrete", dtypes="buihf",
       spellings=POINTWISE),
    op("square", real("input"), tags="exact rounded", dtypes="buihfc", spellings=POINTWISE),
    op("reciprocal", real("input", nonzero=True), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero"),
    op("rsub", real("input"), operand("other"), option("alpha", integer=True, low=-3, high=3, tame=True, complex=True),
       tags="exact rounded", dtypes="uihfc", spellings="function"),
    op("sgn", real("input", kinks=(0,)), tags="exact ties", dtypes="buihfc", spellings=POINTWISE,
       note="of a complex number, the number over its size"),
    op("copysign", real("input", kinks=(0,)), operand("other", nonzero=True, sign=True),
       tags="exact rounded ties signed_zero", dtypes="buihf", spellings=POINTWISE, note="the derivative at 0 is 0"),
    op("addcmul", real("input"), beside("tensor1"), beside("tensor2"), option("value", tame=True), tags="exact",
       dtypes="uihfc", spellings=POINTWISE),
    op("addcdiv", real("input"), beside("tensor1"), beside("tensor2", nonzero=True), option("value", tame=True),
       dtypes="hfc", spellings=POINTWISE, stress=((-1e-8, 1e-8),)),
    op("lerp", real("input"), beside("end", matching=True), operand("weight", matching=True, low=-0.75, high=1.5),
       tags="exact", dtypes="hfc", spellings=POINTWISE),
    op("ldexp", real("input"), beside("other", kinds="ihfc"), dtypes="buihfc", spellings=POINTWISE),
    op("frexp", real("input", kinks=(-4, -2, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 2, 4)), tags="exact ties",
       note="the derivative of the mantissa is that between its jumps"),
    op("float_power", real("input", above=0, below=5), operand("exponent", low=-3.0, high=3.0, real=True),
       dtypes="buihfc", spellings="function method out", critical=(2.0, 0.5, -1.0), note="always in double precision"),
    op("nextafter", real("input"), beside("other"), tags="signed_zero", dtypes="hf", spellings=POINTWISE,
       note="the derivative is 1, and 0 where the two are equal"),
    *(
        op(name, real("input"), beside("other"), tags="exact rounded discrete", dtypes="ui", spellings=POINTWISE,
           orders=0)
        for name in ("gcd", "lcm")
    ),
]
