"""Diagonals and triangles of matrices."""

from __future__ import annotations

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._kernels import geometry

linear(
    "diagonal",
    geometry.diagonal,
    lambda g, input_shape, offset, dim1, dim2: ops.embed_diagonal(
        g, shape=input_shape, offset=offset, dim1=dim1, dim2=dim2
    ),
    view=True,
)
linear(
    "embed_diagonal",
    geometry.embed_diagonal,
    lambda g, offset, dim1, dim2: ops.diagonal(g, offset=offset, dim1=dim1, dim2=dim2),
)
linear(
    "diagonal_copy",
    geometry.diagonal_copy,
    lambda g, input_shape, offset, dim1, dim2: ops.embed_diagonal(
        g, shape=input_shape, offset=offset, dim1=dim1, dim2=dim2
    ),
    node="DiagonalBackward0_copy",
)
linear(
    "diag_embed",
    geometry.embed_diagonal,
    lambda g, offset, dim1, dim2: ops.diagonal(g, offset=offset, dim1=dim1, dim2=dim2),
)
general(
    "diagonal_scatter",
    geometry.diagonal_written,
    lambda g, offset, dim1, dim2: ops.diagonal_scatter(g, 0, offset=offset, dim1=dim1, dim2=dim2),
    lambda g, offset, dim1, dim2: ops.diagonal(g, offset=offset, dim1=dim1, dim2=dim2),
    inputs=("input", "src"),
)
linear("triu", geometry.triu, lambda g, diagonal: ops.triu(g, diagonal=diagonal))
linear("tril", geometry.tril, lambda g, diagonal: ops.tril(g, diagonal=diagonal))
