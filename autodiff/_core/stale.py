"""Views whose memory was written: each asks its base for its node, once somebody wants to know it.

A view is made stale by changing its class to one whose `_node` is a property: fresh tensors pay nothing for it. (A
`__getattr__` on Tensor would make every attribute that they have dearer.) Knows one operator: what replays a view.
"""

from __future__ import annotations

import functools
from typing import Any

from autodiff._core import errors
from autodiff._core.anomaly import Anomaly, remember
from autodiff._core.modes import enable_grad, state
from autodiff._core.node import AccumulateGrad, Node, PlainNode, likeness, link, place_of
from autodiff._core.registry import PRIMITIVES
from autodiff._core.tensor import Tensor, Way, dead_end, own_node, put_node, replace_node, replayed, taken, wrap
from autodiff._kernels.geometry import apart, order, strided_apart


def refusal(view: Tensor, *, itself: bool = True) -> RuntimeError:
    """The error for a view that may not be written, when it is, or else when its base was."""
    found = view._meta.view  # type: ignore[union-attr]
    assert found is not None
    assert found.made is not None
    node = own_node(view)
    place = None
    if node is not None and not isinstance(node, AccumulateGrad):
        owner, index = place_of(node)
        place = index, owner.name().partition("Backward")[0]
    return RuntimeError(errors.view_written(found.made, place, itself=itself))


def _refreshed(view: Any, asked: bool = False) -> Node | None:
    """The node of a view whose memory was written since: its base's node, and the way from there.

    A view that may not be replayed is refused where operators are recorded, or where a user asked for its node.
    """
    meta = view._meta.view
    own = own_node(view)
    if meta.base._node is None and (own is None or isinstance(own, AccumulateGrad)):
        return own
    if state.inference and not asked:
        return own
    if meta.made is not None:
        if not asked and not state.grad:
            return own
        raise refusal(view, itself=False)
    source = meta.base
    if source._node is None:
        # It requires grad no more, though the view does: of the write nothing leads any further.
        source = wrap(source._array)
        source._node = dead_end(source)
    base, array = source._array, view._array
    node: Node | None
    with enable_grad():
        if meta.turned:
            node = _as_another_dtype(meta.way, source, array)
        elif meta.way is not None and apart(array) and apart(base):
            replay = functools.partial(replayed, meta.way)
            node = PRIMITIVES["replayed"].op(source, replay=replay, order=order(base))._node
        else:
            # What shares memory must be summed, and what has other memory than its base meets it by strides alone.
            node = _strided(source, array)
    _settled(view, node)
    return node


def _as_another_dtype(way: Way, source: Tensor, array: Any) -> Node | None:
    """The node of a view that is seen as another dtype than its base: the steps as far as that, the rest by strides."""
    places = [source, *taken(way, source)]
    # None where the base was given memory of the other dtype since.
    turned = [i for i in range(1, len(places)) if places[i]._array.dtype is not places[i - 1]._array.dtype]
    last = turned[-1] if turned else 0
    return places[-1]._node if places[last] is places[-1] else _strided(places[last], array)


def _strided(source: Tensor, array: Any) -> Node:
    """The node of a view by its strides: it looks at no memory."""
    node: Any = link(PlainNode(), (source._node,), likeness(array))
    node.primitive = PRIMITIVES["as_strided"]
    params = strided_apart(source.memory(), array)
    node.saved = tuple([params[name] for name in node.primitive.wanted])
    if Anomaly.on:
        remember(node)
    return node  # type: ignore[no-any-return]


def _takes_part(view: Any) -> bool:
    """Whether a stale view requires grad: asking that raises nothing, as in torch."""
    return own_node(view) is not None or view._meta.view.base._node is not None


def _asked(view: Any) -> Node | None:
    _refreshed(view, asked=True)
    return Tensor.grad_fn.__get__(view)  # type: ignore[no-any-return]


def fresh(view: Tensor, node: Node | None) -> None:
    """The view's memory was written, and this is its place in the graph since."""
    view.__class__ = getattr(type(view), "_fresh", type(view))
    put_node(view, node)
    if view._storage is not None and view._storage.views is not None:
        view._storage.views.stale = False


def _settled(view: Any, node: Node | None) -> None:
    replace_node(view, node)
    view._storage.views.stale = False


_STALE: dict[type[Tensor], type[Tensor]] = {}


def make_stale(view: Tensor) -> None:
    """From now on the view asks its base for its node, once somebody wants to know it."""
    kind = type(view)
    if hasattr(kind, "_fresh"):
        return
    if kind not in _STALE:
        about = {
            "__slots__": (),
            "_fresh": kind,
            "_node": property(_refreshed, _settled),
            "grad_fn": property(_asked),
            "is_leaf": property(lambda view: _asked(view) is None),
            "__module__": kind.__module__,
        }
        about["requires_grad"] = property(_takes_part, kind.requires_grad.fset)  # type: ignore[attr-defined]
        _STALE.setdefault(kind, type(kind.__name__, (kind,), about))
    view.__class__ = _STALE[kind]
