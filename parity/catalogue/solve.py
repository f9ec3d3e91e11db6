"""Linear systems: solutions, inverses, least squares."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op

_OUT = "function out"
_METHOD = "function method out"

# fmt: off
ROWS = [
    op("linalg.inv", argument("A", "matrix", form="square"), dtypes="fc", spellings=_OUT),
    op("inverse", argument("input", "matrix", form="square"), dtypes="fc", spellings=_METHOD),
    op("linalg.inv_ex", argument("A", "matrix", form="square"), choice("check_errors", False, True), dtypes="fc",
       spellings="function"),
    op("linalg.tensorinv", argument("input", "matrix", form="square", ndim=2), choice("ind", 1, needed=True),
       dtypes="fc", spellings=_OUT),
    op("linalg.solve", argument("A", "matrix", form="square"),
       argument("B", "sides", vectors=True, batches=True, late=True), choice("left", True, False), dtypes="fc",
       spellings=_OUT),
    op("linalg.solve_ex", argument("A", "matrix", form="square"),
       argument("B", "sides", vectors=True, batches=True, late=True), choice("left", True, False),
       choice("check_errors", False, True), dtypes="fc", spellings="function"),
    op("linalg.tensorsolve", argument("input", "matrix", form="square", ndim=2),
       argument("other", "sides", vectors=True), dtypes="fc", spellings=_OUT),
    op("linalg.lu_solve", argument("LU", "matrix", form="lower"), argument("pivots", "exchanges"),
       argument("B", "sides", late=True), choice("left", True, False), choice("adjoint", False, True), dtypes="fc",
       spellings="function", note="from the right torch fills out= and returns another tensor"),
    op("linalg.solve_triangular", argument("input", "matrix", form="lower"),
       argument("B", "sides", batches=True, late=True), choice("upper", False, True, needed=True),
       choice("left", True, False), choice("unitriangular", False, True), dtypes="fc", spellings=_OUT),
    op("cholesky_inverse", argument("input", "matrix", form="factor"), argument("upper", "which"), dtypes="fc",
       spellings=_METHOD),
    op("cholesky_solve", argument("input", "sides", late=True), argument("input2", "matrix", form="factor"),
       argument("upper", "which"), dtypes="fc", spellings=_METHOD),
    op("lu_solve", argument("input", "sides", late=True), argument("LU_data", "matrix", form="lower"),
       argument("LU_pivots", "exchanges"), dtypes="fc", spellings=_METHOD),
    op("triangular_solve", argument("input", "sides", late=True), argument("A", "matrix", form="lower"),
       choice("upper", False, True), choice("transpose", False, True), choice("unitriangular", False, True),
       dtypes="fc"),
    op("linalg.pinv", argument("input", "matrix", form="any"), choice("rtol", 1e-4), choice("atol", 1e-3), dtypes="fc",
       spellings=_OUT),
    op("pinverse", argument("input", "matrix", form="any"), dtypes="fc"),
    op("linalg.lstsq", argument("input", "matrix", form="any"), argument("b", "sides", vectors=True),
       choice("driver", None, "gels", "gelsy", "gelsd", "gelss"), dtypes="fc", spellings="function"),
]
