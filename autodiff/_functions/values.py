"""New tensors from values: numbers, sequences, NumPy's memory, other tensors; all outside any graph."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.memory import assembled, parts
from autodiff._core.tensor import Tensor, requiring, wrap
from autodiff._kernels import creation
from autodiff._kernels.brain import BRAIN, SINGLE, held

READ_ONLY = (
    "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to "
    "this tensor will result in undefined behavior. You may want to copy the array to protect its data or make it "
    "writable before converting it to a tensor. This type of warning will be suppressed for the rest of this program."
)
COPIED_TENSOR = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)
METHOD = "Tensor"
NUMBER = (bool, int, float, complex)


def finished(array: Any, requires_grad: bool, device: Any) -> Tensor:
    """The new tensor, a leaf that records if asked. Raises RuntimeError for an integer that should."""
    if device is not None:
        arguments.check_device(device)
    t = wrap(held(array) if array.dtype is BRAIN else array)
    if requires_grad:
        if array.dtype.kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        requiring(t, True)
    return t


@function(method=False)
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new leaf holding a copy of `data`: numbers, nested sequences, NumPy arrays, tensors."""
    if isinstance(data, Tensor):
        warnings.warn(COPIED_TENSOR, UserWarning, stacklevel=3)
    return finished(copied(data, arguments.numpy_dtype(dtype)), requires_grad, device)


def copied(data: Any, dtype: Any) -> Any:
    """A copy of `data` as an array of torch's dtype; a NumPy scalar for a number."""
    kind = type(data)
    if dtype is BRAIN:
        return held(copied(data, SINGLE))
    if kind is float and (dtype is None or dtype.kind == "f"):
        with np.errstate(over="ignore"):
            return (dtype or Default.real).type(data)
    if kind in NUMBER:
        return _number(data, dtype)
    if isinstance(data, Tensor):
        data = data._array
    if isinstance(data, (np.ndarray, np.generic)):
        dtypes.of(data)
        return _converted(data, dtype or data.dtype)
    if isinstance(data, (list, tuple, range)):
        return creation.nested(data, dtype, Default.real, Default.of_number, dtypes.promote)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type {kind.__name__!r}")
    if hasattr(data, "__array__"):
        return np.array(data, dtype=dtype)
    if hasattr(data, "__dlpack__"):
        return copied(from_dlpack(data), dtype)
    if hasattr(kind, "__getitem__") and hasattr(kind, "__len__") and not isinstance(data, dict):
        return copied(list(data), dtype)
    raise RuntimeError(f"Could not infer dtype of {kind.__name__}")


def _number(data: Any, dtype: Any) -> Any:
    if isinstance(data, int) and not -(2**63) <= data < 2**63 and (dtype is None or dtype.kind not in "fc"):
        raise ValueError(creation.TOO_BIG)
    target = dtype or Default.of_number(data)
    array = np.asarray(data)
    if array.dtype.kind == "c" and target.kind != "c":
        raise TypeError("must be real number, not complex")
    if dtype is not None and array.dtype.kind in "if":
        creation.check_range(array, dtype)
    return array.astype(target)[()]


def _converted(array: Any, dtype: Any) -> Any:
    if array.dtype.kind == "c" and dtype.kind != "c":
        array = array.real
    with np.errstate(all="ignore"):
        return np.array(array, dtype=dtype, order="C")


@function(method=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The tensor itself, or a tensor over NumPy's memory, where no conversion is asked for; else a copy."""
    target = arguments.numpy_dtype(dtype)
    if device is not None:
        arguments.check_device(device)
    if isinstance(data, Tensor):
        return data if target is None or target is data._array.dtype else data.to(dtype)  # type: ignore[attr-defined,no-any-return]
    if isinstance(data, np.ndarray) and (target is None or target == data.dtype):
        return from_numpy(data)
    return wrap(copied(data, target))


@function(method=False)
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Tensor:
    """A tensor of anything: over its memory where there is some, unless `copy` forces a copy or False forbids one."""
    target = arguments.numpy_dtype(dtype)
    if isinstance(obj, (bytes, bytearray, memoryview)):
        obj = frombuffer(obj, dtype=dtype or dtypes.OF_NUMPY[Default.real])
        target = None
    if isinstance(obj, np.ndarray):
        found = from_numpy(obj)
    elif isinstance(obj, Tensor):
        found = obj
    elif hasattr(obj, "__dlpack__") and not isinstance(obj, np.generic):
        found = from_dlpack(obj)
    else:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        return finished(copied(obj, target), bool(requires_grad), device)
    given = found._array.dtype
    if target is not None and target is not given:
        if copy is False:
            names = dtypes.title(given), dtypes.title(target)
            raise ValueError(f"can't alias tensor with dtype '{names[0]}' into dtype '{names[1]}'.")
        found = found.to(dtype)  # type: ignore[attr-defined]
    elif copy:
        found = found.clone()  # type: ignore[attr-defined]
    if requires_grad is False and found.requires_grad:
        return found.detach()  # type: ignore[attr-defined,no-any-return]
    if requires_grad or (requires_grad is None and found.requires_grad):
        found.requires_grad_()  # a view, too, that does so only as its base does
    return found


@function(method=False)
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A tensor over the memory of anything that lends its own: bytes, a bytearray, an array."""
    target = arguments.numpy_dtype(dtype)
    try:
        memory = memoryview(buffer)
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    size, rest = memory.nbytes, memory.nbytes - offset
    if not size or not count:
        raise ValueError(f"both buffer length ({size}) and count ({count}) must not be 0")
    if not 0 <= offset < size:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({size} bytes) - 1"
        )
    if count < 0 and rest % target.itemsize:
        raise ValueError(
            f"buffer length ({rest} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({target.itemsize})"
        )
    if count * target.itemsize > rest:
        raise ValueError(
            f"requested buffer length ({count} * {target.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({size} bytes)"
        )
    if memory.readonly:
        warnings.warn(READ_ONLY.replace("NumPy array", "buffer"), UserWarning, stacklevel=3)
    return finished(np.frombuffer(memory, target, count, offset), requires_grad, None)


@function(method=False)
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor over the array's own memory: writing to either is seen by both."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if not ndarray.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    dtypes.of(ndarray)
    if not ndarray.flags.writeable:
        warnings.warn(READ_ONLY, UserWarning, stacklevel=3)
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides "
            "are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )
    return wrap(ndarray)


class _Capsule:
    """A bare DLPack capsule as something that has one to give."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **wishes: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


@function(method=False)
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of anything with `__dlpack__`, or of a capsule, which can be used once.

    Raises BufferError for memory that its owner does not lend, RuntimeError for what has none.
    """
    if device is not None:
        arguments.check_device(device)
    bare = type(ext_tensor).__name__ == "PyCapsule"
    if not bare and not hasattr(ext_tensor, "__dlpack__"):
        raise RuntimeError(
            f"from_dlpack received a {type(ext_tensor).__name__}, which is neither a DLPack capsule nor has __dlpack__"
        )
    old = bare and '"dltensor"' in repr(ext_tensor)
    try:
        array = np.from_dlpack(_Capsule(ext_tensor) if bare else ext_tensor)
    except ValueError as error:
        raise RuntimeError(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you "
            f"might have already constructed a tensor from it once: {error}"
        ) from None
    if old and not array.flags.writeable:
        # Before its first version DLPack said nothing of writing, and NumPy plays it safe.
        array = assembled(parts(array))
    return from_numpy(np.array(array) if copy else array)  # type: ignore[no-any-return]


@function(method=False)
def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A 0-dim tensor of the default dtype."""
    if isinstance(s, Tensor) and not s._array.ndim:
        s = s.item()
    if not isinstance(s, (*NUMBER, np.generic)):
        raise TypeError(f"scalar_tensor(): argument 's' (position 1) must be Number, not {type(s).__name__}")
    return finished(number(s, arguments.numpy_dtype(dtype, Default.real)), requires_grad, device)


def number(value: Any, dtype: Any) -> Any:
    """A Python number in a dtype, its own if that is None. Raises RuntimeError if the dtype cannot hold it."""
    target = dtype or (value.dtype if isinstance(value, np.generic) else Default.of_number(value))
    plain = value.item() if isinstance(value, np.generic) else value
    overflows = f"value cannot be converted to type {target.name} without overflow"
    if isinstance(plain, complex) and target.kind != "c":
        raise RuntimeError(overflows)
    if isinstance(plain, int) and not -(2**63) <= plain < 2**63 and target.kind != "f":
        raise RuntimeError(overflows)
    finite = not isinstance(plain, complex) and math.isfinite(plain)
    if target.kind in "fc" and finite and abs(plain) > float(np.finfo(target).max):
        raise RuntimeError(overflows)
    return copied(plain, target)


@function(METHOD, method=True)
def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A new leaf of this tensor's dtype."""
    return finished(copied(data, arguments.numpy_dtype(dtype, self._array.dtype)), requires_grad, device)
