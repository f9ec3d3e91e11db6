"""torch.distributions.utils: parameters brought to one shape, chances and their logits, properties computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.modes import enable_grad
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.shape import broadcast_tensors
from autodiff._functions.values import tensor

euler_constant = 0.57721566490153286060
Number = (int, float, complex, np.number)


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Tensors of one shape; numbers take the first tensor's dtype. Raises ValueError for anything else."""
    if not all(isinstance(v, (Tensor, *Number)) for v in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    like: Any = next((v for v in values if isinstance(v, Tensor)), None)
    dtype = dtypes.OF_NUMPY[dtypes.Default.real] if like is None else like.dtype
    return tuple(broadcast_tensors(*[v if isinstance(v, Tensor) else tensor(v, dtype=dtype) for v in values]))


def limits(x: Any) -> Any:
    """What its dtype can hold."""
    return np.finfo(x._array.dtype)


def clamp_probs(probs: Any) -> Any:
    """Chances away from 0 and 1 by a rounding."""
    eps = float(limits(probs).eps)
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """Chances: of each by itself, or of classes along the last dimension."""
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """The logarithms of chances, or of their odds."""
    safe = clamp_probs(probs)
    return safe.log() - (-safe).log1p() if is_binary else safe.log()


class lazy_property:
    """A method that is run when its value is first asked for, with gradients on; then an attribute."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        self.__doc__, self.__name__ = wrapped.__doc__, wrapped.__name__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.__name__, value)
        return value


def vec_to_tril_matrix(vec: Any, diag: int = 0) -> Any:
    """A lower triangle filled row by row from the last dimension."""
    count = vec.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if n % 1 > limits(vec).eps:
        raise ValueError(
            f"The size of last dimension is {count} which cannot be expressed as the lower triangular part of a square "
            "D x D matrix."
        )
    found = vec.new_zeros((*vec.shape[:-1], round(n), round(n)))
    rows, columns = np.tril_indices(round(n), diag)
    found[..., rows.tolist(), columns.tolist()] = vec
    return found


def tril_matrix_to_vec(mat: Any, diag: int = 0) -> Any:
    """The lower triangle row by row. Raises ValueError for a diagonal that is none."""
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = np.tril_indices(n, diag)
    return mat[..., rows.tolist(), columns.tolist()]


def sum_rightmost(value: Any, dim: int) -> Any:
    """Added up over so many last dimensions."""
    return value if dim == 0 else value.reshape((*tuple(value.shape[:-dim]), -1)).sum(-1)


def standard_normal(shape: Any, like: Any) -> Any:
    """Drawn from N(0, 1), in the dtype of `like`."""
    return ops.normal(ops.zeros(tuple(shape), dtype=like.dtype), ops.ones(tuple(shape), dtype=like.dtype))
