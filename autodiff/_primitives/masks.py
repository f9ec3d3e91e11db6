"""Choosing by masks."""

from __future__ import annotations

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import indexing

general(
    "masked_fill",
    indexing.masked_fill,
    lambda g, mask: ops.masked_fill(g, mask, value=0),
    None,
    inputs=("input", "mask"),
)
general(
    "masked_fill_tensor",
    indexing.masked_fill_tensor,
    lambda g, mask: ops.masked_fill(g, mask, value=0),
    lambda g, mask: ops.where(mask, g, 0),
    None,
    inputs=("input", "value", "mask"),
    node="MaskedFillBackward1",
)
general(
    "masked_scatter",
    indexing.masked_scatter,
    lambda g, mask: ops.masked_fill(g, mask, value=0),
    lambda g, mask, source_shape: ops.first_of(ops.masked_select(g, mask), shape=source_shape),
    None,
    inputs=("input", "source", "mask"),
)
general(
    "first_of",
    indexing.first_of,
    lambda g, input_shape: ops.front(g, count=input_shape[0]),
    inputs=("input",),
)
general("front", indexing.front, lambda g, input_shape: ops.first_of(g, shape=input_shape), inputs=("input",))
general(
    "masked_select",
    indexing.masked_select,
    lambda g, input, mask: ops.masked_back(g, mask, shape=input.shape),
    None,
    inputs=("input", "mask"),
)
general(
    "masked_back",
    indexing.masked_back,
    lambda g, mask: ops.masked_select(g, mask),
    None,
    inputs=("input", "mask"),
)
