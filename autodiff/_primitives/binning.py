"""Histograms: torch records them, and has no derivative of them."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general, unimplemented
from autodiff._kernels import binning


def _histogram(x: Any, edges: Any, weights: Any, search: bool, even: bool) -> tuple[Any, Any]:
    at, inside = binning.even_bins(x, edges, search) if even else binning.uneven_bins(x, edges)
    return binning.counted(at, inside, edges.size - 1, weights, x.dtype), edges


def _histogramdd(x: Any, weights: Any, edges: Any, even: bool) -> Any:
    return binning.boxes(x, edges, weights, even)


unimplemented("histogramdd", _histogramdd, operator="histogramdd", inputs="input weight")
# The edges, too, count as made of the points.
unimplemented("histogramdd_edges", lambda x, edges: edges.copy(), operator="histogramdd", inputs="input edges")
unimplemented("histogram", _histogram, operator="histogram", inputs="input edges weight", outputs="hist bin_edges")
general("histc", lambda x, edges: _histogram(x, edges, None, False, True)[0], inputs=("input", "edges"))
unimplemented("bincount", binning.bincount, operator="bincount", inputs="input weights", without="input")
general("searchsorted", binning.searchsorted, inputs=("sorted_sequence", "input"))
