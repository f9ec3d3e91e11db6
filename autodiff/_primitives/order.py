"""Sorting: gradients go back to where the elements were."""

from __future__ import annotations

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import order

for name, title in (("sort", "SortBackward0"), ("stable_sort", "SortBackward1")):
    general(
        name,
        order.sort,
        lambda g, indices, input_shape, dim: ops.gather_back(g, indices, shape=input_shape, dim=dim),
        inputs=("input",),
        outputs=("values", "indices"),
        node=title,
    )
general(
    "topk",
    order.topk,
    lambda g, indices, input_shape, dim: ops.gather_back(g, indices, shape=input_shape, dim=dim),
    inputs=("input",),
    outputs=("values", "indices"),
)
general("argsort", order.argsort, inputs=("input",))
general("argmax", order.argmax, inputs=("input",))
general("argmin", order.argmin, inputs=("input",))
