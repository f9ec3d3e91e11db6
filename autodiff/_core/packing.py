"""Saved-tensors hooks: a node hands what it saves to a user's `pack`; it comes back by `unpack`. Knows no operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff._core import errors
from autodiff._core.modes import duals, state, switch
from autodiff._core.node import Many, Node, Storage, output
from autodiff._core.tangents import kept, restored
from autodiff._core.tensor import Tensor, wrap
from autodiff._core.unwritten import check_kept

Pack = Callable[[Tensor], Any]
Unpack = Callable[[Any], Tensor]


class Packed:
    """What a pack hook made of a saved tensor; opened anew each time somebody looks."""

    __slots__ = ("edge", "held", "index", "shape", "unpack")

    def __init__(self, held: Any, unpack: Unpack, shape: tuple[int, ...], edge: Node | None, index: int | None) -> None:
        self.held = held
        self.unpack = unpack
        self.shape = shape
        #: The saved tensor's place in the graph; or which of its own node's results it is.
        self.edge = edge
        self.index = index

    def opened(self) -> Tensor:
        """What the hook gives back. Raises TypeError if that is no tensor, RuntimeError if it cannot stand for it."""
        result = self.unpack(self.held)
        if not isinstance(result, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(result).__name__}"
            )
        if result._array.shape != self.shape:
            try:
                np.broadcast_shapes(result._array.shape, self.shape)
            except ValueError:
                raise RuntimeError(errors.cannot_broadcast(self.shape, result._array.shape)) from None
        return result

    @property
    def _array(self) -> Any:
        before = switch(False, state.inference)
        try:
            return self.opened()._array
        finally:
            switch(*before)

    def tensor(self, node: Node) -> Tensor:
        """The same with the place in the graph that the saved tensor had."""
        given = self.opened()
        place = self.edge if self.index is None else result_place(node, self.index)
        if place is None and given._node is None and not duals:
            return given
        result = wrap(given._array)
        result._storage = given.storage()
        result._node = place
        if duals:
            restored(self, result)
        return result


def packed(tensor: Tensor, pack: Pack, unpack: Unpack, index: int | None = None) -> Packed:
    """A tensor handed to a pack hook, outside the graph. Raises RuntimeError if the hook writes into it.

    `index`: which result of the saving node it is; None for an input.
    """
    before = switch(False, state.inference)
    version = tensor.storage().version
    try:
        held = pack(tensor)
    finally:
        switch(*before)
    if tensor.storage().version != version:
        raise RuntimeError(errors.PACK_WRITES)
    made = Packed(held, unpack, tensor._array.shape, tensor._node if index is None else None, index)
    if duals:
        kept(tensor, made)
    return made


@contextmanager
def unpacked() -> Iterator[None]:
    """While it lasts nothing is packed: the inside of an operator is its own affair."""
    before, state.packing = state.packing, ()
    try:
        yield
    finally:
        state.packing = before


def pack_saved(node: Node, results: Sequence[Tensor]) -> None:
    """Hand over what a primitive's new node saved."""
    pack, unpack = state.packing[-1]
    saved = list(node.saved or ())
    for place in node.primitive.mentioned:
        s = saved[place]
        if isinstance(s, Tensor):
            saved[place] = packed(s, pack, unpack)
        elif isinstance(s, Storage):
            (result,) = (t for t in results if t._storage is s)
            saved[place] = packed(result, pack, unpack, own_index(node, place))
            # The packed form is what the graph holds from now on.
            s._array = None
        elif type(s) is Many:
            saved[place] = Many(packed(x, pack, unpack) if isinstance(x, Tensor) else x for x in s)
    node.replace_saved(tuple(saved))
    # Under torch's own class name it takes the general way through a walk, where everything is opened once.
    node.source()


def own_index(node: Node, place: int) -> int:
    """Which of its own results a node saved at this place."""
    p = node.primitive
    return 0 if p is None else int(p.outputs.index(p.wanted[place]))


def result_place(node: Node, index: int) -> Node | None:
    """The place in the graph of a node's result; integers, which come last, have none."""
    if node.results == 1:
        return node if index == 0 else None
    return output(node, index, node.like[index]) if index < len(node.like) else None


class SavedTensor:
    """Something a node saved, before it is opened; torch's `_raw_saved_...`."""

    __slots__ = ("_node", "_place")

    def __init__(self, node: Node, place: int) -> None:
        self._node = node
        self._place = place

    def _entry(self) -> Any:
        saved = self._node.saved
        return None if saved is None else saved[self._place]

    @property
    def data(self) -> Any:
        """The tensor, or what the pack hook made of it."""
        entry = self._entry()
        return entry.held if isinstance(entry, Packed) else self.unpack()

    @property
    def unpack_hook(self) -> Any:
        """The hook that opens it, or None."""
        entry = self._entry()
        return entry.unpack if isinstance(entry, Packed) else None

    def unpack(self) -> Any:
        """The tensor as it was saved. Raises RuntimeError once the graph was freed."""
        return saved_value(self._node, self._place)

    def register_hooks(self, pack_hook: Pack, unpack_hook: Unpack) -> None:
        """Pack it now, and open it with `unpack_hook` from now on. Raises RuntimeError if it was packed or freed."""
        if not callable(pack_hook) or not callable(unpack_hook):
            raise TypeError(
                "register_hooks(): incompatible function arguments. Expected two callables, but got "
                f"{type(pack_hook).__name__} and {type(unpack_hook).__name__}"
            )
        node, entry = self._node, self._entry()
        if node.saved is None:
            raise RuntimeError(errors.HOOKS_ON_FREED)
        if isinstance(entry, Packed):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of "
                "hooks is allowed at a time."
            )
        if entry is None:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        own = isinstance(entry, Storage)
        tensor = wrap(entry._array) if own else entry
        saved = list(node.saved)
        saved[self._place] = packed(tensor, pack_hook, unpack_hook, own_index(node, self._place) if own else None)
        node.replace_saved(tuple(saved))


def saved_value(node: Node, place: int) -> Any:
    """What a node saved at this place, as a user sees it: a tensor, or a plain value."""
    if node.saved is None:
        raise RuntimeError(errors.FREED)
    s = node.saved[place]
    if isinstance(s, Packed):
        return s.tensor(node)
    check_kept(node, s)
    if isinstance(s, np.ndarray):
        return wrap(s)
    if isinstance(s, Tensor) or not hasattr(s, "_array"):
        return s
    result = wrap(s._array)
    result._storage = s if isinstance(s, Storage) else s._storage
    if result._array.dtype.kind in "fc":
        result._node = result_place(node, own_index(node, place))
    return result


#: torch's names of what our formulas call otherwise.
_TORCHS = {"self": "input", "result": "out"}


def saved_attribute(node: Node, name: str) -> Any:
    """A node's `_saved_<name>` and `_raw_saved_<name>`, for what its formulas mention."""
    raw = name.startswith("_raw_saved_")
    if raw or name.startswith("_saved_"):
        asked = name.removeprefix("_raw").removeprefix("_saved_")
        names = node.primitive.wanted
        for found in (asked, _TORCHS.get(asked, asked), asked.replace("self", "input").replace("sym_sizes", "shape")):
            if found in names and names.index(found) in node.primitive.mentioned:
                place = names.index(found)
                return SavedTensor(node, place) if raw else saved_value(node, place)
    raise AttributeError(f"'{type(node).__name__}' object has no attribute '{name}'")


_RENAMED: dict[tuple[type[Node], str], type[Node]] = {}


def rename(node: Node, title: str) -> None:
    """Show a primitive's node under another of torch's names: one derivative may have several there."""
    kind = type(node)
    if (kind, title) not in _RENAMED:
        about = {
            "__slots__": (),
            "__module__": "torch.autograd",
            "__getattr__": saved_attribute,
            "title": title,
            "name": Node.name,
            "source": Node.source,
        }
        _RENAMED.setdefault((kind, title), type(title, (kind,), about))
    node.__class__ = _RENAMED[kind, title]
