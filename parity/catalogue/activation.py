"""Activations."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, dim, op, option, real

_LEFT = ((-1e-8, 1e-8), (-80.0, -20.0))
_SOFTMAX = ((80.0, 200.0), (-1e4, 1e4), (-1e-8, 1e-8))

# fmt: off
ROWS = [
    op("nn.functional.sigmoid", real("input"), dtypes="buihfc", spellings="function",
       stress=((-80.0, -20.0), (10.0, 40.0))),
    op("nn.functional.tanh", real("input"), dtypes="buihfc", spellings="function", tags="signed_zero",
       stress=((-1e-8, 1e-8), (5.0, 8.0), (-40.0, -10.0))),
    op("special.expit", real("input"), dtypes="buihfc", spellings="function out",
       stress=((-80.0, -20.0), (10.0, 40.0))),
    op("special.softmax", real("input"), dim(), option("dtype", "dtype", floating=True), stress=_SOFTMAX,
       spellings="function"),
    op("special.log_softmax", real("input"), dim(), option("dtype", "dtype", floating=True), stress=_SOFTMAX,
       spellings="function"),
    op("nn.functional.softplus", real("input"), choice("beta", 1.0, 2.0, 0.5), choice("threshold", 20.0, 5.0),
       critical=(20.0,), stress=((-80.0, -20.0), (15.0, 25.0)), spellings="function",
       note="past the threshold it is the input itself"),
    op("nn.functional.gelu", real("input"), choice("approximate", "none", "tanh"),
       stress=((-8.0, -4.0), (-1e-8, 1e-8)), spellings="function"),
    op("nn.functional.silu", real("input"), spellings="function",
       stress=((-80.0, -20.0), (10.0, 40.0), (-1.3, -1.2), (-760.0, -80.0))),
    op("nn.functional.mish", real("input"), spellings="function",
       stress=((-80.0, -20.0), (10.0, 40.0), (-1.2, -1.1), (-760.0, -80.0))),
    op("nn.functional.logsigmoid", real("input"), spellings="function",
       stress=((-1000.0, -20.0), (10.0, 80.0), (-1e-8, 1e-8))),
    op("nn.functional.softsign", real("input", kinks=(0,)), spellings="function", stress=((1e10, 1e20), (-1e-8, 1e-8)),
       dtypes="uihf"),
    op("nn.functional.tanhshrink", real("input"), spellings="function", stress=((-1e-2, 1e-2), (10.0, 40.0)),
       dtypes="uihf"),
    op("nn.functional.elu", real("input", kinks=(0,)), choice("alpha", 1.0, 2.0, 0.5), spellings="function",
       stress=_LEFT, note="the derivative at 0 is alpha"),
    *(
        op(name, real("input", kinks=(0,)), choice("alpha", 1.0, 2.0, 0.5), spellings="function", stress=_LEFT)
        for name in ("celu", "nn.functional.celu")
    ),
    *(
        op(name, real("input", kinks=(0,)), spellings="function", stress=_LEFT,
           note="the derivative at 0 is that of the left side")
        for name in ("selu", "nn.functional.selu")
    ),
    op("softmax", real("input"), dim(), option("dtype", "dtype", floating=True), stress=_SOFTMAX),
    op("log_softmax", real("input"), dim(), option("dtype", "dtype", floating=True), stress=_SOFTMAX),
    *(
        op(f"nn.functional.{name}", real("input"), dim(), option("dtype", "dtype", floating=True), stress=_SOFTMAX,
           spellings="function")
        for name in ("softmax", "log_softmax", "softmin")
    ),
    op("nn.functional.glu", real("input", min_ndim=1), argument("dim", "even_dim"), spellings="function",
       stress=((-80.0, -20.0), (10.0, 40.0))),
]
