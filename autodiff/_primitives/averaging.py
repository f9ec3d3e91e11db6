"""Means over windows. Each gradient depends on the input by name only: torch's do, and so require grad."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import pooling

Sizes = tuple[int, ...]


def _unmoved(g: Any) -> Any:
    return ops.zeros_like(g)


def _shared(
    g: Any, input: Any, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, whole: bool, divisor: int | None
) -> Any:
    return ops.avg_pool_back(
        g, input, kernel=kernel, places=places, stride=stride, padding=padding, whole=whole, divisor=divisor
    )


def _gathered(
    g: Any, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, whole: bool, divisor: int | None
) -> Any:
    return ops.avg_pool2(g, kernel=kernel, places=places, stride=stride, padding=padding, whole=whole, divisor=divisor)


for _dims in (2, 3):
    general(f"avg_pool{_dims}", pooling.avg_pool, _shared, inputs=("input",), node=f"AvgPool{_dims}DBackward0")
    general(
        f"adaptive_avg_pool{_dims}",
        pooling.adaptive_avg_pool,
        lambda g, input, sizes: ops.adaptive_avg_pool_back(g, input, sizes=sizes),
        inputs=("input",),
        node=f"AdaptiveAvgPool{_dims}DBackward0",
    )
general(
    "avg_pool_back",
    pooling.avg_pool_back,
    _gathered,
    _unmoved,
    inputs=("grad", "input"),
    node="AvgPoolBackwardBackward0",
)
general(
    "adaptive_avg_pool_back",
    pooling.adaptive_avg_pool_back,
    lambda g, sizes: ops.adaptive_avg_pool2(g, sizes=sizes),
    _unmoved,
    inputs=("grad", "input"),
    node="AdaptiveAvgPoolBackwardBackward0",
)
