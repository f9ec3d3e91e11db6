"""A tensor's place in the graph without the tensor: what backward and grad take in a tensor's stead."""

from __future__ import annotations

from typing import Any, NamedTuple

from autodiff._core.modes import unusual
from autodiff._core.node import AccumulateGrad, DeadEnd, Node, output
from autodiff._core.tensor import Tensor


class GradientEdge(NamedTuple):
    """One result of a node: where a gradient can enter the graph, or be asked for."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def edge_of(tensor: Tensor) -> GradientEdge:
    """Where a tensor's gradient arrives. Raises RuntimeError for one that requires none."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node = tensor._node
    assert node is not None
    return GradientEdge(*node.source())


def place_in_graph(x: Any) -> Node | None:
    """The place of a tensor or of an edge; None for a tensor outside any graph."""
    if type(x) is Tensor or not isinstance(x, GradientEdge):
        if unusual:
            x.is_leaf  # noqa: B018  a stale view that may not be replayed is refused, recording or not
        node: Node | None = x._node
        # A view made where nothing is recorded asks its base whether it requires grad, and leads nowhere.
        return None if type(node) is DeadEnd else node
    node = x.node
    if node.results == 1 or isinstance(node, AccumulateGrad):
        return node
    return output(node, x.output_nr, node.like[x.output_nr])
