"""Factors of matrices: Cholesky, LU, QR and their kin."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op

_OUT = "function out"

# fmt: off
ROWS = [
    op("linalg.cholesky", argument("input", "matrix", form="positive"), choice("upper", False, True), dtypes="fc",
       spellings=_OUT, note="one triangle is read, its gradient is shared by both"),
    op("linalg.cholesky_ex", argument("input", "matrix", form="positive"), choice("upper", False, True),
       choice("check_errors", False, True), dtypes="fc", spellings="function"),
    op("cholesky", argument("input", "matrix", form="positive"), choice("upper", False, True), dtypes="fc",
       spellings="function method out"),
    op("linalg.lu", argument("A", "matrix", form="any", leading=True), dtypes="fc", spellings="function"),
    op("linalg.lu_factor", argument("A", "matrix", form="any", leading=True), dtypes="fc",
       spellings="function"),
    op("linalg.lu_factor_ex", argument("A", "matrix", form="any", leading=True),
       choice("check_errors", False, True),
       dtypes="fc", spellings="function"),
    op("lu", argument("A", "matrix", form="any", leading=True), dtypes="fc", spellings="function method"),
    op("lu_unpack", argument("LU_data", "matrix", form="any"), argument("LU_pivots", "exchanges"), dtypes="fc",
       spellings="function"),
    op("linalg.qr", argument("A", "matrix", form="any", leading=True),
       argument("mode", "whole", values=("reduced", "complete"), free=0),
       dtypes="fc", spellings="function", note="LAPACK's reflections: the diagonal of R may be negative"),
    op("qr", argument("input", "matrix", form="any", leading=True), dtypes="fc"),
    op("geqrf", argument("input", "matrix", form="any", leading=True), dtypes="fc", orders=0,
       note="torch has no derivative"),
    op("linalg.householder_product", argument("input", "matrix", form="any", tall=True),
       argument("tau", "reflections"), dtypes="fc", spellings=_OUT),
    op("orgqr", argument("input", "matrix", form="any", tall=True), argument("input2", "reflections"), dtypes="fc",
       spellings="function method out"),
    op("ormqr", argument("input", "matrix", form="any", tall=True), argument("input2", "reflections"),
       argument("input3", "multiplied", late=True), choice("left", True, False), choice("transpose", False, True),
       dtypes="fc", spellings="function method out"),
    op("linalg.ldl_factor", argument("input", "matrix", form="hermitian"), dtypes="f", orders=0,
       spellings="function", note="torch has no derivative"),
    op("linalg.ldl_factor_ex", argument("input", "matrix", form="hermitian"), choice("check_errors", False, True),
       dtypes="f", orders=0, spellings="function", note="torch has no derivative"),
]
