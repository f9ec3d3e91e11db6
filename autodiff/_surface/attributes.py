"""What Tensor has besides operators: geometry, properties, and Python's protocols that need operators."""

from __future__ import annotations

import copy
import itertools
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff._core import arguments, geometry
from autodiff._core.geometry import CPU, Size
from autodiff._core.memory import assembled, parts
from autodiff._core.modes import state, unusual
from autodiff._core.node import AccumulateGrad
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, put_inference, refit, requiring, wrap
from autodiff._core.views import exchanged
from autodiff._functions.index import getitem, setitem
from autodiff._kernels.geometry import start_of
from autodiff._kernels.layout import in_format
from autodiff._surface import elements, legacy, placement, removed, sparse
from autodiff._surface.printing import text

# -- geometry ------------------------------------------------------------------------------------------------


def shape(self: Tensor) -> Size:
    """The sizes of the dimensions."""
    return Size(self._array.shape)


def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the size of one dimension."""
    if dim is None:
        return Size(self._array.shape)
    ndim = self._array.ndim
    if not -ndim <= dim < ndim:
        if not ndim:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return self._array.shape[dim]


def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements lie between neighbours, per dimension or along one."""
    array = self._array
    # NumPy knows no strides of an array without elements, unless it is a slice of one that has some.
    found = tuple([s // array.itemsize for s in (array.strides if array.size or any(array.strides) else _rows(array))])
    return found if dim is None else found[dim]


def _rows(array: Any) -> list[int]:
    """The strides, in bytes, of rows that lie one after the other."""
    sizes = [array.itemsize, *(max(size, 1) for size in reversed(array.shape[1:]))]
    return list(itertools.accumulate(sizes, operator.mul))[::-1][: array.ndim]


def dim(self: Tensor) -> int:
    """How many dimensions there are."""
    return self._array.ndim  # type: ignore[no-any-return]


def element_size(self: Tensor) -> int:
    """The bytes of one element."""
    return self.dtype.itemsize


def numel(self: Tensor) -> int:
    """How many elements there are."""
    return self._array.size  # type: ignore[no-any-return]


def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether the elements lie in memory in their order, or a format's, without gaps."""
    array = self._array
    if memory_format is None:
        return not isinstance(array, np.ndarray) or bool(array.flags.c_contiguous)
    if not isinstance(memory_format, geometry.memory_format):
        arguments.format_of("is_contiguous", memory_format, array.ndim)
    return in_format(np.asarray(array) if isinstance(array, np.generic) else array, memory_format.name)


def data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    return int(self.memory().__array_interface__["data"][0])


def storage_offset(self: Tensor) -> int:
    """How many elements of the owner's memory lie before this tensor's first."""
    return start_of(self.memory())


# -- properties ----------------------------------------------------------------------------------------------


def get_data(self: Tensor) -> Tensor:
    """The same memory outside the graph, and with a version of its own: writing to it goes unnoticed."""
    seen = wrap(self.memory())
    put_inference(seen, self.is_inference(), counted=not state.inference)
    return seen


def set_data(self: Tensor, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
    if unusual and value.is_inference() is not self.is_inference():
        # Whether it has a version is not the memory's affair.
        self.meta().inference = value.is_inference()
    self._array = value.memory()
    exchanged(self)
    refit(self)


def reversed_dims(self: Tensor) -> Tensor:
    """The dimensions in reverse order."""
    return ops.permute(self, dims=tuple(range(self._array.ndim))[::-1])  # type: ignore[no-any-return]


def matrix_transpose(self: Tensor) -> Tensor:
    """The last two dimensions exchanged."""
    if not self._array.ndim:
        return self
    if self._array.ndim == 1:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self._array.ndim}-D tensor."
        )
    return ops.transpose(self, dim0=self._array.ndim - 2, dim1=self._array.ndim - 1)  # type: ignore[no-any-return]


def conjugate_transpose(self: Tensor) -> Tensor:
    """The last two dimensions exchanged, and conjugated."""
    turned = matrix_transpose(self)
    return ops.conj(turned) if self._array.dtype.kind == "c" else turned  # type: ignore[no-any-return]


def hermitian(self: Tensor) -> Tensor:
    """A matrix exchanged and conjugated. Raises RuntimeError for other than 0 or 2 dimensions."""
    if self._array.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor.")
    return self if not self._array.ndim else conjugate_transpose(self)


def get_real(self: Tensor) -> Tensor:
    """The real part, as a view."""
    return ops.real(self)  # type: ignore[no-any-return]


def set_real(self: Tensor, value: Any) -> None:
    ops.real(self).copy_(value)


def get_imag(self: Tensor) -> Tensor:
    """The imaginary part, as a view. Raises RuntimeError for real tensors."""
    return ops.imag(self)  # type: ignore[no-any-return]


def set_imag(self: Tensor, value: Any) -> None:
    ops.imag(self).copy_(value)


# -- Python's protocols --------------------------------------------------------------------------------------


def iterate(self: Tensor) -> Iterator[Tensor]:
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(ops.unbind(self, dim=0))


def contains(self: Tensor, element: Any) -> bool:
    if not isinstance(element, (Tensor, bool, int, float, complex, np.generic)):
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")
    return bool(np.any(self._array == (element._array if isinstance(element, Tensor) else element)))


def unchanged(self: Tensor) -> Tensor:
    """The tensor itself. Raises RuntimeError for bool."""
    if self._array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return self


def inverted(self: Tensor) -> Tensor:
    """The bits inverted. Raises TypeError for other than integers and bool."""
    if self._array.dtype.kind not in "biu":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return ops.bitwise_not(self)  # type: ignore[no-any-return]


def formatted(self: Tensor, spec: str) -> str:
    if not self._array.ndim:
        return format(self._array.item(), spec)
    return object.__format__(self, spec)


def deep_copied(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if self._node is not None and not isinstance(self._node, AccumulateGrad):
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment."
        )
    if id(self) in memo:
        return memo[id(self)]  # type: ignore[no-any-return]
    where = parts(self.memory())
    # The copy of a memory that another tensor shares is there already.
    twin = wrap(assembled(where._replace(memory=copy.deepcopy(where.memory, memo))))
    kind = getattr(type(self), "_fresh", type(self))
    if kind is not Tensor:
        twin.__class__ = kind
    twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
    if self._node is not None:
        requiring(twin, True)
    memo[id(self)] = twin
    if self.grad is not None:
        twin.grad = copy.deepcopy(self.grad, memo)
    return twin


def lent(
    self: Tensor, *, stream: Any = -1, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """A DLPack capsule of the memory. Raises BufferError for a tensor that requires grad, or another device."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream is not None and type(stream) is not int:
        raise TypeError("stream must be ``int`` or ``none``")
    if stream not in (None, -1):
        raise AssertionError("stream should be None on cpu.")
    if dl_device not in (None, (1, 0)):
        raise BufferError(f"the memory is on the CPU, which is the device (1, 0), not {dl_device}")
    array = np.array(self._array) if copy else self.memory()
    return array.__dlpack__(max_version=max_version)


METHODS = {
    "size": size,
    "stride": stride,
    "dim": dim,
    "ndimension": dim,
    "numel": numel,
    "nelement": numel,
    "element_size": element_size,
    "is_contiguous": is_contiguous,
    "data_ptr": data_ptr,
    "storage_offset": storage_offset,
    "__iter__": iterate,
    "__pos__": unchanged,
    "__invert__": inverted,
    "__contains__": contains,
    "__format__": formatted,
    "__deepcopy__": deep_copied,
    "__dlpack__": lent,
    "__dlpack_device__": lambda self: (1, 0),
    "__repr__": text,
    "__str__": text,
    "__getitem__": getitem,
    "__setitem__": setitem,
}
PROPERTIES = {
    "shape": property(shape),
    "device": property(lambda self: CPU),
    "data": property(get_data, set_data),
    "real": property(get_real, set_real),
    "imag": property(get_imag, set_imag),
    "T": property(reversed_dims),
    "mT": property(matrix_transpose),
    "H": property(hermitian),
    "mH": property(conjugate_transpose),
}


def attach() -> None:
    """Give Tensor its geometry, properties and protocols."""
    for name, member in (
        METHODS | PROPERTIES | elements.METHODS | placement.METHODS | placement.PROPERTIES | removed.METHODS
    ).items():
        setattr(Tensor, name, member)
    sparse.attach()
    Tensor.__new__ = legacy.new_tensor  # type: ignore[method-assign,assignment]
    Tensor.new = legacy.new  # type: ignore[attr-defined]
