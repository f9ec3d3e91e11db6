"""Sparse tensors as programs see them: made, asked, printed; and what strided tensors answer to the same questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.geometry import sparse_coo
from autodiff._core.registry import ops
from autodiff._core.sparse import Sparse, sparse, sparse_dims
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.sparse import coalesced, dense, from_dense, masked
from autodiff._functions.values import copied
from autodiff._surface.printing import text


def sparse_coo_tensor(
    indices: Any = None,
    values: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> Tensor:
    """A sparse tensor: `values` (elements, …) at the places `indices` (dimensions, elements); a size alone is zeros.

    Without a size it is the smallest that holds all places. Raises RuntimeError for places outside of it, which torch
    only looks at with `check_invariants`.
    """
    arguments.check_device(device)
    target = arguments.numpy_dtype(dtype)
    if values is None:
        size = tuple(indices if size is None else size)
        elements = wrap(np.zeros(0, target or dtypes.Default.real))
        places = wrap(np.zeros((len(size), 0), np.int64))
    else:
        elements = values if isinstance(values, Tensor) else wrap(np.asarray(copied(values, target)))
        if target is not None and elements._array.dtype != target:
            elements = ops.to(elements, dtype=target)
        given = indices._array if isinstance(indices, Tensor) else np.asarray(copied(indices, None))
        places = wrap(np.asarray(given, np.int64))
    array, count = places._array, elements._array.shape[0] if elements._array.ndim else 1
    if array.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(array.shape)}")
    if array.shape[1] != count:
        raise RuntimeError(
            "indices and values must have same nnz, but got nnz from indices: "
            f"{array.shape[1]}, nnz from values: {count}"
        )
    behind = elements._array.shape[1:]
    if size is None:
        size = (*(array.max(1) + 1 if array.shape[1] else np.zeros(array.shape[0], int)).tolist(), *behind)
    size = tuple(int(n) for n in size)
    if len(size) != array.shape[0] + len(behind):
        raise RuntimeError(
            f"'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = {len(size)}, sparse_dim = "
            f"{array.shape[0]}, dense_dim = {len(behind)}"
        )
    for dim, row in enumerate(array):
        if row.size and row.min() < 0:
            raise RuntimeError(f"found negative index {row.min()} for dim {dim}")
        if row.size and row.max() >= size[dim]:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {dim}, size is {size[dim]} but found index {row.max()}"
            )
    elements = ops.alias(elements)
    found = sparse(places, elements, size, bool(is_coalesced) or (values is None))
    return found.requires_grad_() if requires_grad and elements._node is None else found


def spmm(input: Tensor, mat2: Tensor) -> Tensor:
    """`mm`, by the name that it has for sparse matrices."""
    return input.mm(mat2)  # type: ignore[attr-defined,no-any-return]


def sspaddmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`beta · input + alpha · (mat1 @ mat2)` as a sparse matrix, of sparse ones and a dense mat2."""
    _need_sparse("sspaddmm", input, mat1)
    found = from_dense(mat1.mm(mat2), 2)  # type: ignore[attr-defined]
    return input * beta + found * alpha  # type: ignore[operator,no-any-return]


def smm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix with a dense one as a sparse matrix."""
    _need_sparse("sspaddmm", input)
    return from_dense(input.mm(mat2), 2)  # type: ignore[attr-defined]


def hspmm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix with a dense one as the rows that are not all 0."""
    _need_sparse("hspmm", mat1)
    return from_dense(mat1.mm(mat2), 1)  # type: ignore[attr-defined]


def dsmm(input: Tensor, mat2: Tensor) -> Tensor:
    """`mm`, by one of its names of old."""
    return spmm(input, mat2)


def hsmm(input: Tensor, mat2: Tensor) -> Tensor:
    """`hspmm`, by its name of old."""
    return hspmm(input, mat2)


def saddmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`sspaddmm`, by its name of old."""
    return sspaddmm(input, mat1, mat2, beta=beta, alpha=alpha)


def _need_sparse(name: str, *given: Tensor) -> None:
    if not all(isinstance(x, Sparse) for x in given):
        raise RuntimeError(f"tensor.{name}(...) can only be called on sparse tensors: use Tensor.to_sparse() first")


# -- what a sparse tensor answers ----------------------------------------------------------------------------


def _of_coalesced(name: str, slot: str) -> Callable[[Tensor], Tensor]:
    def method(self: Tensor) -> Tensor:
        if not isinstance(self, Sparse):
            kind = "sparse tensor layout" if name == "values" else "sparse coordinate tensor layout"
            raise RuntimeError(f"{name} expected {kind} but got Strided")
        if not self._coalesced:
            raise RuntimeError(f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first")
        return ops.alias(getattr(self, slot))  # type: ignore[no-any-return]

    method.__name__ = name
    method.__doc__ = f"The {name} of a sparse tensor that is coalesced. Raises RuntimeError for any other tensor."
    return method


def _told(name: str, answer: Callable[[Sparse], Any], sentence: str) -> Callable[[Tensor], Any]:
    def method(self: Tensor) -> Any:
        if not isinstance(self, Sparse):
            raise RuntimeError(f"{name} expected sparse coordinate tensor layout but got Strided")
        return answer(self)

    method.__name__ = name
    method.__doc__ = f"{sentence} Raises RuntimeError for a tensor that is not sparse."
    return method


def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
    """Every element of a sparse tensor, zeros among them; any other tensor itself."""
    found = dense(self) if isinstance(self, Sparse) else self
    return found if dtype is None else found.to(dtype)  # type: ignore[attr-defined,no-any-return]


def to_sparse(
    self: Tensor, sparse_dim: int | None = None, *, layout: Any = None, blocksize: Any = None, dense_dim: Any = None
) -> Tensor:
    """The elements that are not 0, in coordinate form, over the first `sparse_dim` dimensions; all if None.

    Raises NotImplementedError for another layout.
    """
    if layout not in (None, sparse_coo) or blocksize is not None:
        raise NotImplementedError(f"to_sparse: the layout is {sparse_coo} here, and no other")
    if isinstance(self, Sparse):
        return self
    ahead = self._array.ndim - (dense_dim or 0) if sparse_dim is None else sparse_dim
    return from_dense(self, ahead)


def to_sparse_coo(self: Tensor) -> Tensor:
    """`to_sparse`, by its layout's name."""
    return to_sparse(self)


def sparse_dim(self: Tensor) -> int:
    """How many dimensions, the first, a sparse tensor tells by places; 0 of any other tensor."""
    return sparse_dims(self) if isinstance(self, Sparse) else 0


def dense_dim(self: Tensor) -> int:
    """How many dimensions, the last, the values of a sparse tensor have; all of any other tensor."""
    return int(self._array.ndim) - sparse_dim(self)


def sparse_mask(self: Tensor, mask: Tensor) -> Tensor:
    """The elements at the places of a sparse tensor."""
    if not isinstance(mask, Sparse):
        raise RuntimeError("sparse_mask expected a sparse mask but got Strided")
    return masked(self, mask)


METHODS = {
    "indices": _of_coalesced("indices", "_places"),
    "values": _of_coalesced("values", "_elements"),
    "coalesce": _told("coalesce", coalesced, "Each place once, in order, its elements summed."),
    "is_coalesced": _told("is_coalesced", lambda x: x._coalesced, "Whether each place stands there once, in order."),
    "_indices": _told("_indices", lambda x: x._places.detach(), "The places as they are."),
    "_values": _told("_values", lambda x: x._elements.detach(), "The elements as they are, outside the graph."),
    "_nnz": _told("_nnz", lambda x: x._places._array.shape[1], "How many elements there are, zeros among them."),
    "to_dense": to_dense,
    "to_sparse": to_sparse,
    "to_sparse_coo": to_sparse_coo,
    "sparse_dim": sparse_dim,
    "dense_dim": dense_dim,
    "sparse_mask": sparse_mask,
    "smm": smm,
    "sspaddmm": sspaddmm,
}
#: What needs no element of the others, and says so of a sparse tensor.
OWN: dict[str, Any] = {
    "layout": property(lambda self: sparse_coo),
    "is_sparse": property(lambda self: True),
    "is_contiguous": lambda self, memory_format=None: False,
}


def shown(self: Sparse) -> str:
    """A sparse tensor as torch's repr."""
    indent = " " * 7
    lines = [_part("indices", self._places, indent), _part("values", self._elements.detach(), indent)]
    remarks = f"size={self._array.shape}, nnz={self._places._array.shape[1]}"
    usual = (dtypes.Default.real, dtypes.Default.imaginary(), dtypes.int64.numpy, dtypes.bool_.numpy)
    parts = [remarks]
    if self._array.dtype not in usual:
        parts.append(f"dtype={self.dtype}")
    parts.append("layout=torch.sparse_coo")
    node = self.grad_fn
    if node is not None:
        parts.append(f"grad_fn=<{node.name()}>")
    elif self.requires_grad:
        parts.append("requires_grad=True")
    last = indent + parts[0]
    for part in parts[1:]:
        # torch counts from the line's beginning, and breaks it where the next part would reach beyond 80.
        broken = len(last) - last.rfind("\n") - 1 + 2 + len(part) > 80
        last += f",\n{indent}{part}" if broken else f", {part}"
    return f"tensor({lines[0]},\n{indent}{lines[1]},\n{last})"


def _part(name: str, x: Tensor, indent: str) -> str:
    head = f"{name}=tensor("
    body = text(x, len(indent) + len(name) + 1)
    if not x._array.size:
        return f"{name}=tensor([], size={tuple(x._array.shape)})"
    # A tensor alone says its dtype, which stands at the end here.
    body = body.removesuffix(f", dtype={x.dtype})").removesuffix(")") + ")"
    return body.replace("tensor(", head, 1)


def attach() -> None:
    """Give Tensor its questions, and sparse ones their answers."""
    for name, member in METHODS.items():
        setattr(Tensor, name, member)
    for name, member in OWN.items():
        setattr(Sparse, name, member)
    Sparse.__repr__ = Sparse.__str__ = shown  # type: ignore[method-assign,assignment]


def names() -> dict[str, Callable[..., Any]]:
    """What the root namespace has of them."""
    return {f.__name__: f for f in (sparse_coo_tensor, spmm, dsmm, hsmm, hspmm, saddmm, smm, sspaddmm)}
