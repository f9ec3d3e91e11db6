"""Tensors under vmap: one sample to whoever looks, all samples beneath. Knows no operator and no rule.

A batched tensor holds an ordinary one whose leading dimensions are the samples of the vmaps at work, the outermost
first; the graph is recorded on that one. What it shows of itself, `_array`, is the outline of one sample: its geometry
without values, so that the public functions work out dimensions and dtypes as ever, and reading a value is an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from autodiff._core.machine_ops import expanded, permuted, viewed
from autodiff._core.modes import state, unusual
from autodiff._core.node import Node, RemovableHandle, Storage
from autodiff._core.tensor import AutogradMeta, Elsewhere, Tensor, alias


class Unreadable(RuntimeError, TypeError):
    """The values of a batched tensor were asked for, which differ from sample to sample.

    A TypeError as well, which is what the hot paths expect of an operand that their kernel cannot take.
    """


NO_VALUES = (
    "vmap: this needs the values of a tensor, which differ from sample to sample; rewrite it with operators that stay "
    "on tensors, or loop over the samples"
)
NO_ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. Its value differs from sample to sample, so there is no "
    "one number to return; rewrite this with operators that stay on tensors"
)
NO_BRANCH = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. Its truth differs from "
    "sample to sample; choose with where() instead"
)


class Level:
    """One vmap at work: how many samples, and what random operators shall do."""

    __slots__ = ("inside", "randomness", "size", "spreads")

    def __init__(self, size: int, randomness: str, spreads: bool) -> None:
        self.size = size
        self.randomness = randomness
        #: Whether values vary over it; else tangents alone do.
        self.spreads = spreads
        #: The derivative transform around it.
        self.inside = state.level


Levels = tuple[Level, ...]


class _Flags:
    """The layout of an outline, as an array's flags tell it."""

    __slots__ = ("c_contiguous", "f_contiguous", "writeable")

    def __init__(self, shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> None:
        self.c_contiguous = _dense(shape[::-1], strides[::-1], itemsize)
        self.f_contiguous = _dense(shape, strides, itemsize)
        self.writeable = True


def _dense(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> bool:
    step = itemsize
    for n, stride in zip(shape, strides):
        if n > 1 and stride != step:
            return 0 in shape
        step *= n
    return True


def _refused(*_: Any, **__: Any) -> NoReturn:
    raise Unreadable(NO_VALUES)


_GEOMETRY = (np.shape, np.ndim, np.size)


class Outline:
    """The geometry of one sample of a batched array. To `isinstance` it is an array; whoever reads it is refused."""

    __slots__ = ("dtype", "shape", "strides")

    def __init__(self, array: Any, lead: int) -> None:
        self.dtype = array.dtype
        self.shape = array.shape[lead:]
        self.strides = array.strides[lead:]

    __class__ = property(lambda self: np.ndarray)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def flags(self) -> _Flags:
        return _Flags(self.shape, self.strides, self.itemsize)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Unreadable(NO_VALUES)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in _GEOMETRY and args[0] is self and len(args) == 1:
            return getattr(self, function.__name__)
        raise Unreadable(NO_VALUES)


_READING = """
    array array_ufunc getitem setitem iter bool int float complex index add radd sub rsub mul rmul
    truediv rtruediv floordiv pow neg abs matmul eq ne lt le gt ge and or xor invert contains array_interface
"""
for _name in _READING.split():
    setattr(Outline, f"__{_name}__", property(_refused) if _name == "array_interface" else _refused)
Outline.__hash__ = object.__hash__  # type: ignore[method-assign]


class Batched(Elsewhere):
    """A tensor under vmap; see the module's text."""

    __slots__ = ("_levels", "_value")

    #: All samples: dimensions of `_levels` first.
    _value: Tensor
    _levels: Levels

    # What belongs to the memory and to the graph is that of the samples together.
    _node: Node | None = property(  # type: ignore[assignment]
        lambda self: self._value._node, lambda self, node: setattr(self._value, "_node", node)
    )
    _storage: Storage | None = property(  # type: ignore[assignment]
        lambda self: self._value._storage, lambda self, storage: setattr(self._value, "_storage", storage)
    )
    _meta: AutogradMeta | None = property(lambda self: self._value._meta)  # type: ignore[assignment]

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to it in a transform inside of the vmap; what is outside does not show here."""
        return self._value._node is not None and state.level != self._levels[-1].inside

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def memory(self) -> NoReturn:
        raise Unreadable(NO_VALUES)

    def storage(self) -> Storage:
        return self._value.storage()

    def meta(self) -> AutogradMeta:
        return self._value.meta()

    def detach(self) -> Tensor:
        return batched(alias(self._value), self._levels)

    @property
    def grad(self) -> Tensor | None:
        grad = self._value.grad
        return None if grad is None else batched(grad, self._levels)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        self._value.grad = None if value is None else spread(value, self._levels)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        def on_all(g: Tensor) -> Tensor | None:
            found = hook(batched(g, self._levels))
            return None if found is None else spread(found, self._levels)

        return self._value.register_hook(on_all)

    def item(self) -> NoReturn:
        raise Unreadable(NO_ITEM)

    def __bool__(self) -> NoReturn:
        raise Unreadable(NO_BRANCH)

    def _number(self, real: str = "") -> NoReturn:
        raise Unreadable(NO_ITEM)

    __index__ = item

    def tolist(self) -> NoReturn:
        raise Unreadable(NO_VALUES)

    def numpy(self, *, force: bool = False) -> NoReturn:
        raise Unreadable(NO_VALUES)

    def __repr__(self, *_: Any, **__: Any) -> str:
        inside = "\n".join("    " + line for line in repr(self._value).splitlines())
        return f"BatchedTensor(lvl={len(self._levels)}, bdim=0, value=\n{inside}\n)"


def batched(value: Tensor, levels: Levels) -> Tensor:
    """The tensor whose leading dimensions are the samples of these vmaps; itself if there are none."""
    if not levels:
        return value
    tensor = object.__new__(Batched)
    tensor._value = value
    tensor._levels = levels
    tensor._array = Outline(value._array, len(levels))
    return tensor


def levels_of(tensors: Any) -> Levels:
    """The vmaps under which any of these stands, the outermost first."""
    found: Levels = ()
    for t in tensors:
        if isinstance(t, Batched) and t._levels is not found:
            found = merged(found, t._levels) if found else t._levels
    return found


def merged(one: Levels, other: Levels) -> Levels:
    """The levels of both, in the order in which they were entered."""
    if one == other:
        return one
    found = tuple([level for level in state.maps if level in one or level in other])
    if len(found) < max(len(one), len(other)):
        raise RuntimeError("vmap: a tensor of one sample was used after the vmap that it belongs to had ended")
    return found


def whole(x: Tensor) -> Any:
    """The array of all samples."""
    return x._value._array if isinstance(x, Batched) else x._array


def blank(x: Tensor) -> Any:
    """An array of a tensor's shape, for questions about shapes alone."""
    return np.broadcast_to(np.False_, x._array.shape)


def sizes(levels: Levels) -> tuple[int, ...]:
    return tuple([level.size for level in levels])


def laid_out(x: Tensor, levels: Levels, width: int | None = None) -> Tensor:
    """All samples of x: a dimension per level, of size 1 where x does not vary, then `width` of a sample's own."""
    own: Levels = x._levels if isinstance(x, Batched) else ()
    value = x._value if isinstance(x, Batched) else x
    shape = x._array.shape
    width = len(shape) if width is None else width
    if own == levels and width == len(shape):
        return value
    lead = tuple([level.size if level in own else 1 for level in levels])
    return viewed(value, (*lead, *(1,) * (width - len(shape)), *shape))  # type: ignore[no-any-return]


def spread(x: Tensor, levels: Levels) -> Tensor:
    """All samples of x, repeated (without copies) where x does not vary."""
    own = x._levels if isinstance(x, Batched) else ()
    if own == levels:
        return x._value if isinstance(x, Batched) else x
    return expanded(laid_out(x, levels), (*sizes(levels), *x._array.shape))  # type: ignore[no-any-return]


@contextmanager
def at_work(size: int, randomness: str, spreads: bool = True) -> Iterator[Level]:
    """One vmap at work, inside of those that are. Asking for values ends it with a plain RuntimeError."""
    before = state.maps
    made = Level(size, randomness, spreads)
    state.maps = (*before, made)
    unusual.append("vmap")
    try:
        yield made
    except Unreadable as error:
        raise RuntimeError(str(error)).with_traceback(error.__traceback__) from None
    finally:
        unusual.remove("vmap")
        state.maps = before


@contextmanager
def only(level: Level) -> Iterator[None]:
    """While it lasts, only the vmaps around this one are at work."""
    before = state.maps
    state.maps = before[: before.index(level)]
    try:
        yield
    finally:
        state.maps = before


def entered(x: Tensor, dim: int, at: Level) -> Tensor:
    """One sample of a tensor, the samples being along a dimension."""
    levels = x._levels if isinstance(x, Batched) else ()
    value: Tensor = x._value if isinstance(x, Batched) else x
    lead = len(levels)
    if dim:
        rest = [d for d in range(lead, value._array.ndim) if d != lead + dim]
        value = permuted(value, (*range(lead), lead + dim, *rest))
    return batched(value, merged(levels, (at,)))


def opened(x: Tensor, levels: Levels) -> Tensor:
    """x with the samples of these vmaps as its own first dimensions, batched over the rest of its levels."""
    if not levels:
        return x
    together = merged(levels, x._levels) if isinstance(x, Batched) else levels
    rest = tuple([level for level in together if level not in levels])
    return batched(_ordered(spread(x, together), [*map(together.index, rest), *map(together.index, levels)]), rest)


def closed(x: Tensor, levels: Levels) -> Tensor:
    """The way back: x's own first dimensions as the samples of these vmaps."""
    rest: Levels = x._levels if isinstance(x, Batched) else ()
    if not rest or not levels:
        return batched(x, levels) if levels else x
    together, having = merged(levels, rest), (*rest, *levels)
    return batched(_ordered(x._value, [having.index(level) for level in together]), together)  # type: ignore[attr-defined]


def _ordered(value: Tensor, order: list[int]) -> Tensor:
    """The samples' dimensions in another order, in front of the rest."""
    if order == list(range(len(order))):
        return value
    return permuted(value, (*order, *range(len(order), value._array.ndim)))  # type: ignore[no-any-return]
