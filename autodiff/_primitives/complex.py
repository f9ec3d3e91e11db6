"""Casts, conjugates and the parts of complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import parts

REAL = np.dtype("float64")

linear("to", parts.cast, lambda g, input_dtype: ops.to(g, dtype=input_dtype), node="ToCopyBackward0")
_conj = linear("conj", parts.conj, lambda g: ops.conj(g))


def _conjugate(recorded: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A real number is its own conjugate: the same object, as in torch, and nothing is recorded."""

    def conj(x: Any) -> Any:
        array = x._array if isinstance(x, Tensor) else x
        return recorded(x) if isinstance(array, complex) or getattr(array, "dtype", REAL).kind == "c" else x

    return conj


_conj.op = _conjugate(_conj.op)
# What zero_() records: the tensor stays in the graph, and nothing flows back.
linear("zero", parts.zeros_like, lambda g: ops.zeros_like(g))
# Zeros depend on nothing: they are never recorded.
general("zeros_like", parts.zeros_like, None, inputs=("input",))
