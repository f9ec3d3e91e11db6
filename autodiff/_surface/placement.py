"""Where a tensor's memory is and how it is laid out, as Tensor says it: on the CPU, strided, and nowhere else."""

from __future__ import annotations

import math
import warnings
from typing import Any, NoReturn

from autodiff._core.geometry import layout, placed, strided
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._surface.storages import untyped_storage

NO_ACCELERATOR = "Cannot access accelerator device when none is available."


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> NoReturn:
    """Raises torch's AssertionError: there is no CUDA device, so ask `cuda.is_available()` first."""
    placed("cuda" if device is None else device)
    raise RuntimeError(f"Invalid device, must be cuda device: {device}")


def xpu(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> NoReturn:
    """Raises torch's AssertionError: there is no XPU device."""
    placed("xpu" if device is None else device)
    raise RuntimeError(f"Invalid device, must be xpu device: {device}")


def get_device(self: Tensor) -> int:
    """The number of the device: -1, which is the CPU's."""
    return -1


def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Whether the memory is pinned for a device's sake: never."""
    return False


def pin_memory(self: Tensor, device: Any = None) -> NoReturn:
    """Raises torch's RuntimeError: there is no device to pin memory for."""
    raise RuntimeError(NO_ACCELERATOR)


def is_shared(self: Tensor) -> bool:
    """Whether processes share the memory: never."""
    return False


def resize(self: Tensor, *sizes: Any) -> Tensor:
    """Another shape for as many elements. Raises RuntimeError for more or fewer; warns, as torch does: use reshape."""
    warnings.warn("non-inplace resize is deprecated", UserWarning, stacklevel=2)
    whole = all(isinstance(n, int) for n in sizes)
    if not whole or math.prod(sizes) != self._array.size:
        shown = ", ".join(map(str, sizes))
        raise RuntimeError(
            f"requested resize to {shown} ({math.prod(sizes) if whole else shown} elements in total), but the given "
            f"tensor has a size of {'x'.join(map(str, self._array.shape))} ({self._array.size} elements). autograd's "
            "resize can only change the shape of a given tensor, while preserving the number of elements. "
        )
    return ops.reshape(self, shape=sizes)  # type: ignore[no-any-return]


def is_distributed(self: Tensor) -> bool:
    """False: a tensor is all here."""
    return False


def as_subclass(self: Tensor, cls: type[Tensor]) -> Tensor:
    """The same memory and place in the graph as a tensor of another class. Raises TypeError for no class of tensors."""
    if not (isinstance(cls, type) and issubclass(cls, Tensor)):
        shown = f"one that does not inherit from Tensor, {cls.__name__}" if isinstance(cls, type) else f"{cls!r}"
        raise TypeError(f"cls must be a type of tensors (got {shown})")
    found: Tensor = ops.alias(self)
    found.__class__ = cls
    return found


def dim_order(self: Tensor, *, ambiguity_check: Any = False) -> tuple[int, ...]:
    """The dimensions as they lie in memory, the outermost first; of equal strides those that come first."""
    strides = self._array.strides
    return tuple(sorted(range(len(strides)), key=lambda d: -strides[d]))


METHODS = {
    "as_subclass": as_subclass,
    "dim_order": dim_order,
    "is_distributed": is_distributed,
    "untyped_storage": untyped_storage,
    "cuda": cuda,
    "xpu": xpu,
    "get_device": get_device,
    "is_pinned": is_pinned,
    "pin_memory": pin_memory,
    "is_shared": is_shared,
    "resize": resize,
}


def _layout(self: Tensor) -> layout:
    return strided


def _name(self: Tensor) -> None:
    """The name of a named tensor's place in a graph of old: none has one."""


#: Where a tensor could be, or what it could be, and none here is.
_HARDWARE = "cuda xpu mps meta sparse sparse_csr quantized mkldnn nested ipu maia mtia vulkan xla"

PROPERTIES: dict[str, Any] = {
    "layout": property(_layout),
    "name": property(_name),
    "is_cpu": property(lambda self: True),
    **{f"is_{kind}": property(lambda self: False) for kind in _HARDWARE.split()},
}
