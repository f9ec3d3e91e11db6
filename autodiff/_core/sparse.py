"""Sparse tensors in coordinate form: where the elements stand and what they are, each a tensor. Knows no operator.

To whoever looks a sparse tensor has a shape and a dtype; its place in the graph is that of its values, so that
gradients flow to them. Primitives hand themselves to `run`, which has a rule of its own for the few that sparse tensors
take; every other one is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autodiff._core import dtypes
from autodiff._core.batched import Outline
from autodiff._core.node import Node, Storage
from autodiff._core.primitive import Primitive
from autodiff._core.tensor import AutogradMeta, Elsewhere, Tensor, alias, wrap

#: How a primitive goes by sparse tensors, by its name: of its inputs and parameters.
RULES: dict[str, Callable[..., Any]] = {}


class NoKernel(NotImplementedError, TypeError):
    """The elements of a sparse tensor were asked for; a TypeError as well, which is what the hot paths expect."""


def _refused(*_: Any, **__: Any) -> NoReturn:
    raise NoKernel("this needs every element, which a sparse tensor has not: use Tensor.to_dense() first")


class SparseOutline(Outline):
    """The geometry of a sparse tensor; whoever reads its elements is refused."""

    __slots__ = ()

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.strides = (0,) * len(shape)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in (np.shape, np.ndim, np.size) and len(args) == 1:
            return getattr(self, function.__name__)
        return _refused()


for _name, _member in list(vars(Outline).items()):
    if getattr(_member, "__name__", "") == "_refused":
        setattr(SparseOutline, _name, _refused)
SparseOutline.__array_interface__ = property(_refused)  # type: ignore[attr-defined]


class Sparse(Elsewhere):
    """A tensor of which most elements are 0: `_places` (dimensions, elements) and `_elements`, whose order is theirs.

    An element may stand there several times, and is then the sum; not so in one that is coalesced, whose places are
    sorted as well.
    """

    __slots__ = ("_coalesced", "_elements", "_places")

    _places: Tensor
    _elements: Tensor
    _coalesced: bool

    # What belongs to the graph is that of the elements.
    _node: Node | None = property(  # type: ignore[assignment]
        lambda self: self._elements._node, lambda self, node: setattr(self._elements, "_node", node)
    )
    _storage: Storage | None = property(  # type: ignore[assignment]
        lambda self: self._elements._storage, lambda self, storage: setattr(self._elements, "_storage", storage)
    )
    _meta: AutogradMeta | None = property(lambda self: self._elements._meta)  # type: ignore[assignment]

    def memory(self) -> NoReturn:
        _refused()

    def storage(self) -> Storage:
        return self._elements.storage()

    def meta(self) -> AutogradMeta:
        return self._elements.meta()

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch a leaf's recording on or off, in place."""
        self._elements.requires_grad_(requires_grad)
        return self

    @property
    def grad(self) -> Tensor | None:
        """The derivative at each place that there is, once; None until a backward pass reaches the elements."""
        grad = self._elements.grad
        if grad is None:
            return None
        return self.like(grad) if self._coalesced else once(self, grad._array)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        self._elements.grad = value._elements if isinstance(value, Sparse) else value

    def detach(self) -> Tensor:
        """The same places and elements outside the graph."""
        return self.like(alias(self._elements))

    def like(self, elements: Tensor) -> Sparse:
        """Other elements at these places."""
        return sparse(self._places, elements, self._array.shape, self._coalesced)

    def item(self) -> Any:
        """The only element as a Python number. Raises RuntimeError if there is not exactly one."""
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._elements._array.sum().item()

    def tolist(self) -> NoReturn:
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage: use to_dense() first")

    def numpy(self, *, force: bool = False) -> NoReturn:
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def run(self, p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """A primitive one of whose inputs is sparse. Raises torch's NotImplementedError where it has no rule."""
        rule = RULES.get(p.name)
        if rule is None:
            raise NotImplementedError(
                f"Could not run 'aten::{p.name}' with arguments from the 'SparseCPU' backend: use Tensor.to_dense() "
                "first"
            )
        return rule(*inputs, **params)


def sparse(places: Tensor, elements: Tensor, shape: tuple[int, ...], coalesced: bool) -> Sparse:
    """The sparse tensor with these elements at these places, which share its memory."""
    tensor: Sparse = object.__new__(Sparse)
    tensor._places, tensor._elements, tensor._coalesced = places, elements, coalesced
    tensor._array = SparseOutline(tuple(shape), elements._array.dtype)
    return tensor


def once(x: Sparse, elements: Any) -> Sparse:
    """An array's elements at the places of x, where those at one place are the same: each place once, in order."""
    _, first = np.unique(flat(x), return_index=True)
    return sparse(wrap(x._places._array[:, first]), wrap(elements[first]), x._array.shape, True)


def sparse_dims(x: Sparse) -> int:
    """How many of the dimensions, the first, are told by places."""
    return int(x._places._array.shape[0])


def flat(x: Sparse) -> Any:
    """The places as numbers, counted along the sparse dimensions in order."""
    sizes = x._array.shape[: sparse_dims(x)]
    steps = np.array([math.prod(sizes[d + 1 :]) for d in range(len(sizes))], dtypes.int64.numpy)
    return steps @ x._places._array


class Scattered:
    """The gradient of a table of which some rows were read, on its way to `.grad`: a sparse tensor's rows, as arrays.

    To NumPy it is the whole table; two of them add up without becoming one.
    """

    __slots__ = ("dtype", "rows", "shape", "values")

    def __init__(self, rows: Any, values: Any, shape: tuple[int, ...]) -> None:
        self.rows, self.values, self.shape, self.dtype = rows, values, shape, values.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        whole = np.zeros(self.shape, self.dtype)
        np.add.at(whole, self.rows, self.values)
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Scattered):
            return np.asarray(self) + other
        rows, values = np.concatenate([self.rows, other.rows]), np.concatenate([self.values, other.values])
        return Scattered(rows, values, self.shape)

    __radd__ = __add__

    def tensor(self) -> Sparse:
        """The sparse tensor with these rows, which may stand there several times."""
        return sparse(wrap(np.array(self.rows[None], np.int64)), wrap(np.array(self.values)), self.shape, False)


def rows_of(x: Sparse) -> Scattered:
    """The rows of a sparse gradient as arrays."""
    return Scattered(x._places._array[0], x._elements._array, x._array.shape)


def told(g: Any) -> Tensor:
    """A gradient of a walk that records nothing, as a tensor."""
    return g.tensor() if g.__class__ is Scattered else wrap(g)


def accumulated(held: Sparse, g: Any) -> Tensor:
    """The sum of a sparse `.grad` and what arrives, which is sparse as long as both are."""
    return told(rows_of(held) + g)
