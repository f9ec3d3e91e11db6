"""Pointwise operators, arithmetic to comparisons."""

from __future__ import annotations

import math

from parity.catalogue.arguments import POINTWISE, beside, mask, op, operand, option, real

_ARITHMETIC = f"{POINTWISE} operator augmented"
_COMPARISON = f"{POINTWISE} operator"

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
    op("neg", real("input"), tags="exact rounded signed_zero", dtypes="uihfc", spellings=_COMPARISON),
    op("pow", real("input", above=0, below=5), operand("exponent", dyadic=(2, 3, 1, 0), low=-3.0, high=3.0),
       dtypes="uihfc", spellings=_ARITHMETIC, critical=(2.0, 0.5, -1.0),
       note="0**y has slope 0 in y for y >= 0, x**0 slope 0 in x: torch/csrc/autograd/FunctionsManual.cpp"),
    op("abs", real("input", kinks=(0,)), tags="exact rounded ties signed_zero", dtypes="uihfc",
       spellings=POINTWISE, note="the derivative at 0 is 0"),
    op("sign", real("input", kinks=(0,)), tags="exact rounded ties discrete", dtypes="buihf",
       spellings=POINTWISE),
    op("sqrt", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
       stress=((1e-30, 1e-20), (1e10, 1e20))),
    op("rsqrt", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
       stress=((1e-20, 1e-10), (1e10, 1e20))),
    op("square", real("input"), tags="exact rounded", dtypes="buihfc", spellings=POINTWISE),
    op("reciprocal", real("input", nonzero=True), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero"),
    op("exp", real("input", below=20), dtypes="buihfc", spellings=POINTWISE,
       critical=(88.72283, 709.782712893384), stress=((-1e-8, 1e-8), (20.0, 80.0), (-80.0, -20.0))),
    op("expm1", real("input", below=20), dtypes="buihfc", spellings=POINTWISE, tags="signed_zero",
       critical=(88.72283, 709.782712893384), stress=((-1e-8, 1e-8), (-40.0, -10.0))),
    op("log", real("input", above=0), dtypes="buihfc", spellings=POINTWISE,
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
    op("sigmoid", real("input"), dtypes="buihfc", spellings=POINTWISE, stress=((-80.0, -20.0), (10.0, 40.0))),
    op("maximum", real("input"), beside("other", apart=True), tags="exact rounded ties", dtypes="buihf",
       spellings="function method out", note="a tie shares its gradient, half and half"),
    op("minimum", real("input"), beside("other", apart=True), tags="exact rounded ties", dtypes="buihf",
       spellings="function method out", note="a tie shares its gradient, half and half"),
    op("clamp", real("input", kinks=(-1.0, -0.5, 0.0, 0.5, 1.0)),
       option("min", choices=(-1.0, -0.5, 0.0), needed=True), option("max", choices=(0.5, 1.0)),
       tags="exact rounded ties", dtypes="uihf", spellings=POINTWISE, critical=(-0.5, 0.5),
       note="the derivative at a bound is 1"),
    op("where", mask("condition"), operand("input"), operand("other"), tags="exact rounded", dtypes="buihfc",
       spellings="function", note="the branch not taken gets a zero gradient, also where it is nan; "
       "the method has another order of arguments, x.where(condition, y), and is not drawn"),
    *(
        op(name, real("input"), operand("other", apart=True), tags="exact rounded ties discrete",
           dtypes="buihfc" if name in ("eq", "ne") else "buihf", spellings=_COMPARISON, orders=0)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    ),
    op("logical_not", real("input"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=_COMPARISON, orders=0),
    op("logical_and", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=_COMPARISON, orders=0),
    op("logical_or", real("input"), beside("other"), tags="exact rounded discrete", dtypes="buihfc",
       spellings=_COMPARISON, orders=0),
    op("floor", real("input", kinks=(-3, -2, -1, 0, 1, 2, 3)), tags="exact rounded ties discrete signed_zero",
       dtypes="uihf", spellings=POINTWISE),
    op("round", real("input", kinks=(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5)),
       tags="exact rounded ties discrete signed_zero", dtypes="uihf", spellings=POINTWISE,
       critical=(0.5, 1.5, 2.5, -0.5), note="halves go to the even neighbour"),
]
