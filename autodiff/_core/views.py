"""Views: which tensor's memory they share, how to get the same region of another tensor, when they went stale.

NumPy shares the memory; this file keeps the graph in step. A view knows its base and a replay function. When shared
memory is written, every live view of it loses its node, and replays itself from the base when somebody asks.
"""

from __future__ import annotations

import weakref

from autodiff._core import errors, tensor
from autodiff._core.modes import state, unusual
from autodiff._core.node import Storage
from autodiff._core.tensor import AutogradMeta, Step, Tensor, View


def attach(view: Tensor, source: Tensor, step: Step, made: str | None) -> None:
    """Make `view`, which `step` gave of `source`, a view of source's base."""
    storage = source._storage
    if storage is None:
        storage = source._storage = Storage()
    view._storage = storage
    if unusual and not state.grad and made is None:
        made = errors.NO_GRAD_VIEW
    outer = source._meta.view if source._meta is not None else None
    meta = view._meta
    if meta is None:
        meta = view._meta = AutogradMeta()
    if outer is None:
        meta.view = View(source, (None, step), made)
    else:
        meta.view = View(outer.base, (outer.way, step), made or outer.made)
    if view._array.dtype.kind in "fc":
        _remember(storage, view)


def _remember(storage: Storage, view: Tensor) -> None:
    live = storage.views
    if live is None:
        live = storage.views = []
    elif len(live) >= 32 and len(live) & (len(live) - 1) == 0:
        # At each power of two the dead are dropped, so a loop over views costs a constant each.
        live[:] = [ref for ref in live if ref() is not None]
    live.append(weakref.ref(view))


def make_stale(storage: Storage) -> None:
    """Every live view of this memory replays itself before it next tells its node."""
    if storage.views is None:
        return
    live = [view for ref in storage.views if (view := ref()) is not None]
    storage.views[:] = [weakref.ref(view) for view in live]
    for view in live:
        tensor.make_stale(view)
