"""Forward lines of exponentials, logarithms, trigonometric and hyperbolic functions."""

from __future__ import annotations

from parity.truth.balls import arb, equal
from parity.truth.scalar import real, sparing, unary
from parity.truth.table import line

unary("sqrt", lambda x: x.sqrt())
unary("rsqrt", lambda x: x.rsqrt())
unary("exp", lambda x: x.exp())
unary("exp2", lambda x: arb(2) ** x)
unary("expm1 special.expm1", lambda x: x.expm1())
unary("log", lambda x: x.log())
unary("log2", lambda x: x.log() / arb(2).log())
unary("log10", lambda x: x.log() / arb(10).log())
unary("log1p special.log1p", lambda x: x.log1p())
unary("sin", lambda x: x.sin())
unary("cos", lambda x: x.cos())
unary("tan", lambda x: x.tan())
unary("asin arcsin", lambda x: x.asin())
unary("acos arccos", lambda x: x.acos())
unary("atan arctan", lambda x: x.atan())
unary("sinh", lambda x: x.sinh())
unary("cosh", lambda x: x.cosh())
unary("tanh nn.functional.tanh", lambda x: x.tanh())
unary("asinh", lambda x: x.asinh())
unary("acosh", lambda x: x.acosh())
unary("atanh", lambda x: x.atanh())
unary("sigmoid special.expit nn.functional.sigmoid", lambda x: 1 / (1 + (-x).exp()))

_arctangent = real(lambda y, x: arb.atan2(y, x), 2)
line("atan2 arctan2", lambda input, other: _arctangent(input, other))
_hypotenuse = real(lambda a, b: (a * a + b * b).sqrt(), 2)
line("hypot", lambda input, other: _hypotenuse(input, other))
_sum_of_exponentials = real(lambda a, b: (a.exp() + b.exp()).log(), 2)
line("logaddexp", lambda input, other: _sum_of_exponentials(input, other))
_sum_of_powers = real(lambda a, b: (arb(2) ** a + arb(2) ** b).log() / arb(2).log(), 2)
line("logaddexp2", lambda input, other: _sum_of_powers(input, other))
_times_log = real(sparing(lambda x, y: arb(0) if equal(x, arb(0)) else x * y.log()), 2)
line("xlogy special.xlogy", lambda input, other: _times_log(input, other))
unary("sinc special.sinc", lambda x: x.sinc_pi())
unary("deg2rad", lambda x: x * arb.pi() / 180)
unary("rad2deg", lambda x: x * 180 / arb.pi())
