"""Forward lines of eigenvalues and singular values. Vectors are free by a factor: of them nothing is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth import matrices
from parity.truth.balls import arb
from parity.truth.matrices import each
from parity.truth.table import forward, line


def _unknown(*shape: int) -> Array:
    return np.full(shape, arb.nan(), object)


def _eigenvalues(a: Array) -> Array:
    return each(lambda m: matrices.spectrum(matrices.hermitian(m)), a)  # type: ignore[no-any-return]


line("linalg.eigvalsh", lambda input, UPLO="L": _eigenvalues(input))
line("linalg.eigh", lambda input, UPLO="L": (_eigenvalues(input), _unknown(*input.shape)))


@forward("linalg.svd")
def _(A: Array, full_matrices: bool = True) -> Any:
    *batch, rows, columns = A.shape
    rank = min(rows, columns)
    first, last = (rows, columns) if full_matrices else (rank, rank)
    return _unknown(*batch, rows, first), each(matrices.singular_values, A), _unknown(*batch, last, columns)


@forward("svd")
def _(input: Array) -> Any:
    *batch, rows, columns = input.shape
    rank = min(rows, columns)
    return _unknown(*batch, rows, rank), each(matrices.singular_values, input), _unknown(*batch, columns, rank)


line("linalg.svdvals", lambda A: each(matrices.singular_values, A))
