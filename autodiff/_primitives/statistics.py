"""Elements by rank and frequency: the gradient goes to the one chosen, or over everything to all its equals."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import selections


def _to_equals(g: Any, input: Any, out: Any, input_shape: tuple[int, ...]) -> Any:
    divisors = ops.ties(input, out, dims=tuple(range(len(input_shape))), nan=True)
    # All others get 0 also of an infinite gradient.
    return ops.where(divisors == math.inf, 0, g / divisors)


for name, all_of_it, along in (
    ("median", selections.median_of_all, selections.median),
    ("nanmedian", selections.nanmedian_of_all, selections.nanmedian),
):
    general(f"{name}_all", all_of_it, _to_equals, inputs=("input",), node=f"{name.capitalize()}Backward0")
    general(
        f"{name}_at",
        along,
        lambda g, indices, input_shape, dim: ops.place(g, indices, shape=input_shape, dim=dim),
        inputs=("input",),
        outputs=("values", "indices"),
        node=f"{name.capitalize()}Backward1",
    )
for name, kernel in (("kthvalue", selections.kthvalue), ("mode", selections.mode)):
    general(
        name,
        kernel,
        lambda g, indices, input_shape, dim: ops.place(g, indices, shape=input_shape, dim=dim),
        inputs=("input",),
        outputs=("values", "indices"),
    )
