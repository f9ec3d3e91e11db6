"""Copies and conversions: dtype, memory, NumPy; and what is written as a whole (copy_, fill_, zero_)."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes, errors
from autodiff._core.batched import levels_of
from autodiff._core.function import function
from autodiff._core.geometry import contiguous_format
from autodiff._core.geometry import device as Device
from autodiff._core.inplace import assign, check_overlap, check_writable
from autodiff._core.modes import duals, state
from autodiff._core.node import Clock
from autodiff._core.noting import ask_all
from autodiff._core.registry import ops
from autodiff._core.tangents import dropped
from autodiff._core.tensor import Tensor, alias, leave_graph, wrap
from autodiff._kernels import layout
from autodiff._kernels.layout import same_region

METHOD = "Tensor"


def cast(x: Tensor, target: Any, copy: bool = False) -> Tensor:
    """x in NumPy's dtype `target`; x itself if it has it already, unless a copy is asked for."""
    if x._array.dtype is target:
        return ops.to(x, dtype=target) if copy else x
    return ops.to(x, dtype=target)  # type: ignore[no-any-return]


def in_format(where: str, x: Tensor, memory_format: Any) -> Tensor:
    """x itself if its memory lies so, else a copy that does."""
    name = arguments.format_of(where, memory_format, x._array.ndim)
    if name is None or layout.in_format(x._array, name):
        return x
    return ops.formatted(x, name=name)  # type: ignore[no-any-return]


def converted_to(where: str, x: Tensor, target: Any, memory_format: Any, copy: bool = False) -> Tensor:
    """x in a dtype and a format; itself if nothing changes, a size of 1 along which it lies otherwise being nothing."""
    name = arguments.format_of(where, memory_format, x._array.ndim)
    same = x._array.dtype is target and not copy
    if name is None or (same and layout.format_like(x._array) == name):
        return cast(x, target, copy)
    return ops.to_format(x, dtype=target, name=name)  # type: ignore[no-any-return]


@function(METHOD, method=True)
def to(
    self: Tensor,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """In another dtype: `to(dtype)`, `to(device, dtype)`, `to(other)`; itself if nothing changes."""
    target = arguments.numpy_dtype(dtype)
    for a in args:
        if isinstance(a, Tensor):
            target = a._array.dtype
        elif isinstance(a, (str, Device)):
            device = a
        elif isinstance(a, dtypes.dtype):
            target = a.numpy
        elif isinstance(a, bool):
            copy = a if a is args[-1] and len([b for b in args if isinstance(b, bool)]) > 1 else copy
        elif isinstance(a, int):
            device = Device(a)
        elif a is not None:
            raise TypeError(f"to() received an invalid combination of arguments - got ({type(a).__name__})")
    arguments.check_device(device)
    return converted_to("to", self, target or self._array.dtype, memory_format, copy)


@function(METHOD, method=True, name="type")
def of_type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """torch's old name of the tensor's type ("torch.FloatTensor"), or the tensor cast to a dtype."""
    if dtype is None:
        home = "torch.sparse" if self.is_sparse else "torch"  # type: ignore[attr-defined]
        return f"{home}.{dtypes.title(self._array.dtype)}Tensor"
    if dtype is Tensor:
        return cast(self, dtypes.Default.real)
    if isinstance(dtype, dtypes.dtype):
        return cast(self, dtype.numpy)
    name = dtype if isinstance(dtype, str) else f"{dtype.__module__}.{dtype.__name__}"
    if name.startswith("torch.cuda."):
        raise RuntimeError(f"Cannot initialize CUDA without ATen_cuda library: {name} has no device")
    found = next((d for d in dtypes.OF_NUMPY.values() if f"torch.{dtypes.title(d.numpy)}Tensor" == name), None)
    if found is None:
        raise ValueError(f"invalid type: {name.removeprefix('builtins.')!r}")
    return cast(self, found.numpy)


@function(METHOD, method=True)
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """In another tensor's dtype."""
    if not isinstance(other, Tensor):
        raise TypeError(f"type_as(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
    return cast(self, other._array.dtype)


def _named_cast(name: str, d: dtypes.dtype) -> None:
    target = d.numpy

    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        return converted_to(name, self, target, memory_format)

    method.__doc__ = f"In {d.name}."
    function(METHOD, method=True, name=name)(method)


for d in (*dtypes.DTYPES, dtypes.bfloat16):
    _named_cast(d.alias or ("byte" if d.name == "uint8" else "char" if d.name == "int8" else d.name), d)


@function(METHOD, method=True)
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself: there is no other device."""
    return converted_to("cpu", self, self._array.dtype, memory_format)


@function()
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy that gradients flow through, which lies as the tensor does unless a format asks for another."""
    name = arguments.format_of("clone", memory_format, input._array.ndim)
    return ops.clone(input) if name is None else ops.formatted(input, name=name)  # type: ignore[no-any-return]


@function(METHOD, method=True)
def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its memory is in order, or in the format's, else a copy that is."""
    if memory_format is not None and memory_format is not contiguous_format:
        return in_format("contiguous", self, memory_format)
    return self if self._array.flags.c_contiguous else ops.contiguous(self)  # type: ignore[no-any-return]


@function()
def detach(input: Tensor) -> Tensor:
    """The same memory outside the graph; writing to either is seen by both, and by the version."""
    return alias(input)


@function(METHOD, method=True)
def detach_(self: Tensor) -> Tensor:
    """Take this tensor out of the graph. Raises RuntimeError for a view.

    In inference mode nothing happens, nor to a tensor of that mode.
    """
    if state.inference or self.is_inference():
        return self
    if self._is_view():
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
            "(DDP) for "
            "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and "
            "hence "
            "detach_() cannot be called on these gradients. To fix this error, please refer to the "
            "Optimizer.zero_grad() function in torch/optim/optimizer.py as a solution."
        )
    if not self.is_leaf:
        # Whatever saved this tensor looks at it once more.
        Clock.now += 1
        self.meta().detached = Clock.now
    leave_graph(self)
    if duals:
        dropped(self)
    return self


# -- written as a whole --------------------------------------------------------------------------------------


@function(METHOD, method=True)
def copy_(self: Tensor, other: Any, non_blocking: bool = False) -> Tensor:
    """Write `other`, broadcast and cast, into this tensor; gradients flow to `other`."""
    if isinstance(other, (bool, int, float, complex)):
        other = wrap(np.asarray(other))
    if not isinstance(other, Tensor):
        raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {other.__class__.__name__}")
    # Nothing is copied then, however it overlaps.
    itself = self is other or (not levels_of((self, other)) and same_region(self.memory(), other.memory()))
    # What takes no part in the graph has no history to write.
    leading = (other,) if self._array.dtype.kind in "fc" else ()
    check_writable(self, leading, filling=itself)
    ask_all(leading)
    errors.check_fits(other._array.shape, self._array.shape)
    check_overlap(self, (other,))
    return assign(self, lambda before: ops.copy(before, other), leading, filling=itself)


@function(METHOD, method=True)
def fill_(self: Tensor, value: Any) -> Tensor:
    """Every element becomes `value`, a number or a 0-dim tensor."""
    if isinstance(value, Tensor) and value._array.ndim:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
        )
    if isinstance(value, Tensor):
        return assign(self, lambda before: ops.fill_tensor(before, value), (value,))
    number = checked_number(value, self._array.dtype)
    return assign(self, lambda before: ops.fill(before, src=number), filling=True)


@function(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like input with `value`, a number or a 0-dim tensor, in every place."""
    return fill_(input.clone(), value)  # type: ignore[attr-defined,no-any-return]


def refuse_complex(name: str, *tensors: Tensor) -> None:
    """Raise where a complex tensor takes part in the graph, for what torch differentiates for real ones only."""
    if state.grad and any(x._node is not None and x._array.dtype.kind == "c" for x in tensors):
        raise RuntimeError(f"{name} does not support automatic differentiation for outputs with complex dtype.")


def checked_number(value: Any, target: Any) -> Any:
    """A number that a tensor of this dtype can hold. Raises torch's errors for one it cannot."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (bool, int, float, complex)):
        raise TypeError(f"fill_(): argument 'value' (position 1) must be Number, not {value.__class__.__name__}")
    if isinstance(value, complex) and target.kind != "c":
        if value.imag:
            raise RuntimeError(f"value cannot be converted to type {target.name} without overflow")
        value = value.real
    if target.kind in "iu" and not isinstance(value, bool):
        info = np.iinfo(target)
        low = -int(info.max) if target.kind == "u" else int(info.min)
        if not low <= value <= info.max:
            raise RuntimeError(f"value cannot be converted to type {target.name} without overflow")
        return np.asarray(int(value)).astype(target)[()]
    return value


@function(METHOD, method=True)
def zero_(self: Tensor) -> Tensor:
    """Every element becomes 0."""
    return assign(self, lambda before: ops.zero(before), filling=True)


@function(inplace=False)
def numel(input: Tensor) -> int:
    """How many elements there are."""
    return input._array.size  # type: ignore[no-any-return]


# -- dtypes --------------------------------------------------------------------------------------------------


@function()
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is floating point; complex is not."""
    return bool(input._array.dtype.kind == "f")


@function()
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return bool(input._array.dtype.kind == "c")


@function()
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return dtypes.OF_NUMPY[input._array.dtype].is_signed


@function()
def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not 0. Raises RuntimeError for more elements, or none."""
    return bool(input)


@function()
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return bool(input._array.shape == other._array.shape)


@function(method=False)
def typename(obj: Any) -> str:
    """torch's old name of a tensor's type; of anything else, its class's qualified name."""
    if isinstance(obj, Tensor):
        return str(of_type(obj))
    kind = type(obj)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


@function(method=False)
def get_default_device() -> Device:
    """Where tensors are made: the CPU, there is no other."""
    return Device("cpu")


@function(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(obj, Tensor)


@function(method=False)
def get_default_dtype() -> Any:
    """The dtype that Python floats become."""
    return dtypes.OF_NUMPY[dtypes.Default.real]


@function(method=False)
def set_default_dtype(d: Any) -> None:
    """Make Python floats become another floating dtype."""
    target = arguments.numpy_dtype(d)
    if target is None or target.kind != "f":
        raise TypeError(f"only floating-point types are supported as the default type, not {d}")
    if d is dtypes.bfloat16:
        raise TypeError("bfloat16 cannot be the default dtype here: give dtype=torch.bfloat16, or cast by .bfloat16()")
    dtypes.Default.real = target


@function(method=False)
def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest dtype that holds both."""
    return dtypes.OF_NUMPY[dtypes.promote(type1.numpy, type2.numpy)]


@function(method=False)
def result_type(tensor: Any, other: Any) -> Any:
    """The dtype that an operator of these two tensors or numbers computes in."""
    pair = [x._array if isinstance(x, Tensor) else x for x in (tensor, other)]
    return dtypes.OF_NUMPY[dtypes.result_type(pair)]


@function(method=False)
def can_cast(from_: Any, to: Any) -> bool:
    """Whether a cast keeps the category: bool < integer < float < complex."""
    return dtypes.can_cast(from_.numpy, to.numpy)
