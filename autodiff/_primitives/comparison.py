"""Comparisons, element by element: no derivative."""

from __future__ import annotations

import operator

import numpy as np

from autodiff._core.kinds import discrete, general
from autodiff._core.registry import ops
from autodiff._kernels import choosing

for _name, _kernel, _refuses in (
    ("eq", operator.eq, ""),
    ("ne", operator.ne, ""),
    ("lt", operator.lt, "c"),
    ("le", operator.le, "c"),
    ("gt", operator.gt, "c"),
    ("ge", operator.ge, "c"),
):
    discrete(_name, _kernel, refuses=_refuses)
    # Written over a float, the answer is a float, and takes part in the graph with derivative 0.
    general(
        f"_{_name}_written",
        choosing.written,
        lambda g: ops.zeros_like(g),
        lambda g: ops.zeros_like(g),
        None,
        inputs=("input", "other", "mask"),
        node=f"{_name.capitalize()}Backward0",
    )
discrete("isnan", np.isnan, 1, spellings="")
discrete("isinf", np.isinf, 1, spellings="")
discrete("isfinite", np.isfinite, 1, spellings="")
