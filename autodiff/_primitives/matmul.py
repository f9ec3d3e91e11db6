"""Products of matrices and vectors: linear in each factor."""

from __future__ import annotations

from autodiff._core.kinds import bilinear, general, linear
from autodiff._core.registry import ops
from autodiff._kernels import contraction

# The last two dimensions exchanged, and conjugated: its own adjoint.
linear("adjoint", contraction.transposed, lambda g: ops.adjoint(g))
bilinear(
    "mm",
    contraction.matmul,
    lambda g, mat2: ops.mm(g, ops.adjoint(mat2)),
    lambda g, input: ops.mm(ops.adjoint(input), g),
)
# Batches broadcast; the walk sums what was repeated.
bilinear(
    "bmm",
    contraction.matmul,
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
linear("transposed", contraction.exchanged, lambda g: ops.transposed(g))
general(
    "addmm",
    contraction.addmm,
    lambda g, beta: g * beta,
    lambda g, mat2, alpha: ops.bmm(g, ops.adjoint(mat2)) * alpha,
    lambda g, mat1, alpha: ops.bmm(ops.adjoint(mat1), g) * alpha,
    inputs=("input", "mat1", "mat2"),
)
