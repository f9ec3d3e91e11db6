"""Norms of matrices and their condition."""

from __future__ import annotations

import math

from parity.catalogue.arguments import argument, choice, op

_MATRIX = argument("input", "matrix", form="any", apart=True)
_ORDERS = (1, -1, 2, -2, math.inf, -math.inf)

# fmt: off
ROWS = [
    op("linalg.matrix_norm", _MATRIX, choice("ord", *_ORDERS, "fro", "nuc"), choice("keepdim", True, False),
       dtypes="fc", spellings="function", note="order ±2 and nuclear by singular values"),
    op("linalg.norm", _MATRIX, choice("ord", *_ORDERS, "fro", "nuc"), choice("dim", (-2, -1), needed=True),
       choice("keepdim", True, False), dtypes="fc", spellings="function"),
    op("linalg.cond", argument("input", "matrix", form="square", apart=True),
       choice("p", 2, -2, "nuc"), dtypes="fc", spellings="function",
       note="other orders have no gradient in torch 2.13, which writes over the inverse that it saved"),
]
