"""torch.sparse: products, sums and softmax of sparse matrices, and the types' names for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.geometry import sparse_coo
from autodiff._core.registry import ops
from autodiff._core.sparse import Sparse
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions import sparse as _sparse
from autodiff._functions.reduce import sum as _sum
from autodiff._surface.legacy import tensortype, types
from autodiff._surface.sparse import sparse_coo_tensor

__all__ = ["addmm", "log_softmax", "mm", "softmax", "spdiags", "sum"]


def mm(sparse: Tensor, dense: Tensor) -> Tensor:
    """The product of a sparse matrix with a dense one, or with another sparse one, which is sparse then.

    Gradients flow to the elements that there are, and to the dense matrix.
    """
    a, b = sparse._array.shape, dense._array.shape
    if len(a) == len(b) == 2 and a[1] != b[0] and isinstance(sparse, Sparse):
        raise RuntimeError(f"addmm: Argument #3 (dense): Expected dim 0 size {a[1]}, got {b[0]}")
    return sparse.mm(dense)  # type: ignore[attr-defined,no-any-return]


def spdiags(diagonals: Tensor, offsets: Tensor, shape: Any, layout: Any = None) -> Tensor:
    """A sparse matrix with these rows as diagonals: that of offset k at [i, i + k], its number for column i + k.

    Gradients flow to the rows, which torch has no derivative for.
    """
    rows = diagonals.unsqueeze(0) if diagonals.dim() == 1 else diagonals  # type: ignore[attr-defined]
    if rows.dim() != 2:
        raise RuntimeError("Diagonals must be vector or matrix")
    if len(shape) != 2:
        raise RuntimeError("Output shape must be 2d")
    where = offsets._array.reshape(-1)
    if offsets._array.ndim > 1:
        raise RuntimeError("Offsets must be scalar or vector")
    if where.dtype != np.int64:
        raise RuntimeError(f"Offset Tensor must have dtype Long but got {dtypes.title(where.dtype)}")
    if len(where) != rows.shape[0]:
        raise RuntimeError(f"Number of diagonals ({rows.shape[0]}) does not match the number of offsets ({len(where)})")
    if len(np.unique(where)) != len(where):
        raise RuntimeError("Offset tensor contains duplicate values")
    if layout not in (None, sparse_coo):
        raise RuntimeError(
            f"Only output layouts (Sparse, SparseCsc, SparseCsr) are supported, got {layout}: here Sparse"
        )
    height, width = shape
    columns = [np.arange(max(k, 0), min(width, height + k, rows.shape[1])) for k in where.tolist()]
    places = np.concatenate([np.stack([c - k, c]) for k, c in zip(where, columns)], 1) if columns else np.zeros((2, 0))
    which = np.repeat(np.arange(len(where)), [len(c) for c in columns])
    at = wrap(np.asarray(places, np.int64))
    return sparse_coo_tensor(at, rows[wrap(which), at[1]], (height, width))  # type: ignore[index]


def addmm(mat: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1.0, alpha: Any = 1.0) -> Tensor:
    """`beta · mat + alpha · (mat1 @ mat2)`, mat1 a sparse matrix."""
    return ops.add(ops.mul(mat, beta), ops.mul(mm(mat1, mat2), alpha))  # type: ignore[no-any-return]


def sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """The sum of the elements; along some of the dimensions a sparse tensor, unless none of its places are left."""
    if dtype is not None:
        input = input.to(dtype)  # type: ignore[attr-defined]
    return _sum(input) if dim is None else _sum(input, dim)


def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Softmax over the elements that there are along one dimension; what is not there has no share."""
    return _soft(input, dim, dtype, log=False)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`."""
    return _soft(input, dim, dtype, log=True)


def _soft(input: Tensor, dim: int, dtype: Any, log: bool) -> Tensor:
    given = input if dtype is None else input.to(dtype)  # type: ignore[attr-defined]
    if not isinstance(given, Sparse):
        raise RuntimeError("softmax: expected a sparse tensor; of a dense one softmax is in nn.functional")
    return _sparse.softmax(given, dim, log)


class _SparseType(tensortype):
    """The type of torch's type names of sparse tensors."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Sparse) and instance.dtype is cls.dtype

    def __call__(cls, *args: Any, **given: Any) -> Tensor:
        if args and all(isinstance(n, int) for n in args):
            return sparse_coo_tensor(args, dtype=cls.dtype, **given)
        return sparse_coo_tensor(*args, dtype=cls.dtype, **given)


for _name, _kind in types("torch.sparse").items():
    _told = {"dtype": _kind.dtype, "is_cuda": False, "is_sparse": True, "__module__": "torch.sparse"}
    globals()[_name] = _SparseType(
        _name, (), _told | {"__doc__": f"Sparse tensors of {dtypes.title(_kind.dtype.numpy)}."}
    )
