"""torch.utils._pytree: nested collections as programs walk them; by the same code as func's transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.func.pytrees import Spec as TreeSpec
from autodiff.func.pytrees import flatten, unflatten

__all__ = [
    "TreeSpec", "tree_all", "tree_any", "tree_flatten", "tree_leaves", "tree_map", "tree_map_only", "tree_structure",
    "tree_unflatten",
]  # fmt: skip


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves from left to right, and the structure; what `is_leaf` says so of is one, whatever it holds."""
    return flatten(tree, is_leaf)


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> Any:
    """The collection of this structure with these leaves. Raises ValueError for another number of leaves."""
    leaves = list(leaves)
    if len(leaves) != treespec.leaves:
        raise ValueError(
            f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree that "
            f"holds {treespec.leaves} items ({treespec})."
        )
    return unflatten(leaves, treespec)


def tree_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves from left to right."""
    return flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> TreeSpec:
    """The structure alone."""
    return flatten(tree, is_leaf)[1]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Callable[[Any], bool] | None = None) -> Any:
    """The same structure with a function's result for every leaf, of the leaves of several trees of one structure."""
    leaves, spec = flatten(tree, is_leaf)
    others = [flatten(rest, is_leaf)[0] for rest in rests]
    if any(len(other) != len(leaves) for other in others):
        raise ValueError("tree_map: the trees have not the same structure")
    return unflatten([func(*each) for each in zip(leaves, *others)], spec)


def tree_map_only(
    kind: Any, func: Callable[[Any], Any], tree: Any, is_leaf: Callable[[Any], bool] | None = None
) -> Any:
    """The same structure with a function's result for every leaf of a type, or that a predicate is true of."""

    def chosen(leaf: Any) -> bool:
        plain = isinstance(kind, (type, tuple)) or not callable(kind)
        return isinstance(leaf, kind) if plain else bool(kind(leaf))

    return tree_map(lambda leaf: func(leaf) if chosen(leaf) else leaf, tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Whether it is true of every leaf."""
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Whether it is true of any leaf."""
    return any(map(pred, tree_leaves(tree, is_leaf)))
