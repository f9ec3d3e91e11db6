"""Casts, conjugates, and complex numbers taken apart and put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.kinds import general, linear, showing
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import layout, parts

REAL = np.dtype("float64")

linear("to", parts.cast, lambda g, input_dtype: ops.to(g, dtype=input_dtype), node="ToCopyBackward0").copies = True
linear(
    "to_format",
    lambda x, dtype, name: layout.formatted(parts.cast(x, dtype), name),
    lambda g, input_dtype: ops.to(g, dtype=input_dtype),
    node="ToCopyBackward0",
).copies = True
# What an operator does to an operand before it computes.
linear(
    "promoted", parts.cast, lambda g, input_dtype: ops.to(g, dtype=input_dtype), node="ToCopyBackward0"
).hidden = True
_conj = showing(linear("conj", parts.conj, lambda g: ops.conj(g)))


def _conjugate(recorded: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A real number is its own conjugate: the same object, as in torch, and nothing is recorded."""

    def conj(x: Any) -> Any:
        if x.__class__ is np.ndarray and x.dtype.kind == "f":
            return x
        array = x._array if isinstance(x, Tensor) else x
        return recorded(x) if isinstance(array, complex) or getattr(array, "dtype", REAL).kind == "c" else x

    return conj


_conj.op = _conjugate(_conj.op)
# What zero_() records: the tensor stays in the graph, and nothing flows back.
linear("zero", parts.zeros_like, lambda g: ops.zeros_like(g))
# Zeros depend on nothing: they are never recorded.
general("zeros_like", parts.zeros_like, None, inputs=("input",))
for number in range(2):  # torch numbers the form that writes in place 1
    linear(f"conj_physical{number}", parts.conj, lambda g: ops.conj(g), node=f"ConjPhysicalBackward{number}")

# -- parts --------------------------------------------------------------------------------------------------------


def _in_order(g: Any) -> Any:
    """The gradient in memory in order: as torch has it before it looks at the parts of its numbers."""
    return g if getattr(g, "_array", g).flags.c_contiguous else ops.contiguous(g)


linear("view_as_real", parts.view_as_real, lambda g: ops.view_as_complex(_in_order(g)), view=True)
linear("view_as_complex", parts.view_as_complex, lambda g: ops.view_as_real(_in_order(g)), view=True)
# The walk casts to the operand's real dtype, which takes the real part.
general("complex", parts.complex_of, lambda g, real: g, lambda g, imag: g * -1j, inputs=("real", "imag"))
general(
    "polar",
    parts.polar,
    lambda g, out: g * ops.conj(ops.sgn(out)),
    lambda g, out: g * ops.conj(out * 1j),
    inputs=("abs", "angle"),
)
# At right angles to the number, divided twice by its size, whose square may overflow or vanish.
general(
    "angle_of_complex",
    parts.angle,
    lambda g, input: ops.where(input == 0, 0, g * 1j * (input / ops.abs(input)) / ops.abs(input)),
    inputs=("input",),
    node="AngleBackward0",
)
general("angle_of_real", parts.angle, lambda g, input: ops.zeros_like(g), inputs=("input",), node="AngleBackward0")
