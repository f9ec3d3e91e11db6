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
def _adding(name: str, node: str) -> None:
    """The gradient of what picks one element of each window, under the name that torch's has in the graph."""
    general(
        name,
        pooling.planes_added,
        lambda g, indices, dims: ops.planes_taken(g, indices, dims=dims),
        _unmoved,
        None,
        inputs=("grad", "input", "indices"),
        node=node,
    )


_adding("planes_added", "MaxPoolBackwardBackward0")
general(
    "planes_taken",
    pooling.planes_taken,
    lambda g, input, indices, dims: ops.planes_added(g, input, indices, dims=dims, apart=False),
    None,
    inputs=("input", "indices"),
    node="MaxUnpoolBackwardBackward0",
)


def _moving(dims: int) -> Any:
    def at_places(g: Any, input: Any, indices: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        apart = all(s >= d * (k - 1) + 1 for k, s, d in zip(kernel, stride, dilation))
        return getattr(ops, f"max_pool{dims}_back")(g, input, indices, dims=dims, apart=apart)

    return at_places


def _placed(back: str) -> Any:
    def at_places(g: Any, input: Any, indices: Any, sizes: Sizes) -> Any:
        return getattr(ops, back)(g, input, indices, dims=len(sizes), apart=False)

    return at_places


for _dims in (2, 3):
    for _name, _kernel, _rule, _node in (
        ("max_pool", pooling.max_pool, _moving(_dims), "MaxPool{}DWithIndices"),
        (
            "adaptive_max_pool",
            pooling.adaptive_max_pool,
            _placed(f"adaptive_max_pool{_dims}_back"),
            "AdaptiveMaxPool{}D",
        ),
        (
            "fractional_max_pool",
            pooling.fractional_max_pool,
            _placed(f"fractional_max_pool{_dims}_back"),
            "FractionalMaxPool{}D",
        ),
    ):
        _adding(f"{_name}{_dims}_back", _node.format(_dims) + "BackwardBackward0")
        general(
            f"{_name}{_dims}",
            _kernel,
            _rule,
            inputs=("input",),
            outputs=("values", "indices"),
            node=_node.format(_dims) + "Backward0",
        )
    general(
        f"max_unpool{_dims}",
        pooling.planes_written,
        lambda g, indices, sizes: ops.planes_taken(g, indices, dims=len(sizes)),
        None,
        inputs=("input", "indices"),
        node=f"MaxUnpool{_dims}DBackward0",
    )
