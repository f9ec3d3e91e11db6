"""Comparisons, element by element: no derivative."""

from __future__ import annotations

import operator

import numpy as np

from autodiff._core.kinds import discrete, general
from autodiff._core.registry import ops
from autodiff._kernels import choosing

for _name, _alias, _kernel, _refuses in (
    ("eq", "", operator.eq, ""),
    ("ne", "not_equal", operator.ne, ""),
    ("lt", "less", operator.lt, "c"),
    ("le", "less_equal", operator.le, "c"),
    ("gt", "greater", operator.gt, "c"),
    ("ge", "greater_equal", operator.ge, "c"),
):
    discrete(_name, _kernel, refuses=_refuses, public=f"{_name} {_alias}", numbers="right")
    # Written over a float, the answer is a float, and takes part in the graph with derivative 0.
    general(
        f"_{_name}_written",
        choosing.written,
        lambda g: ops.zeros_like(g),
        lambda g: ops.zeros_like(g),
        None,
        inputs=("input", "other", "mask"),
        node=f"{_name.capitalize()}Backward1",
    )
    general(
        f"_{_name}_number_written",
        choosing.written,
        lambda g: ops.zeros_like(g),
        None,
        None,
        inputs=("input", "other", "mask"),
        node=f"{_name.capitalize()}Backward0",
    )
discrete("isnan", np.isnan, 1, spellings="")
discrete("isinf", np.isinf, 1, spellings="")
discrete("isfinite", np.isfinite, 1, spellings="")
discrete("_isposinf", np.isposinf, 1)
discrete("_isneginf", np.isneginf, 1)
discrete("_isreal", np.isreal, 1)
discrete("signbit", np.signbit, 1, refuses="c", spellings="out same")
