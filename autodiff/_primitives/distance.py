"""Distances between rows, all with all."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general, underived
from autodiff._core.registry import ops
from autodiff._kernels import distances

general(
    "cdist",
    distances.cdist,
    lambda g, x1, x2, out, p: ops._cdist_backward(g, x1, x2, out, p=p),
    lambda g, x1, x2, out, p: ops._cdist_backward(ops.transposed(g), x2, x1, ops.transposed(out), p=p),
    inputs=("x1", "x2"),
)
general(
    "_cdist_backward",
    distances.cdist_backward,
    *[underived("_cdist_backward")] * 4,
    inputs=("grad", "x1", "x2", "cdist"),
    node="CdistBackwardBackward0",
)


def _ratio(g: Any, out: Any) -> Any:
    return ops.where(out == 0, 0, g / out)


def _along(ratio: Any, x: Any, y: Any) -> Any:
    """Σ_j ratio_ij (x_i - y_j)."""
    return x * ops.sum(ratio, dims=(len(ratio.shape) - 1,), keepdim=True) - ops.bmm(ratio, y)


# What torch computes by a product of matrices, which has a second derivative; here it only has that one's node.
general(
    "euclidean_dist",
    lambda x1, x2: distances.cdist(x1, x2, 2.0),
    lambda g, x1, x2, out: _along(_ratio(g, out), x1, x2),
    lambda g, x1, x2, out: _along(ops.transposed(_ratio(g, out)), x2, x1),
    inputs=("x1", "x2"),
)
general("pdist", distances.pdist, lambda g, input, out, p: ops._pdist_backward(g, input, out, p=p), inputs=("input",))
general(
    "_pdist_backward",
    distances.pdist_backward,
    *[underived("_pdist_backward")] * 3,
    inputs=("grad", "input", "pdist"),
    node="PdistBackwardBackward0",
)
