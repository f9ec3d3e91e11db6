"""Activations."""

from __future__ import annotations

from parity.catalogue.arguments import choice, dim, op, option, real

_SOFTMAX = ((80.0, 200.0), (-1e4, 1e4), (-1e-8, 1e-8))

# fmt: off
ROWS = [
    op("nn.functional.leaky_relu", real("input", kinks=(0,)), choice("negative_slope", 0.01, 0.5),
       tags="ties", spellings="function", note="the derivative at 0 is the slope"),
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
    op("relu", real("input", kinks=(0,)), tags="exact rounded ties", dtypes="uihf",
       spellings="function method inplace", note="the derivative at 0 is 0"),
    op("nn.functional.relu", real("input", kinks=(0,)), tags="exact rounded ties", dtypes="uihf",
       spellings="function", note="the derivative at 0 is 0"),
    op("nn.functional.softplus", real("input"), choice("beta", 1.0, 2.0, 0.5), choice("threshold", 20.0, 5.0),
       critical=(20.0,), stress=((-80.0, -20.0), (15.0, 25.0)), spellings="function",
       note="past the threshold it is the input itself"),
    op("nn.functional.gelu", real("input"), choice("approximate", "none", "tanh"),
       stress=((-8.0, -4.0), (-1e-8, 1e-8)), spellings="function"),
    op("softmax", real("input"), dim(), option("dtype", "dtype", floating=True), stress=_SOFTMAX),
    op("log_softmax", real("input"), dim(), option("dtype", "dtype", floating=True), stress=_SOFTMAX),
    op("nn.functional.softmax", real("input"), dim(), stress=_SOFTMAX, spellings="function"),
    op("nn.functional.log_softmax", real("input"), dim(), stress=_SOFTMAX, spellings="function"),
]
