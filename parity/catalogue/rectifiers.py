"""Activations made of straight pieces."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, real

_EXACT = "exact rounded ties"
_SIX = (-3, 3)

# fmt: off
ROWS = [
    op("relu", real("input", kinks=(0,)), tags=_EXACT, dtypes="uihf",
       spellings="function method inplace", note="the derivative at 0 is 0"),
    op("nn.functional.relu", real("input", kinks=(0,)), tags=_EXACT, dtypes="uihf",
       spellings="function", note="the derivative at 0 is 0"),
    op("nn.functional.relu6", real("input", kinks=(0, 6)), tags=_EXACT, dtypes="uihf", critical=(6.0,),
       spellings="function", note="the derivative at 0 and 6 is 0"),
    op("nn.functional.hardtanh", real("input", kinks=(-2, -1, 1)), choice("min_val", -1.0, -2.0),
       choice("max_val", 1.0, -1.0), tags=_EXACT, dtypes="ihf", spellings="function",
       note="the derivative at both bounds is 0"),
    op("nn.functional.hardswish", real("input", kinks=_SIX), spellings="function",
       note="the derivative at -3 is 0, at 3 it is 1"),
    op("nn.functional.hardsigmoid", real("input", kinks=_SIX), orders=1, spellings="function",
       note="the derivative at -3 and 3 is 0"),
    op("nn.functional.leaky_relu", real("input", kinks=(0,)), choice("negative_slope", 0.01, 0.5),
       tags=_EXACT, spellings="function", note="the derivative at 0 is the slope"),
    *(
        op(name, real("input", kinks=(0,)), choice("lower", 0.125, 0.0), choice("upper", 0.5, 0.25),
           tags=_EXACT, spellings="function",
           note="the derivative at 0 is the mean slope; not drawn in training")
        for name in ("rrelu", "nn.functional.rrelu")
    ),
    op("prelu", real("input", kinks=(0,)), argument("weight", "channels"), tags="exact",
       note="the derivative at 0 is the weight, and by the weight 0"),
    op("nn.functional.prelu", real("input", kinks=(0,)), argument("weight", "channels"), tags="exact",
       spellings="function", note="the derivative at 0 is the weight, and by the weight 0"),
    op("nn.functional.softshrink", real("input", kinks=(-1, -0.5, 0, 0.5, 1)), choice("lambd", 0.5, 1.0, 0.0),
       tags=_EXACT, spellings="function", note="the derivative at both bends is 0"),
    op("hardshrink", real("input", kinks=(-1, -0.5, 0, 0.5, 1)), choice("lambd", 0.5, 1.0, 0.0),
       tags=_EXACT, spellings="function method out", note="the derivative at both jumps is 0"),
    op("nn.functional.hardshrink", real("input", kinks=(-1, -0.5, 0, 0.5, 1)), choice("lambd", 0.5, 1.0, 0.0),
       tags=_EXACT, spellings="function", note="the derivative at both jumps is 0"),
    op("threshold", real("input", kinks=(0, 1)), argument("threshold", "choice", values=(0.0, 1.0)),
       argument("value", "choice", values=(0.0, -2.0)), tags=_EXACT, dtypes="ihf", spellings="function out",
       note="the derivative at the threshold is 0"),
    op("nn.functional.threshold", real("input", kinks=(0, 1)), argument("threshold", "choice", values=(0.0, 1.0)),
       argument("value", "choice", values=(0.0, -2.0)), tags=_EXACT, dtypes="ihf", spellings="function",
       note="the derivative at the threshold is 0"),
]
