"""Nested lists, tuples and dicts: their leaves in order, and the way back. Knows no tensor."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any


class Spec:
    """The structure of a nested collection. Equal specs have leaves in the same places."""

    __slots__ = ("children", "context", "kind")

    def __init__(self, kind: Any, context: Any, children: tuple[Spec, ...]) -> None:
        #: The collection's type; None for a leaf.
        self.kind = kind
        #: Its keys, if it is a dict; what else its type needs to build another.
        self.context = context
        self.children = children

    @property
    def leaves(self) -> int:
        return 1 if self.kind is None else sum(child.leaves for child in self.children)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Spec)
            and (self.kind, self.context) == (other.kind, other.context)
            and self.children == other.children
        )

    def __hash__(self) -> int:
        return hash((self.kind, len(self.children)))

    def __repr__(self) -> str:
        if self.kind is None:
            return "*"
        inside = ", ".join(map(repr, self.children))
        return f"TreeSpec({self.kind.__name__}, {self.context!r}, [{inside}])"


LEAF = Spec(None, None, ())


def _opened(tree: Any) -> tuple[Any, list[Any]] | None:
    """What a collection needs besides its children to be built again, and these; None for a leaf."""
    if isinstance(tree, dict) and type(tree) in (dict, OrderedDict, defaultdict):
        keys = list(tree)
        return ([tree.default_factory, keys] if type(tree) is defaultdict else keys), [tree[k] for k in keys]
    if isinstance(tree, tuple):
        return None, list(tree)
    if type(tree) is list:
        return None, list(tree)
    if type(tree) is deque:
        return tree.maxlen, list(tree)
    return None


def _built(spec: Spec, children: list[Any]) -> Any:
    kind, context = spec.kind, spec.context
    if kind is defaultdict:
        return defaultdict(context[0], zip(context[1], children))
    if kind is deque:
        return deque(children, maxlen=context)
    if issubclass(kind, dict):
        return kind(zip(context, children))
    if kind in (tuple, list):
        return kind(children)
    return kind(*children)  # named tuples, and torch.return_types


def flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], Spec]:
    """The leaves from left to right, and the structure; anything but a list, tuple, dict or deque is a leaf.

    What `is_leaf` is true of is one, too.
    """
    opened = None if is_leaf is not None and is_leaf(tree) else _opened(tree)
    if opened is None:
        return [tree], LEAF
    context, children = opened
    leaves: list[Any] = []
    specs = []
    for child in children:
        found, spec = flatten(child, is_leaf)
        leaves += found
        specs.append(spec)
    return leaves, Spec(type(tree), context, tuple(specs))


def unflatten(leaves: list[Any], spec: Spec) -> Any:
    """The collection of this structure with these leaves."""
    if spec.kind is None:
        (leaf,) = leaves
        return leaf
    children, at = [], 0
    for child in spec.children:
        count = child.leaves
        children.append(unflatten(leaves[at : at + count], child))
        at += count
    return _built(spec, children)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure with every leaf replaced."""
    leaves, spec = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves], spec)


def broadcast(prefix: Any, spec: Spec) -> list[Any] | None:
    """A leaf of the prefix for each leaf of the structure that it stands before; None where they do not fit."""
    opened = _opened(prefix)
    if opened is None:
        return [prefix] * spec.leaves
    context, children = opened
    if type(prefix) is not spec.kind or context != spec.context or len(children) != len(spec.children):
        return None
    found: list[Any] = []
    for child, inner in zip(children, spec.children):
        part = broadcast(child, inner)
        if part is None:
            return None
        found += part
    return found
