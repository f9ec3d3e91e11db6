"""Whether what a node saved is still what it was when the node was recorded. Knows no operator."""

from __future__ import annotations

from typing import Any

from autodiff._core import dtypes, errors
from autodiff._core.anomaly import Anomaly, hinted
from autodiff._core.node import AccumulateGrad, Many, Node, SavedResult, Storage, place_of
from autodiff._core.tensor import Tensor


def _check_attached(x: Tensor, node: Node) -> None:
    """Raise for a saved tensor that lost its place in the graph; a Function of one's own does not ask."""
    if x.is_leaf and not node.opens_late:
        raise RuntimeError(errors.DETACHED)


def detached_since(x: Tensor, now: int) -> bool:
    """Whether it was inside the graph at that moment, and was taken out of it in place after."""
    meta = x._meta
    return meta is not None and meta.detached > now >= meta.joined


def check_unwritten(node: Node) -> None:
    """Raise, in torch's words, if what was saved is gone, or was written after the node was recorded."""
    if node.saved is None:
        raise RuntimeError(errors.FREED)
    for s in node.saved:
        for x in s if type(s) is Many else (s,):
            if _suspect(x, node):
                _check_in_order(node)
                return


def storage_of(x: Any) -> Any:
    """The memory of something saved; None for what is no tensor, and where nobody asked for it yet."""
    return x if isinstance(x, Storage) else getattr(x, "_storage", None)


def _written(x: Any, node: Node) -> bool:
    """Whether the memory of something saved was written since."""
    storage = storage_of(x)
    return storage is not None and storage.written > (x.since if type(x) is SavedResult else node.recorded)


def _suspect(x: Any, node: Node) -> bool:
    """Whether something saved was written, or taken out of the graph in place, after the node was recorded."""
    if isinstance(x, Tensor) and detached_since(x, node.recorded):
        return True
    return _written(x, node)


def _check_in_order(node: Node) -> None:
    """Raise for what was saved, in the order in which torch looks at it."""
    saved = node.saved
    assert saved is not None
    for place in in_torchs_order(node, len(saved)):
        _check_entry(node, saved[place])


def _check_entry(node: Node, s: Any) -> None:
    for x in s if type(s) is Many else (s,):
        if isinstance(x, Tensor) and detached_since(x, node.recorded):
            _check_attached(x, node)
        check_kept(node, x)


def check_kept(node: Node, x: Any) -> None:
    """Raise if this, which a node saved, was written after the node was recorded."""
    if _written(x, node):
        storage = storage_of(x)
        if isinstance(x, Tensor):
            x.grad_fn  # noqa: B018  a view that may not be asked says so first
        kind = f"torch.{dtypes.title(x._array.dtype)}Tensor"
        now = storage.version
        text = errors.changed(kind, x._array.shape, _made(x, node), now, max(now - 1, 0))
        raise RuntimeError(hinted(text) if Anomaly.on else text)


def in_torchs_order(node: Node, count: int) -> tuple[int, ...]:
    """The places of what a node saved in the order in which torch packs and unpacks it."""
    mentioned = () if node.primitive is None else node.primitive.mentioned
    return (*mentioned, *(i for i in range(count) if i not in mentioned))


def _made(x: Any, node: Node) -> str:
    """Which output of which operator something saved is, if it is one."""
    maker = x._node if isinstance(x, Tensor) else node
    if maker is None or isinstance(maker, AccumulateGrad):
        return ""
    owner, slot = place_of(maker)
    return f", which is output {slot} of {owner.name().rstrip('0123456789').removesuffix('Backward')},"
