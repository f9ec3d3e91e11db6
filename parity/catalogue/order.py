"""Sorting and selecting by order."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, dim, dims, keepdim, op, option, real

# fmt: off
ROWS = [
    op("argmax", real("input", distinct=True), dims(single=True, nonempty=True), keepdim(),
       tags="exact ties discrete", dtypes="uihf", orders=0),
    op("argmin", real("input", distinct=True), dims(single=True, nonempty=True), keepdim(),
       tags="exact ties discrete", dtypes="uihf", orders=0),
    op("argsort", real("input", distinct=True), option("dim", "dim"), choice("descending", True, False),
       option("stable", "stable", needed=True), tags="exact ties discrete", dtypes="buihf", orders=0,
       note="without stable=True the order of equal elements is not promised; more than 16 are drawn with it"),
    op("msort", real("input", distinct=True, ordered=0), tags="exact ties", dtypes="buihf",
       note="the order of equal elements is not promised; more than 16 are not drawn"),
    op("sort", real("input", distinct=True), option("dim", "dim"), choice("descending", True, False),
       option("stable", "stable", needed=True), tags="exact ties", dtypes="buihf",
       note="without stable=True the order of equal elements is not promised; more than 16 are drawn with it"),
    op("topk", real("input", distinct=True, tieless=True, min_ndim=1), argument("k", "count"), dim(last=True),
       choice("largest", True, False), tags="exact ties", dtypes="uihf",
       note="which of several equal elements is taken is not promised"),
]
