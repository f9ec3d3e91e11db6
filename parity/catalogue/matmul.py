"""Products of matrices and vectors."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option, real

_TAME = {"above": -50, "below": 50}
_OUT = "function method out"

# fmt: off
ROWS = [
    op("matmul", real("input", min_ndim=1, **_TAME), argument("other", "factor", **_TAME), tags="exact",
       dtypes="uihfc", spellings="function method out operator"),
    op("mm", real("input", ndim=2, **_TAME), argument("mat2", "factor", ndim=2, **_TAME), tags="exact",
       dtypes="uihfc", spellings=_OUT),
    op("bmm", real("input", ndim=3, **_TAME), argument("mat2", "factor", ndim=3, **_TAME), tags="exact",
       dtypes="uihfc", spellings=_OUT),
    op("mv", real("input", ndim=2, **_TAME), argument("vec", "factor", ndim=1, **_TAME), tags="exact",
       dtypes="uihfc", spellings=_OUT),
    op("dot", real("input", ndim=1, **_TAME), argument("tensor", "factor", ndim=1, **_TAME), tags="exact",
       dtypes="uihfc", spellings=_OUT),
    op("outer", real("input", ndim=1, **_TAME), real("vec2", ndim=1, **_TAME), tags="exact", dtypes="buihfc",
       spellings=_OUT),
    op("vdot", real("input", ndim=1, **_TAME), argument("other", "factor", ndim=1, **_TAME), tags="exact",
       dtypes="uihfc", spellings=_OUT),
    op("inner", real("input", max_ndim=3, **_TAME), argument("other", "inner_factor", **_TAME), tags="exact",
       dtypes="uihfc", spellings=_OUT),
    op("trace", real("input", ndim=2, **_TAME), tags="exact", dtypes="uihfc"),
    op("nn.functional.linear", real("input", min_ndim=1, **_TAME), argument("weight", "weight", **_TAME),
       argument("bias", "bias"), tags="exact", dtypes="uihfc", spellings="function"),
    *(
        op(name, real("input1", min_ndim=1, **_TAME), argument("input2", "same_shape", **_TAME),
           argument("weight", "between", **_TAME), option("bias", "row_bias"), dtypes="f", spellings="function")
        for name in ("bilinear", "nn.functional.bilinear")
    ),
]
