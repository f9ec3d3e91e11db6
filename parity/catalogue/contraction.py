"""Sums of products over any dimensions."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, real

_TAME = {"above": -50, "below": 50}

# fmt: off
ROWS = [
    op("einsum", argument("equation", "equation"), argument("operands", "contracted", **_TAME), tags="exact",
       dtypes="uihfc", spellings="function"),
    op("tensordot", real("a", max_ndim=3, **_TAME), argument("b", "partner", **_TAME),
       argument("dims", "contracted_dims"), tags="exact", dtypes="uihfc", spellings="function out"),
    op("kron", real("input", max_ndim=2, **_TAME), real("other", max_ndim=2, **_TAME), tags="exact", dtypes="uihfc",
       spellings="function method out"),
    op("chain_matmul", argument("matrices", "chain", **_TAME), tags="exact", dtypes="uihfc", spellings="function"),
]
