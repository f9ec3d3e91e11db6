"""The backward walk: consumers before producers, no recursion, gradients summed and fitted once, here.

A first-order walk hands formulas plain arrays; under `create_graph` it hands them Tensors, and what they compute is
recorded. Knows operators only through machine_ops.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush, heapreplace
from typing import Any

from autodiff._core import errors
from autodiff._core.anomaly import Anomaly
from autodiff._core.gradients import Gradient, added, fitted
from autodiff._core.leaves import settle
from autodiff._core.modes import state, switch
from autodiff._core.node import FREED, AccumulateGrad, Clock, Hooks, HotNode, Node, Output
from autodiff._core.observed import done_before, uses, walk_in_order
from autodiff._core.primitive import passed_on
from autodiff._core.step import Walk, into_slot
from autodiff._core.tensor import AutogradMeta
from autodiff._core.unwritten import check_unwritten
from autodiff._kernels.flags import SILENT, loud, quiet

#: The packages whose code runs in a walk by itself.
_OURS = (__name__.partition(".")[0], "numpy", "scipy")


def backward(
    roots: Sequence[tuple[Node, Gradient]],
    *,
    keep_graph: bool,
    create_graph: bool,
    targets: Sequence[Node] | None = None,
    accumulate: bool = True,
    recording: bool = True,
) -> dict[Node, Gradient]:
    """Walk from the roots. With `targets` only what leads to them runs; their gradients are returned or accumulated.

    Without `recording` a walk under `create_graph` hands over tensors, and records nothing: what batched ones need,
    and those that carry tangents.
    """
    # The everyday walk makes its record when a node first asks for it.
    told = Hooks.hung or AutogradMeta.assigned  # what may tell the order in which leaves are done
    walk = None if targets is None and not told and not Anomaly.on else Walk(keep_graph, create_graph)
    if walk is not None and targets is not None:
        walk.ask_for(targets, [node for node, _ in roots], accumulate)
    # A gradient's own graph is recorded whatever the mode: torch's walk has a mode of its own.
    before = switch(recording, state.inference) if create_graph and state.grad is not recording else None
    token = quiet(SILENT)
    try:
        if walk is None:
            _walk(roots, keep_graph, create_graph, None)
            return {}
        if walk.needed is not None and len(roots) == 1 and roots[0][0] not in walk.needed:
            walk.look_on(*roots[0])
        if walk is not None and told and (counts := uses(walk, roots)):
            walk_in_order(walk, roots, counts)
        else:
            _walk(roots, keep_graph, create_graph, walk)
        return walk.found
    except ValueError as error:
        if _by_users(error):
            raise
        # Of shapes that do not go together, which saved tensors have had since by `.data`.
        raise RuntimeError(errors.of_numpy(str(error))) from error
    finally:
        loud(token)
        if before is not None:
            switch(*before)


def _by_users(error: ValueError) -> bool:
    """Whether code that is neither ours nor NumPy's had a part in it."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS:
            return True
        trace = trace.tb_next
    return False


def _walk(roots: Sequence[tuple[Node, Gradient]], keep_graph: bool, create_graph: bool, walk: Walk | None) -> None:
    # Hot nodes in a first-order walk are done here, everything else in step(). `ahead` is the next node if none that
    # waits is newer: a chain never touches the heap. The heap holds keys alone, which compare faster than pairs.
    node: Any = None
    ahead: Any = None
    if walk is None:
        needed, captures, careful = None, None, create_graph
        heap: list[int] = []
        by_key: dict[int, Node] = {}
        arrived: dict[Node, Gradient] = {}
    else:
        needed, captures, careful = walk.needed, walk.captures, walk.careful
        heap, by_key, arrived = walk.heap, walk.nodes, walk.arrived
    now = Clock.now
    for root, seed in roots:
        if needed is not None and root not in needed:
            continue
        if root in arrived:
            arrived[root] = added(arrived.pop(root), seed)
        else:
            arrived[root] = seed
            if type(root) is not AccumulateGrad:
                by_key[root.key] = root
                heappush(heap, root.key)
    try:
        while True:
            if ahead is None:
                if not heap:
                    break
                node = by_key.pop(heappop(heap))
            elif heap and heap[0] < ahead.key:
                by_key[ahead.key] = ahead
                node = by_key.pop(heapreplace(heap, ahead.key))
            else:
                node = ahead
            ahead = None
            g = arrived.pop(node)
            if (
                type(node) is not HotNode
                or careful
                or node.hooks is not None
                or (captures is not None and node in captures)
            ):
                if walk is None:
                    walk = Walk(keep_graph, create_graph, heap, by_key, arrived)
                walk.step(walk, node, g)
                now, careful = Clock.now, walk.careful
                continue
            p = node.primitive
            keeps = p.keeps
            if keeps and node.recorded != now:
                check_unwritten(node)
            own = node.like
            edge: Any
            edge, rule, other = node.left, p.left_rule, node.right
            if edge is None:
                edge, rule, other = other, p.right_rule, None
            while True:
                if needed is not None and edge not in needed:
                    if other is None:
                        break
                    edge, rule, other = other, p.right_rule, None
                    continue
                h = g if rule is passed_on else rule(g, node)
                # Broadcasting is undone, and the input's dtype restored, once: here.
                like = edge.like
                if like is not own and type(h) is not like and (h.shape, h.dtype) != like:
                    h = fitted(h, like)
                if edge in arrived:
                    arrived[edge] = added(arrived.pop(edge), h)
                else:
                    kind = type(edge)
                    if kind is Output:
                        # Its turn would only pass the gradient on.
                        edge = edge.owner if into_slot(edge, h, arrived) else None
                    else:
                        arrived[edge] = h
                    if edge is not None and kind is not AccumulateGrad:
                        if ahead is None:
                            ahead = edge
                        else:
                            if edge.key < ahead.key:
                                ahead, edge = edge, ahead
                            by_key[edge.key] = edge
                            heappush(heap, edge.key)
                if other is None:
                    break
                edge, rule, other = other, p.right_rule, None
            if keeps and not keep_graph:
                node.recorded = FREED
                node.kept_left = node.kept_right = node.kept_out = None
        g = h = node = None
        settle(arrived, create_graph, captures, None if walk is None else walk.found)
    except BaseException:
        if captures is None and node is not None:
            # Leaves that had their turn before have their gradient, as in torch.
            done = done_before(node, [root for root, _ in roots], needed)
            settle({leaf: arrived[leaf] for leaf in done if leaf in arrived}, create_graph, None, None)
        raise
    finally:
        if walk is not None and walk.entered:
            walk.leave()
