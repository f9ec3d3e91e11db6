"""New tensors: from values, from NumPy, filled, ranges; all outside any graph."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels import creation

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
    t = wrap(array)
    if requires_grad:
        if array.dtype.kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        t.requires_grad_()
    return t


# -- from values ---------------------------------------------------------------------------------------------


@function(method=False)
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new leaf holding a copy of `data`: numbers, nested sequences, NumPy arrays, tensors."""
    if isinstance(data, Tensor):
        warnings.warn(COPIED_TENSOR, UserWarning, stacklevel=2)
    return finished(copied(data, arguments.numpy_dtype(dtype)), requires_grad, device)


def copied(data: Any, dtype: Any) -> Any:
    """A copy of `data` as an array of torch's dtype; a NumPy scalar for a number."""
    kind = type(data)
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
    """Like as_tensor; `copy` forces a copy."""
    if copy:
        return tensor(obj, dtype=dtype, device=device, requires_grad=bool(requires_grad))
    t = as_tensor(obj, dtype, device)
    return t.requires_grad_() if requires_grad else t


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
        warnings.warn(READ_ONLY, UserWarning, stacklevel=2)
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides "
            "are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )
    return wrap(ndarray)


@function(method=False)
def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A 0-dim tensor of the default dtype."""
    return finished(copied(s, arguments.numpy_dtype(dtype, Default.real)), requires_grad, device)


# -- filled --------------------------------------------------------------------------------------------------


def sized(name: str, size: tuple[Any, ...], given: dict[str, Any]) -> tuple[int, ...]:
    if not size:
        if "size" not in given:
            raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
        size = (given.pop("size"),)
    if given:
        raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(given))!r}")
    if any(isinstance(n, (float, str)) for n in size):
        raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(size[0]).__name__}")
    return arguments.extent(size)


def _filling(name: str, make: Any, make_like: Any, text: str) -> Any:
    def public(
        *size: Any,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        **given: Any,
    ) -> Tensor:
        shape = sized(name, size, given)
        return finished(make(shape, arguments.numpy_dtype(dtype, Default.real)), requires_grad, device)

    def like(
        input: Tensor,
        *,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        array = checked(name + "_like", input)._array
        return finished(make_like(array, arguments.numpy_dtype(dtype, array.dtype)), requires_grad, device)

    def new(
        self: Tensor,
        *size: Any,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        **given: Any,
    ) -> Tensor:
        shape = sized("new_" + name, size, given)
        return finished(make(shape, arguments.numpy_dtype(dtype, self._array.dtype)), requires_grad, device)

    new.__doc__ = f"A new tensor {text}, of this shape and of the dtype of another."
    public.__doc__ = f"A new tensor {text}, of this shape."
    like.__doc__ = f"A new tensor {text}, of the shape and dtype of another."
    function(name=name, method=False, out=True)(public)
    function(name=name + "_like", method=False)(like)
    function(METHOD, name="new_" + name, method=True)(new)
    return public


def checked(name: str, input: Any) -> Tensor:
    """The first argument of a public function. Raises TypeError if it is no tensor."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input


zeros = _filling("zeros", np.zeros, np.zeros_like, "of zeros")
ones = _filling("ones", np.ones, np.ones_like, "of ones")
empty = _filling("empty", np.empty, np.empty_like, "whose values are whatever the memory holds")


def _filled(shape: tuple[int, ...], value: Any, dtype: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.item()
    return np.full(shape, copied(value, dtype))


@function(method=False, out=True)
def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A new tensor of this shape, every element `fill_value`, whose type decides the dtype."""
    shape = arguments.extent((size,))
    return finished(_filled(shape, fill_value, arguments.numpy_dtype(dtype)), requires_grad, device)


@function(method=False)
def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A new tensor of another's shape and dtype, every element `fill_value`."""
    array = checked("full_like", input)._array
    return finished(_filled(array.shape, fill_value, arguments.numpy_dtype(dtype, array.dtype)), requires_grad, device)


@function(method=False)
def empty_strided(
    size: Any,
    stride: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A new tensor of this shape and these strides (in elements), its values whatever the memory holds."""
    shape, d = arguments.extent((size,)), arguments.numpy_dtype(dtype, Default.real)
    reach = 1 + sum((n - 1) * s for n, s in zip(shape, stride)) if math.prod(shape) else 0
    array = np.ndarray(shape, d, np.empty(reach, d), 0, tuple(s * d.itemsize for s in stride))
    return finished(array, requires_grad, device)


@function(method=False, out=True)
def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal of an n x m matrix, zeros elsewhere."""
    rows, columns = arguments.extent((n, n if m is None else m))
    return finished(np.eye(rows, columns, dtype=arguments.numpy_dtype(dtype, Default.real)), requires_grad, device)


# -- of another tensor's dtype -------------------------------------------------------------------------------


@function(METHOD, method=True)
def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A new leaf of this tensor's dtype."""
    return finished(copied(data, arguments.numpy_dtype(dtype, self._array.dtype)), requires_grad, device)


@function(METHOD, method=True)
def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A new tensor of this one's dtype, every element `fill_value`."""
    shape = arguments.extent((size,))
    return finished(_filled(shape, fill_value, arguments.numpy_dtype(dtype, self._array.dtype)), requires_grad, device)


# -- ranges --------------------------------------------------------------------------------------------------


def _plain(x: Any) -> Any:
    return x.item() if isinstance(x, (Tensor, np.generic)) else x


@function(method=False, out=True)
def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below `end`; int64 if all three are whole numbers."""
    if end is None:
        start, end = 0, start
    start, end, step = _plain(start), _plain(end), _plain(step)
    target = arguments.numpy_dtype(dtype)
    if target is None:
        target = Default.real if any(isinstance(x, float) for x in (start, end, step)) else np.dtype("int64")
    if target.kind in "iu":
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not all(math.isfinite(x) for x in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    return finished(creation.arange(start, end, step, target), requires_grad, device)


@function(method=False, out=True)
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` values at equal distances, both ends included."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    start, end = _plain(start), _plain(end)
    default = Default.imaginary() if isinstance(start, complex) or isinstance(end, complex) else Default.real
    array = creation.linspace(start, end, int(steps), arguments.numpy_dtype(dtype, default))
    return finished(array, requires_grad, device)


@function(method=False, out=True)
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Powers of `base` whose exponents lie at equal distances."""
    target = arguments.numpy_dtype(dtype, Default.real)
    exponents = creation.linspace(_plain(start), _plain(end), int(steps), np.dtype("float64"))
    return finished((base**exponents).astype(target), requires_grad, device)
