"""Products of matrices and vectors: linear in each factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.kinds import bilinear, general, linear, showing
from autodiff._core.promotion import guarded
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import contraction, einstein, geometry

# The last two dimensions exchanged, and conjugated: its own adjoint.
showing(linear("adjoint", contraction.transposed, lambda g: ops.adjoint(g)))
# The product of two matrices, of one with the adjoint of another, and of the adjoint of one with another: the gradients
# of each are products of these three forms, so that none transposes on the way.
bilinear(
    "mm",
    contraction.matmul,
    lambda g, mat2: ops._mm_with_adjoint(g, mat2),
    lambda g, input: ops._mm_of_adjoint(input, g),
)
bilinear(
    "_mm_with_adjoint",
    contraction.matmul_with_adjoint,
    lambda g, mat2: ops.mm(g, mat2),
    lambda g, input: ops._mm_of_adjoint(g, input),
    node="MmBackward0",
)
bilinear(
    "_mm_of_adjoint",
    contraction.matmul_of_adjoint,
    lambda g, mat2: ops._mm_with_adjoint(mat2, g),
    lambda g, input: ops.mm(input, g),
    node="MmBackward0",
)
# Batches broadcast; the walk sums what was repeated.
bilinear(
    "bmm",
    contraction.products,
    lambda g, mat2: ops.bmm(g, ops.adjoint(mat2)),
    lambda g, input: ops.bmm(ops.adjoint(input), g),
)
bilinear(
    "mv",
    contraction.matmul,
    lambda g, vec: ops.outer(g, ops.conj(vec)),
    lambda g, input: ops.mv(ops.adjoint(input), g),
    inputs=("input", "vec"),
)
bilinear(
    "dot",
    contraction.matmul,
    lambda g, other: g * ops.conj(other),
    lambda g, input: g * ops.conj(input),
    inputs=("input", "other"),
)
bilinear(
    "outer",
    contraction.outer,
    lambda g, other: ops.mv(g, ops.conj(other)),
    lambda g, input: ops.mv(ops.transposed(g), ops.conj(input)),
    inputs=("input", "other"),
)
showing(linear("transposed", contraction.exchanged, lambda g: ops.transposed(g)))


def _times(g: Any, number: Any) -> Any:
    return g if number == 1 else ops.scaled(g, number=number)


for _name in ("addmm", "baddbmm"):
    general(
        _name,
        contraction.addmm,
        lambda g, beta: _times(g, beta),
        lambda g, mat2, alpha: _times(ops.bmm(g, ops.adjoint(mat2)), alpha),
        lambda g, mat1, alpha: _times(ops.bmm(ops.adjoint(mat1), g), alpha),
        inputs=("input", "mat1", "mat2"),
    )
general(
    "addmv",
    contraction.addmm,
    lambda g, beta: _times(g, beta),
    lambda g, vec, alpha: _times(ops.outer(g, ops.conj(vec)), alpha),
    lambda g, mat, alpha: _times(ops.mv(ops.adjoint(mat), g), alpha),
    inputs=("input", "mat", "vec"),
)


def _each(g: Any, batches: Any) -> Any:
    """The gradient of a sum of products, for each of them."""
    return ops.expand(g, shape=(batches.shape[0], *g.shape))


general(
    "addbmm",
    contraction.addbmm,
    lambda g, beta: _times(g, beta),
    lambda g, batch2, alpha: _times(ops.bmm(_each(g, batch2), ops.adjoint(batch2)), alpha),
    lambda g, batch1, alpha: _times(ops.bmm(ops.adjoint(batch1), _each(g, batch1)), alpha),
    inputs=("input", "batch1", "batch2"),
)
general(
    "addr",
    contraction.addr,
    lambda g, beta: _times(g, beta),
    lambda g, vec2, alpha: _times(ops.mv(g, ops.conj(vec2)), alpha),
    lambda g, vec1, alpha: _times(ops.mv(ops.transposed(g), ops.conj(vec1)), alpha),
    inputs=("input", "vec1", "vec2"),
)
general(
    "vdot",
    contraction.vdot,
    lambda g, other: ops.conj(g) * other,
    lambda g, input: g * input,
    inputs=("input", "other"),
)
linear(
    "trace",
    contraction.trace,
    lambda g, input_shape: ops.embed_diagonal(
        ops.expand(g, shape=(min(input_shape),)), shape=input_shape, offset=0, dim1=0, dim2=1
    ),
)
# Rows of a product of flattened batches, back in their shape.
linear(
    "unflattened",
    geometry.reshape,
    lambda g, input_shape: ops.reshape_to(g, shape=input_shape),
    node="UnsafeViewBackward0",
)

# -- linear layers ------------------------------------------------------------------------------------------------
general(
    "linear",
    contraction.linear,
    lambda g, weight: ops.mm(g, ops.conj(weight)),
    lambda g, input: ops.mm(ops.transposed(g), ops.conj(input)),
    inputs=("input", "weight"),
    node="MmBackward0",
).turned = frozenset([1])
general(
    "linear_with_bias",
    contraction.linear_with_bias,
    lambda g: g,
    lambda g, weight: ops.mm(g, ops.conj(weight)),
    lambda g, input: ops.mm(ops.transposed(g), ops.conj(input)),
    inputs=("bias", "input", "weight"),
    node="AddmmBackward0",
).turned = frozenset([2])

# -- Einstein's sums ----------------------------------------------------------------------------------------------


def _contraction_back(g: Any, inputs: Any, shapes: Any, terms: Any, result: Any, shape: Any) -> list[Any]:
    """Each factor's gradient is a contraction of g with the other factors, laid out as that factor is."""
    grads: list[Any] = []
    for i, (term, own) in enumerate(zip(terms, shapes)):
        if any(x is None for j, x in enumerate(inputs) if j != i):
            grads.append(None)
            continue
        others = [ops.conj(x) for j, x in enumerate(inputs) if j != i]
        labels = (result, *(t for j, t in enumerate(terms) if j != i))
        grads.append(ops.contraction(g, *others, terms=labels, result=term, shape=own))
    return grads


general("contraction", einstein.contraction, _contraction_back, variadic=True, node="EinsumBackward0")


def _trilinear(input1: Any, weight: Any, input2: Any) -> Any:
    """Two by two, from the left, as torch; its order shows where infinities meet zeros, in the gradients too."""
    return ops.einsum("...kj,...j->...k", ops.einsum("...i,kij->...kj", input1, weight), input2)


def _half(equation: str, a: Any, b: Any, saved: Any) -> Any:
    """The first two of three factors; torch saves the factors, so that to write to one is noticed here too."""
    half = ops.einsum(equation, a, b)
    return guarded(half, saved) if isinstance(half, Tensor) and isinstance(saved, Tensor) else half


def _to_input1(g: Any, weight: Any, input2: Any) -> Any:
    """Output by output where an infinity takes part, as torch adds; the outputs at once where nothing tells."""
    if all(np.isfinite(getattr(x, "_array", x)).all() for x in (g, weight, input2)):
        return ops.einsum("...ij,...j->...i", _half("...k,kij->...ij", g, weight, weight), input2)
    each = ops.einsum("...kij,...j->...ki", _half("...k,kij->...kij", g, weight, weight), input2)
    return ops.sum(each, dims=(1,), keepdim=False)


general(
    "trilinear",
    _trilinear,
    _to_input1,
    lambda g, input1, input2: ops.einsum("...ik,...j->kij", _half("...i,...k->...ik", input1, g, input1), input2),
    lambda g, input1, weight: ops.einsum("...kj,...k->...j", _half("...i,kij->...kj", input1, weight, input1), g),
    inputs=("input1", "weight", "input2"),
).sparing = True
