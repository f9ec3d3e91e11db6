"""Histograms: torch records them, and has no derivative of them."""

from __future__ import annotations

from typing import Any, NoReturn

from autodiff._core.kinds import general
from autodiff._kernels import binning


def _missing(operator: str) -> Any:
    def rule(g: Any) -> NoReturn:
        raise RuntimeError(f"derivative for aten::{operator} is not implemented")

    return rule


def _histogram(x: Any, edges: Any, weights: Any, search: bool, even: bool) -> tuple[Any, Any]:
    at, inside = binning.even_bins(x, edges, search) if even else binning.uneven_bins(x, edges)
    return binning.counted(at, inside, edges.size - 1, weights, x.dtype), edges


_NODE = "torch::autograd::NotImplemented"
general(
    "histogram",
    _histogram,
    _missing("histogram"),
    _missing("histogram"),
    _missing("histogram"),
    inputs=("input", "edges", "weight"),
    outputs=("hist", "bin_edges"),
    node=_NODE,
)
general("histc", lambda x, edges: _histogram(x, edges, None, False, True)[0], inputs=("input", "edges"))
general("bincount", binning.bincount, None, _missing("bincount"), inputs=("input", "weights"), node=_NODE)
general("searchsorted", binning.searchsorted, inputs=("sorted_sequence", "input"))
