"""Reductions over one, several or all dimensions."""

from __future__ import annotations

from parity.catalogue.arguments import choice, dim, dims, keepdim, op, option, real

# fmt: off
ROWS = [
    op("sum", real("input"), dims(), keepdim(), option("dtype", "dtype"), tags="exact", dtypes="buihfc",
       stress=((-1e4, 1e4), (1e4, 1.0001e4))),
    op("mean", real("input"), dims(), keepdim(), tags="exact", dtypes="hfc", stress=((1e4, 1.0001e4),)),
    op("prod", real("input", above=-3, below=3), dims(single=True), keepdim(), tags="exact", dtypes="buihfc",
       note="with one zero in a row, the zero alone gets a gradient"),
    op("amax", real("input", distinct=True, even="max"), dims(nonempty=True), keepdim(), tags="exact ties",
       dtypes="buihf", note="ties share the gradient evenly"),
    op("amin", real("input", distinct=True, even="min"), dims(nonempty=True), keepdim(), tags="exact ties",
       dtypes="buihf", note="ties share the gradient evenly"),
    op("max", real("input", distinct=True, even="max"), dims(single=True, nonempty=True), keepdim(),
       tags="exact ties", dtypes="buihf",
       note="over everything, ties share the gradient; along a dimension one index gets it all"),
    op("min", real("input", distinct=True, even="min"), dims(single=True, nonempty=True), keepdim(),
       tags="exact ties", dtypes="buihf",
       note="over everything, ties share the gradient; along a dimension one index gets it all"),
    op("var", real("input", result_above=0.01), dims(several=True), keepdim(), choice("correction", 0, 1),
       dtypes="hfc", stress=((1e4, 1.001e4), (-1e-8, 1e-8))),
    op("std", real("input", result_above=0.01), dims(several=True), keepdim(), choice("correction", 0, 1),
       dtypes="hfc", stress=((1e4, 1.001e4),), note="the derivative of equal elements is 0"),
    op("var_mean", real("input", spread=True), dims(several=True), keepdim(), choice("correction", 0, 1),
       dtypes="hfc", spellings="function", stress=((1e4, 1.001e4), (-1e-8, 1e-8))),
    op("std_mean", real("input", spread=True), dims(several=True), keepdim(), choice("correction", 0, 1),
       dtypes="hfc", spellings="function", stress=((1e4, 1.001e4),)),
    op("nansum", real("input"), dims(), keepdim(), tags="exact", dtypes="buihf",
       stress=((-1e4, 1e4), (1e4, 1.0001e4))),
    op("nanmean", real("input"), dims(), keepdim(), dtypes="hf", stress=((1e4, 1.0001e4),)),
    op("aminmax", real("input", distinct=True, even="both"), option("dim", "dims", single=True, nonempty=True),
       choice("keepdim", True, False), tags="exact ties", dtypes="buihf", note="ties share the gradient evenly"),
    op("count_nonzero", real("input"), dims(), tags="exact discrete", dtypes="buihfc", orders=0),
    op("all", real("input"), dims(), keepdim(), tags="exact discrete", dtypes="buihfc", orders=0,
       note="of uint8 the result is uint8"),
    op("any", real("input"), dims(), keepdim(), tags="exact discrete", dtypes="buihfc", orders=0,
       note="of uint8 the result is uint8"),
    op("logsumexp", real("input"), dim(tuples=True), keepdim(), dtypes="hf",
       stress=((80.0, 200.0), (-200.0, -80.0))),
]
