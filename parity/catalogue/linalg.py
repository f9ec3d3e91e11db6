"""Determinants, powers, exponentials and products of matrices and vectors."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option, real

_OUT = "function out"
_TAME = {"above": -50, "below": 50}
_POWERS = (0, 1, 2, 3, 4, 5, -1, -2)

# fmt: off
ROWS = [
    op("linalg.det", argument("A", "matrix", form="square", singular=True), dtypes="fc", spellings=_OUT,
       note="of a singular matrix torch's gradient is 0, the cofactors are not"),
    op("det", argument("input", "matrix", form="square", singular=True), dtypes="fc"),
    op("linalg.slogdet", argument("A", "matrix", form="square", singular="constant"), dtypes="fc",
       spellings="function"),
    op("slogdet", argument("input", "matrix", form="square"), dtypes="fc"),
    op("logdet", argument("input", "matrix", form="square"), dtypes="fc"),
    op("linalg.matrix_power", argument("input", "matrix", form="square"), argument("n", "power", values=_POWERS),
       dtypes="fc", spellings=_OUT),
    op("matrix_power", argument("input", "matrix", form="square"), argument("n", "power", values=_POWERS),
       dtypes="fc", spellings="function method out"),
    op("linalg.matrix_exp", argument("input", "matrix", form="square", scales=(1.0, 0.01, 2.5, 8.0)), dtypes="fc",
       spellings="function"),
    op("matrix_exp", argument("input", "matrix", form="square", scales=(1.0, 0.01, 2.5, 8.0)), dtypes="fc"),
    op("linalg.matrix_rank", argument("input", "matrix", form="any", singular=True), choice("rtol", 1e-3, 0.5),
       choice("atol", 1e-3, 0.5), dtypes="fc", tags="discrete", orders=0, spellings=_OUT),
    op("linalg.vander", real("x", min_ndim=1, **_TAME), choice("N", 2, 3, 4), dtypes="ifc", spellings="function"),
    op("linalg.vecdot", real("x", min_ndim=1, **_TAME), argument("y", "same_shape"), option("dim", "dim"), dtypes="hfc",
       spellings=_OUT),
    op("linalg.multi_dot", argument("tensors", "chained", **_TAME), dtypes="fc", spellings=_OUT),
    op("linalg.cross", argument("input", "threes", **_TAME), argument("other", "same_shape"), option("dim", "dim"),
       tags="exact", dtypes="uihfc", spellings=_OUT),
    op("cross", argument("input", "threes", **_TAME), argument("other", "same_shape"), option("dim", "dim"),
       tags="exact", dtypes="uihfc", spellings="function method out"),
    op("linalg.diagonal", real("A", min_ndim=2), choice("offset", 0, 1, -1), tags="view exact", dtypes="buihfc",
       spellings="function"),
]
