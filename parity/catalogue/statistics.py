"""Elements by rank and frequency, and covariances."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, dim, dims, keepdim, op, option, real

_INTERPOLATION = choice("interpolation", "linear", "lower", "higher", "midpoint", "nearest")

_UNORDERED = "which of several equal elements is taken is not promised; more than 16 are not drawn with ties"

# fmt: off
ROWS = [
    *(
        op(name, real("input", distinct=True, even="median"), dims(single=True, tieless=True), keepdim(),
           tags="exact ties", dtypes="uihf",
           note="which of several equal elements is taken along a dimension is not promised")
        for name in ("median", "nanmedian")
    ),
    op("kthvalue", real("input", distinct=True, tieless=True, min_ndim=1), argument("k", "count", least=1),
       dim(last=True), choice("keepdim", True, False), tags="exact ties", dtypes="uihf",
       note="which of several equal elements is taken is not promised"),
    op("mode", real("input", distinct=True), option("dim", "dim", needed=True, ordered=True),
       choice("keepdim", True, False), tags="exact ties", dtypes="buihf",
       note="of several the smallest; its place is the last, among up to 16 elements: more are not drawn with ties"),
    op("quantile", real("input", distinct=True, ordered="all"), argument("q", "shares"), dims(single=True), keepdim(),
       _INTERPOLATION, dtypes="f", note=_UNORDERED),
    op("nanquantile", real("input", distinct=True, ordered="all"), argument("q", "shares"), dims(single=True),
       keepdim(), _INTERPOLATION, dtypes="f", note=_UNORDERED),
    op("cov", real("input", max_ndim=2), choice("correction", 0, 1), option("fweights", "frequencies"),
       option("aweights", "importances"), dtypes="uihfc", stress=((1e4, 1.001e4),),
       note="a single observation has no weights here: with them torch.cov writes into its input"),
    op("corrcoef", real("input", max_ndim=2, spread=True, distinct=True), dtypes="hfc"),
]
