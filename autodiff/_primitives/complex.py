"""Casts, conjugates and the parts of complex numbers."""

from __future__ import annotations

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._kernels import parts

linear("to", parts.cast, lambda g, input_dtype: ops.to(g, dtype=input_dtype), node="ToCopyBackward0")
linear("conj", parts.conj, lambda g: ops.conj(g))
# Zeros depend on nothing: they are never recorded.
general("zeros_like", parts.zeros_like, None, inputs=("input",))
