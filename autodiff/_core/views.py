"""Views: which tensor's memory they share, how to get the same region of another tensor, when they went stale.

NumPy shares the memory; this file keeps the graph in step. A view knows its base and a replay function. When shared
memory is written, every live view of it goes stale, and replays itself from the base when somebody asks for its node.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import errors, stale
from autodiff._core.modes import state, unusual
from autodiff._core.node import Storage
from autodiff._core.registry import ops
from autodiff._core.tensor import AutogradMeta, Step, Tensor, View, Way, dead_end, put_inference, replayed
from autodiff._kernels.geometry import strided_apart


def attach(view: Tensor, source: Tensor, step: Step, made: str | None) -> None:
    """Make `view`, which `step` gave of `source`, a view of source's base."""
    outer = source._meta.view if source._meta is not None else None
    # A part that counts its own writes is not asked: a view of it counts with the base.
    counted = source if outer is None else outer.base
    storage = counted._storage
    if storage is None:
        storage = counted._storage = Storage()
    view._storage = storage
    if unusual:
        if source.is_inference():
            # Nothing will ever be recorded of these: neither is a view to the graph.
            put_inference(view, True)
            return
        if source._meta is not None and source._meta.uncounted:
            raise RuntimeError(errors.NO_VERSION)
        put_inference(view, False)
        if not state.grad:
            made = errors.INFERENCE_VIEW if state.inference else errors.NO_GRAD_VIEW
            # Whether it requires grad is asked of the base, past what it is a view of.
            if (source if source._base is None else source._base).requires_grad and view._array.dtype.kind in "fc":
                view._node = dead_end(view)
    meta = view._meta
    if meta is None:
        meta = view._meta = AutogradMeta()
    if outer is None:
        meta.view = View(source, (None, step), made, view._array.dtype is not source._array.dtype)
    else:
        # Inference mode outweighs all, else what is last.
        made = outer.made if made is None or outer.made == errors.INFERENCE_VIEW else made
        # By strides it is found again, where that is how its own was.
        turned = outer.turned or view._array.dtype is not source._array.dtype
        meta.view = View(outer.base, outer.way and (outer.way, step), made, turned)
    if view._array.dtype.kind in "fc":
        live = storage.views
        if live is None:
            live = storage.views = Views()
        count = len(live)
        if count >= 32 and count & (count - 1) == 0:
            # At each power of two the dead are dropped, so a loop over views costs a constant each.
            live[:] = [ref for ref in live if ref() is not None]
        live.append(weakref.ref(view))
        live.stale = False


class Views(list[weakref.ref[Tensor]]):
    """Weak references to the differentiable views of one memory."""

    __slots__ = ("stale",)

    #: Whether the memory was written after the last of them was made, or replayed.
    stale: bool

    def written(self) -> None:
        """Every live view replays itself before it next tells its node."""
        if not self.stale:
            make_stale(self)


def make_stale(views: Views) -> None:
    """Every live view of a memory replays itself before it next tells its node."""
    live = [view for ref in views if (view := ref()) is not None]
    views[:] = [weakref.ref(view) for view in live]
    for view in live:
        stale.make_stale(view)
    views.stale = True


def moved_base(base: Tensor, before: Any) -> None:
    """A base took on another geometry: its live views go by the one that it had `before`."""
    storage = base._storage
    back = None if storage is None or storage.views is None else _back(before, base._array)
    if storage is None or storage.views is None or back is None:
        return
    for ref in storage.views:
        view = ref()
        if view is not None and view._meta is not None and view._meta.view is not None:
            found = view._meta.view
            if found.base is base and found.way is not None:
                view._meta.view = View(base, _beginning(found.way, back), found.made, found.turned)


def apart(view: Tensor) -> Tensor:
    """A new view that counts writes by itself, and hears of those alone."""
    if view.is_inference():
        return view
    views: Any = None if view._storage is None else view._storage.views
    view._storage = Storage()
    if views is not None:
        views[:] = [ref for ref in views if ref() is not view]
        view._storage.views = Views([weakref.ref(view)])
        view._storage.views.stale = False
    return view


def exchanged(tensor: Tensor) -> None:
    """A tensor has been given other memory: its views go by their strides from now on, as it does if it is one."""
    live: Any = () if tensor._storage is None or tensor._storage.views is None else tensor._storage.views
    for view in (tensor, *(ref() for ref in live)):
        found = None if view is None or view._meta is None else view._meta.view
        # What is seen as another dtype has its way for good.
        if view is not None and found is not None and not found.turned and (view is tensor or found.base is tensor):
            view.meta().view = View(found.base, None, found.made)


def region_of(view: Tensor) -> Callable[[Any], Any]:
    """What takes the view's region of whatever has its base's geometry; knows no base, so a node may keep it."""
    found = view._meta.view  # type: ignore[union-attr]
    assert found is not None
    if found.way is not None:
        return functools.partial(replayed, found.way)
    return functools.partial(_strided, strided_apart(found.base.memory(), view.memory()))


def _strided(params: dict[str, Any], base: Any) -> Any:
    if not np.isin(params["seen"], params["own"]).all():
        shape, strides, offset = params["shape"], params["strides"], params["offset"]
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset} are out of bounds for "
            f"storage of {params['own'].size} elements"
        )
    return ops.as_strided(base, **params)


def _back(before: Any, after: Any) -> Way | None:
    """The way from one geometry of some memory to an earlier one, by dimensions exchanged and those of size 1."""
    if not after.size:  # strides tell nothing there, and any way leads to the same elements: none
        return (None, (ops.view, {"shape": before.shape}, None))
    places = [i for i, n in enumerate(after.shape) if n != 1]
    wanted = [(n, s) for n, s in zip(before.shape, before.strides) if n != 1]
    having = {(after.shape[i], after.strides[i]): i for i in places}
    if len(having) != len(places) or sorted(having) != sorted(wanted):
        return None
    order = [having[w] for w in wanted]
    order += [i for i in range(after.ndim) if i not in order]
    turned = (None, (ops.permute, {"dims": tuple(order)}, None))
    return (turned, (ops.view, {"shape": before.shape}, None))


def _beginning(way: Way, first: Way) -> Way:
    """The way with another one before it."""
    outer, step = way
    return (first if outer is None else _beginning(outer, first), step)
