"""New tensors, filled: zeros, ones, one number, a diagonal, whatever the memory holds; all outside any graph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import arguments
from autodiff._core.batched import Batched, batched, sizes
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.geometry import preserve_format
from autodiff._core.sparse import Sparse, sparse, sparse_dims
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.values import NUMBER, finished, number
from autodiff._kernels import creation
from autodiff._kernels.layout import room

METHOD = "Tensor"


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


def _nothing(name: str, x: Sparse, shape: tuple[int, ...], dtype: Any, value: int | None) -> Tensor:
    """A sparse tensor like another one, with no element. Raises NotImplementedError for a value that is not 0."""
    if value:
        raise NotImplementedError(f"{name}: a sparse tensor is of zeros; use Tensor.to_dense() first")
    ahead = min(sparse_dims(x), len(shape))
    elements = np.zeros((0, *shape[ahead:]), arguments.numpy_dtype(dtype, x._array.dtype))
    return sparse(wrap(np.zeros((ahead, 0), np.int64)), wrap(elements), shape, True)


def _filling(name: str, make: Any, value: int | None, text: str) -> Any:
    def public(
        *size: Any,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        **given: Any,
    ) -> Tensor:
        asked = given.pop("memory_format", None) if name == "empty" else None
        shape = sized(name, size, given)
        d = arguments.numpy_dtype(dtype, Default.real)
        if asked is not None:
            if asked is preserve_format:
                raise RuntimeError("unsupported memory format Preserve")
            return finished(room(shape, d, arguments.format_of(name, asked, len(shape))), requires_grad, device)
        return finished(make(shape, d), requires_grad, device)

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
        if isinstance(input, Sparse):
            return _nothing(name + "_like", input, array.shape, dtype, value).requires_grad_(requires_grad)
        form = arguments.format_of(name + "_like", memory_format, array.ndim)
        memory = creation.alike(array, arguments.numpy_dtype(dtype, array.dtype), form)
        if value is not None:
            memory[...] = value
        return _beside(input, memory, requires_grad, device)

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
        if isinstance(self, Sparse):
            return _nothing("new_" + name, self, shape, dtype, value).requires_grad_(requires_grad)
        return _beside(self, make(shape, arguments.numpy_dtype(dtype, self._array.dtype)), requires_grad, device)

    new.__doc__ = f"A new tensor {text}, of this shape and of the dtype of another."
    public.__doc__ = f"A new tensor {text}, of this shape."
    like.__doc__ = f"A new tensor {text}, of the shape and dtype of another."
    function(name=name, method=False, out="new")(public)
    function(name=name + "_like", method=False)(like)
    function(METHOD, name="new_" + name, method=True)(new)
    return public


def _beside(given: Tensor, memory: Any, requires_grad: bool, device: Any) -> Tensor:
    """The new tensor, for each sample its own where the given one varies: it is there to be written into."""
    if not isinstance(given, Batched):
        return finished(memory, requires_grad, device)
    levels = given._levels
    each = np.empty_like(memory, shape=(*sizes(levels), *memory.shape))
    each[...] = memory
    return batched(finished(each, requires_grad, device), levels)


def checked(name: str, input: Any) -> Tensor:
    """The first argument of a public function. Raises TypeError if it is no tensor."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input


zeros = _filling("zeros", np.zeros, 0, "of zeros")
ones = _filling("ones", np.ones, 1, "of ones")
empty = _filling("empty", np.empty, None, "whose values are whatever the memory holds")


def _filler(name: str, value: Any, dtype: Any) -> Any:
    """The number that a tensor is filled with. Raises as torch does for what is none, or none of the dtype."""
    if isinstance(value, Tensor) and not value._array.ndim and value._node is None:
        value = value.item()
    if not isinstance(value, (*NUMBER, np.generic)):
        raise TypeError(f"{name}(): argument 'fill_value' (position 2) must be Number, not {type(value).__name__}")
    return number(value, dtype)


def listed(name: str, size: Any, where: int = 1) -> tuple[int, ...]:
    """The shape of a new tensor, which these functions take as one sequence."""
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'size' (position {where}) must be tuple of ints, not {type(size).__name__}"
        )
    return arguments.extent((size,))


@function(method=False, out="new")
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
    value = _filler("full", fill_value, arguments.numpy_dtype(dtype))
    return finished(np.full(listed("full", size), value), requires_grad, device)


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
    target = arguments.numpy_dtype(dtype, array.dtype)
    memory = creation.alike(array, target, arguments.format_of("full_like", memory_format, array.ndim))
    memory[...] = _filler("full_like", fill_value, target)
    return _beside(input, memory, requires_grad, device)


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
    return finished(_strided(size, stride, arguments.numpy_dtype(dtype, Default.real)), requires_grad, device)


def _strided(size: Any, stride: Any, dtype: Any) -> Any:
    shape = arguments.extent((size,))
    if len(shape) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(stride)})"
        )
    if any(s < 0 for s in stride):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(stride)}")
    reach = 1 + sum((n - 1) * s for n, s in zip(shape, stride)) if math.prod(shape) else 0
    return np.ndarray(shape, dtype, np.empty(reach, dtype), 0, tuple(s * dtype.itemsize for s in stride))


@function(method=False)
def empty_permuted(
    size: Any,
    physical_layout: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A new tensor whose dimensions lie in memory in this order, the slowest first."""
    shape, order = arguments.extent((size,)), tuple(physical_layout)
    if len(order) != len(shape):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for place, d in enumerate(order):
        if not 0 <= d < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {d} at index "
                f"{place}).  NB: negative dims not currently supported; file an issue if you want it."
            )
    if len(set(order)) != len(order):
        raise RuntimeError("Duplicate dim not allowed")
    memory = np.empty([shape[d] for d in order], arguments.numpy_dtype(dtype, Default.real))
    return finished(memory.transpose(np.argsort(order)), requires_grad, device)


@function(method=False, out="new")
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
    value = _filler("new_full", fill_value, arguments.numpy_dtype(dtype, self._array.dtype))
    return _beside(self, np.full(listed("new_full", size), value), requires_grad, device)


@function(METHOD, method=True)
def new_empty_strided(
    self: Tensor,
    size: Any,
    stride: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A new tensor of this one's dtype, of this shape and these strides, its values whatever the memory holds."""
    memory = _strided(size, stride, arguments.numpy_dtype(dtype, self._array.dtype))
    return _beside(self, memory, requires_grad, device)
