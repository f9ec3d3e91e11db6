"""Eigenvalues and singular values, with their vectors."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op

_COLUMNS, _ROWS = -2, -1

# fmt: off
ROWS = [
    op("linalg.eigh", argument("input", "matrix", form="hermitian"), choice("UPLO", "L", "U"), dtypes="fc",
       spellings="function", gauge={1: _COLUMNS}, note="vectors are defined up to a phase"),
    op("linalg.eigvalsh", argument("input", "matrix", form="hermitian"), choice("UPLO", "L", "U"), dtypes="fc",
       spellings="function out"),
    op("linalg.svd", argument("A", "matrix", form="any", apart=True),
       argument("full_matrices", "whole", free=1, both=True),
       dtypes="fc", spellings="function", gauge={0: _COLUMNS, 2: _ROWS}, note="vectors are defined up to a phase"),
    op("linalg.svdvals", argument("A", "matrix", form="any", apart=True), dtypes="fc", spellings="function out"),
    op("svd", argument("input", "matrix", form="any", apart=True), dtypes="fc",
       gauge={0: _COLUMNS, 2: _COLUMNS}, note="vectors are defined up to a phase"),
]
