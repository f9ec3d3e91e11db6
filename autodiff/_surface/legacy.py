"""torch's first constructors: `Tensor(2, 3)`, `LongTensor([1, 2])`, `x.new(…)`, and the types' names."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.geometry import Size, device, layout, strided
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.values import copied


def made(kind: np.dtype[Any], data: tuple[Any, ...], given: dict[str, Any], exact: bool = True) -> Tensor:
    """What the first constructors make of sizes, a sequence, an array or a tensor (whose memory is shared).

    Memory for sizes holds zeros here, anything in torch. `exact`: a tensor must have the dtype already.
    """
    place = given.pop("device", None)
    if "data" in given and not data:
        data = (given.pop("data"),)
    if given:
        raise TypeError(f"new() received an invalid combination of arguments - got an unexpected {next(iter(given))!r}")
    if place is not None and device(place).type != "cpu":
        raise RuntimeError(
            f"legacy constructor expects device type: cpu but device type: {device(place).type} was passed"
        )
    if not data:
        return wrap(np.empty(0, kind))
    first = data[0]
    if len(data) == 1 and isinstance(first, Tensor):
        if exact and first._array.dtype != kind:
            raise TypeError(
                f"expected a tensor of {dtypes.OF_NUMPY[kind]} (got {first.dtype}): its memory is shared, not cast"
            )
        return ops.alias(first)  # type: ignore[no-any-return]
    sizes = tuple(first) if isinstance(first, Size) else _sizes(data)
    if sizes is not None:
        if any(n < 0 for n in sizes):
            raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}")
        return wrap(np.zeros(sizes, kind))
    if isinstance(first, (str, bytes)):
        raise TypeError(f"new(): invalid data type {type(first).__name__!r}")
    if isinstance(first, np.generic) or not hasattr(type(first), "__getitem__") or not hasattr(type(first), "__len__"):
        raise TypeError(f"new(): data must be a sequence (got {type(first).__name__})")
    return wrap(np.asarray(copied(first, kind)))


def _sizes(data: tuple[Any, ...]) -> tuple[int, ...] | None:
    """Whole numbers; None for one argument that is none. Raises TypeError where one of several is not."""
    found = []
    for place, n in enumerate(data, 1):
        if isinstance(n, (bool, Tensor, np.ndarray)) or not hasattr(type(n), "__index__"):
            if len(data) == 1:
                return None
            raise TypeError(
                f"new(): argument 'size' failed to unpack the object at pos {place} with error "
                f'"type must be tuple of ints,but got {type(n).__name__}"'
            )
        found.append(operator.index(n))
    return tuple(found)


def new(self: Tensor, *args: Any, **given: Any) -> Tensor:
    """A tensor of this one's dtype, by sizes or from a sequence; a tensor given is shared.

    Raises TypeError for a tensor of another dtype.
    """
    return made(self._array.dtype, args, given)


def new_tensor(cls: type[Tensor], *data: Any, **given: Any) -> Any:
    """Sizes, for memory with nothing in it yet; or what `tensor()` takes, in the default dtype."""
    tensor = made(dtypes.Default.real, data, given, exact=False)
    if cls is not Tensor:
        tensor.__class__ = cls
    return tensor


class tensortype(type):
    """The type of torch's type names: calling one makes a tensor, and tensors of its dtype are its instances."""

    dtype: dtypes.dtype
    layout: layout
    is_cuda: bool
    is_sparse: bool

    def __instancecheck__(cls, instance: Any) -> bool:
        if cls.is_cuda or not isinstance(instance, Tensor):
            return False
        return instance.dtype is cls.dtype and instance.layout is cls.layout  # type: ignore[attr-defined,no-any-return]

    def __call__(cls, *args: Any, **given: Any) -> Tensor:
        if cls.is_cuda:
            raise TypeError(_absent(cls))
        return made(cls.dtype.numpy, args, given)


def _absent(kind: type) -> str:
    return f"type {kind.__module__}.{kind.__name__} not available. Torch not compiled with CUDA enabled."


def types(home: str = "torch") -> dict[str, tensortype]:
    """Name to type, as the root namespace has them, or "torch.cuda"; there is none for complex dtypes."""
    found = {}
    for d in dtypes.DTYPES:
        if not d.is_complex:
            name = f"{dtypes.title(d.numpy)}Tensor"
            members = {
                "dtype": d,
                "layout": strided,
                "is_cuda": home != "torch",
                "is_sparse": False,
                "__module__": home,
            }
            found[name] = tensortype(name, (), {**members, "__doc__": f"Tensors of {d.name}, by torch's name."})
    return found


def set_default_tensor_type(t: Any) -> None:
    """Make Python floats become the dtype of a type's name. Raises TypeError for one of integers."""
    known = {f"{home}.{n}": kind for home in ("torch", "torch.cuda") for n, kind in types(home).items()}
    kind = known.get(t) if isinstance(t, str) else t
    if not isinstance(kind, tensortype):
        raise TypeError(f"invalid type object: {t!r}")
    if kind.is_cuda:
        raise TypeError(_absent(kind))
    if not kind.dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    dtypes.Default.real = kind.dtype.numpy
