"""The largest of each window. Each gradient depends on the input by name only: torch's do, and so require grad."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import pooling

Sizes = tuple[int, ...]


def _unmoved(g: Any) -> Any:
    return ops.zeros_like(g)


# -- extremes and their places ------------------------------------------------------------------------------------
general(
    "planes_added",
    pooling.planes_added,
    lambda g, indices, dims: ops.planes_taken(g, indices, dims=dims),
    _unmoved,
    None,
    inputs=("grad", "input", "indices"),
    node="MaxPoolBackwardBackward0",
)
general(
    "planes_taken",
    pooling.planes_taken,
    lambda g, input, indices, dims: ops.planes_added(g, input, indices, dims=dims, apart=False),
    None,
    inputs=("input", "indices"),
    node="MaxUnpoolBackwardBackward0",
)


def _at_places(g: Any, input: Any, indices: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    apart = all(s >= d * (k - 1) + 1 for k, s, d in zip(kernel, stride, dilation))
    return ops.planes_added(g, input, indices, dims=len(kernel), apart=apart)


for _dims in (2, 3):
    general(
        f"max_pool{_dims}",
        pooling.max_pool,
        _at_places,
        inputs=("input",),
        outputs=("values", "indices"),
        node=f"MaxPool{_dims}DWithIndicesBackward0",
    )
    general(
        f"adaptive_max_pool{_dims}",
        pooling.adaptive_max_pool,
        lambda g, input, indices, sizes: ops.planes_added(g, input, indices, dims=len(sizes), apart=False),
        inputs=("input",),
        outputs=("values", "indices"),
        node=f"AdaptiveMaxPool{_dims}DBackward0",
    )
    general(
        f"max_unpool{_dims}",
        pooling.planes_written,
        lambda g, indices, sizes: ops.planes_taken(g, indices, dims=len(sizes)),
        None,
        inputs=("input", "indices"),
        node=f"MaxUnpool{_dims}DBackward0",
    )
