"""The walk where it can be seen when a leaf is done: node by node in torch's own order, leaves as soon as complete.

Users' hooks see it, and a node that saved the memory to which a leaf's gradient is added. Otherwise nobody can tell,
and the quick walk does all leaves at the end.
"""

from __future__ import annotations

from collections.abc import Container, Sequence, Set
from typing import Any

from autodiff._core.gradients import Gradient
from autodiff._core.hooks import run_before
from autodiff._core.leaves import accumulated_by_hooks, add_to_leaf
from autodiff._core.node import AccumulateGrad, Many, Node, Output, Retired, Storage
from autodiff._core.packing import Packed
from autodiff._core.step import Walk
from autodiff._core.tensor import AutogradMeta
from autodiff._core.unwritten import storage_of
from autodiff._kernels.geometry import expanded

#: Leaves, and nodes that can only refuse, come before every other node that is ready.
FIRST = float("-inf")


def uses(walk: Walk, roots: Sequence[tuple[Node, Gradient]]) -> dict[Node, int]:
    """How often each node that will run is given a gradient; empty where nothing would tell the order."""
    leaves = [meta() for meta in tuple(AutogradMeta.assigned)]
    grads = [meta.grad for meta in leaves if meta is not None and meta.grad is not None]
    counts, watched = _counted([root for root, _ in roots], walk.needed, {grad.storage() for grad in grads})
    # Adding to a gradient that lies on itself is refused, when its leaf has its turn.
    if watched or any(expanded(grad._array) for grad in grads):
        # Never empty, also for a root that is a leaf.
        for root, _ in roots:
            counts.setdefault(_owner(root), 0)
        return counts
    return {}


def _counted(
    roots: Sequence[Node], needed: Container[Node] | None, lent: Set[Storage] = frozenset()
) -> tuple[dict[Node, int], bool]:
    """How often each node is given a gradient, and whether hooks look on, or one saved what a gradient is added to."""
    counts: dict[Node, int] = {}
    seen = {_owner(root) for root in roots if needed is None or root in needed}
    stack = list(seen)
    watched = False
    while stack:
        node = stack.pop()
        hooks = node.hooks
        if hooks is not None and (hooks.tensor or hooks.before or hooks.after or hooks.post_accumulate):
            watched = True
        if type(node) is Retired or getattr(node.primitive, "undefined", False):
            watched = True  # it may refuse, before nodes that come first by their age
        if lent and not watched:
            watched = _reads(node.saved, lent)
        for edge in node.edges:
            if edge is not None and (needed is None or edge in needed):
                owner = _owner(edge)
                counts[owner] = counts.get(owner, 0) + 1
                if owner not in seen:
                    seen.add(owner)
                    stack.append(owner)
    return counts, watched


def _reads(saved: Sequence[Any] | None, memory: Set[Storage]) -> bool:
    """Whether some of this memory is among what a node saved, or may be: nobody knows what a user's hook packed."""
    several = [x for s in saved or () for x in (s if type(s) is Many else (s,))]
    return any(isinstance(x, Packed) or storage_of(x) in memory for x in several)


def done_before(failed: Node, roots: Sequence[Node], needed: Container[Node] | None) -> list[Node]:
    """The leaves that had their turn in torch's order when the turn of this node came."""
    counts, _ = _counted(roots, needed)
    ready = Ready()
    done: list[Node] = []
    for node in dict.fromkeys(_owner(root) for root in roots if needed is None or root in needed):
        if not counts.get(node):
            ready.push(node)
    while ready.heap:
        node = ready.pop()
        if node is _owner(failed):
            break
        if isinstance(node, AccumulateGrad):
            done.append(node)
            continue
        for edge in node.edges:
            if edge is not None and (needed is None or edge in needed):
                owner = _owner(edge)
                counts[owner] -= 1
                if not counts[owner]:
                    ready.push(owner)
    return done


def _owner(place: Node) -> Node:
    return place.owner if isinstance(place, Output) else place


def walk_in_order(walk: Walk, roots: Sequence[tuple[Node, Gradient]], counts: dict[Node, int]) -> None:
    """Run every node once all its gradients are there, the newest first, leaves before all others."""
    walk.counts = counts
    try:
        _walk_in_order(walk, roots, counts)
    finally:
        if walk.entered:
            walk.leave()


def _walk_in_order(walk: Walk, roots: Sequence[tuple[Node, Gradient]], counts: dict[Node, int]) -> None:
    walk.careful = walk.ordered = True
    walk.usual = False
    arrived, needed, captures, create_graph = walk.arrived, walk.needed, walk.captures, walk.create_graph
    ready = Ready()
    wanted = [root for root, _ in roots if needed is None or root in needed]
    for root, seed in roots:
        if needed is None or root in needed:
            _arrive(walk, root, seed)
    for node in dict.fromkeys(map(_owner, wanted)):
        if not counts.get(node):
            ready.push(node)
    while ready.heap:
        node = ready.pop()
        g = arrived.pop(node)
        if type(node) is AccumulateGrad:
            if captures is not None:
                if node in captures:
                    walk.found[node] = g if node.hooks is None else run_before(node, g, create_graph, executes=False)
            elif node.hooks is not None:
                if not walk.entered:
                    walk.enter()
                accumulated_by_hooks(node, g, create_graph)
            elif g is not None:
                add_to_leaf(node, g, create_graph)
            continue
        edges = node.edges
        if captures is not None and node in captures and not any(edge in needed for edge in edges):  # type: ignore[operator]
            edges = ()
        walk.step(walk, node, g)
        g = None
        ahead = list(reversed(edges))
        while ahead:
            edge = ahead.pop()
            if edge is None or (needed is not None and edge not in needed):
                continue
            owner = _owner(edge)
            if owner is not edge and edge in arrived:
                walk.deliver_slot(edge, arrived.pop(edge))  # type: ignore[arg-type]
            counts[owner] -= 1
            if counts[owner] or owner not in arrived:
                continue
            if owner.primitive is not None and owner.primitive.hidden:
                # torch has no node there, which would wait for its turn.
                walk.step(walk, owner, arrived.pop(owner))
                ahead.extend(reversed(owner.edges))
            else:
                ready.push(owner)


def _arrive(walk: Walk, place: Node, g: Gradient) -> None:
    if isinstance(place, Output):
        walk.deliver_slot(place, g)
    else:
        walk.deliver(place, g)


class Ready:
    """Nodes whose gradients are all there, as a binary heap.

    Leaves are all equal to it, and which of them comes first is the heap's doing: it moves its entries as the heap of
    the C++ library does with which torch is built, so that hooks on the leaves of one operator run in torch's order.
    """

    __slots__ = ("heap",)

    def __init__(self) -> None:
        self.heap: list[tuple[float, Any]] = []

    def push(self, node: Node) -> None:
        key = FIRST if isinstance(node, AccumulateGrad) or getattr(node.primitive, "undefined", False) else node.key
        self.heap.append((key, node))
        self._rise(len(self.heap) - 1, (key, node))

    def pop(self) -> Node:
        heap = self.heap
        first: Node = heap[0][1]
        last = heap.pop()
        if heap:
            self._sink(last)
        return first

    def _rise(self, hole: int, entry: tuple[float, Any]) -> None:
        heap = self.heap
        while hole > 0:
            parent = (hole - 1) // 2
            if heap[parent][0] <= entry[0]:
                break
            heap[hole] = heap[parent]
            hole = parent
        heap[hole] = entry

    def _sink(self, entry: tuple[float, Any]) -> None:
        """The hole at the top falls to a leaf of the heap, by the second of two equal children; then `entry` rises."""
        heap, hole, child = self.heap, 0, 0
        size = len(heap)
        while child < (size - 1) // 2:
            child = 2 * (child + 1)
            if heap[child][0] > heap[child - 1][0]:
                child -= 1
            heap[hole] = heap[child]
            hole = child
        if size % 2 == 0 and child == (size - 2) // 2:
            child = 2 * (child + 1)
            heap[hole] = heap[child - 1]
            hole = child - 1
        self._rise(hole, entry)
