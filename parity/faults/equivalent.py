"""Mutants that no program can tell from the engine, by id, each with the reason; one that dies is reported."""

from __future__ import annotations

from collections.abc import Mapping

_CAST = "the walk casts a gradient to its input's dtype, so the kernel's own cast at the end changes nothing"
_PROMOTED = "its other operand is float32 already, to which NumPy promotes this one"
_INT64 = "NumPy multiplies and adds sizes in int64 by itself"
_LAYOUT = "another layout of the same numbers, of a result that nobody looks into for strides"
_BOTH = "the two branches are the same function, and both hold at the value where they meet"
_EMPTY = "there only for empty arrays, in which every number is as good"
_DIVIDES = "one size divides the other, so the quotient is the same number"
_UNKNOWN = "NumPy takes any negative size for the one that is unknown"
_COST = "the cost of a contraction only decides whether its path is planned"
_KEEPS = "beside a Python number np.where keeps the dtype"
_ALL_REAL = "the real part of real numbers is themselves, and a cast of complex ones drops the rest"
_RULES_ONLY = "only rules read this parameter, and this call is differentiated no further"

_BY_REASON: Mapping[str, tuple[str, ...]] = {
    _CAST: (
        "kernels.activations.softmax_backward:dropped call:1",
        "kernels.activations.log_softmax_backward:dropped call:1",
        "kernels.classes.nll_adjoint:dropped call:1",
        "kernels.classes.nll_adjoint:dropped call:2",
        "kernels.classes.embedding_read:dropped call:1",
        "kernels.normalizations.standardize:dropped call:1",
        "kernels.normalizations.standardize_backward:dropped call:1",
        "kernels.geometry.sum_repeats:dropped call:1",
        "kernels.reductions.ties:dropped call:1",
        "kernels.scans.recur:dropped call:3",
    ),
    _PROMOTED: (
        "kernels.activations.softmax_backward:dropped call:2",
        "kernels.activations.log_softmax_backward:dropped call:2",
        "kernels.classes.nll_adjoint:dropped call:3",
        "kernels.classes.nll_loss:dropped call:2",
        "kernels.contraction.matmul:dropped call:2",
        "kernels.contraction.matmul:dropped call:3",
        "kernels.normalizations.standardize_backward:dropped call:2",
        "kernels.scans.recur:dropped call:2",
    ),
    _INT64: (
        "kernels.indexing.index_back:dropped dtype:1",
        "kernels.indexing.gather_back:dropped dtype:1",
        "kernels.reductions.ties:dropped dtype:1",
    ),
    _LAYOUT: (
        "kernels.geometry.arranged:dropped call:1",
        "kernels.order.topk:dropped call:2",
    ),
    _BOTH: (
        "kernels.activations.elu:comparison:1",
        "kernels.error_functions.erfc:comparison:3",
        "kernels.error_functions.erfinv_slope:comparison:1",
        "kernels.error_functions.ndtr:comparison:3",
        "kernels.error_functions.ndtr:comparison:5",
        "kernels.error_functions.log_ndtr:comparison:3",
        "kernels.error_functions.log_ndtr_slope:comparison:1",
        "kernels.error_functions.logit:comparison:2",
        "kernels.error_functions.logit:comparison:4",
        "kernels.indexing.from_front:comparison:1",
    ),
    _EMPTY: ("kernels.indexing.gather:neighbour:1",),
    _DIVIDES: ("kernels.normalizations.standardize_backward:operator:4",),
    _UNKNOWN: (
        "kernels.accumulate.add_at:constant:4",
        "kernels.accumulate.add_at:constant:5",
        "kernels.accumulate.add_at:constant:6",
        "kernels.accumulate.add_at:constant:7",
        "kernels.indexing.front:constant:1",
        "kernels.indexing.gather:constant:2",
        "kernels.reductions.product_of_all:constant:3",
        "primitives.reduce._product_of_all_rule:constant:3",
    ),
    _COST: (
        "kernels.einstein.contraction:constant:1",
        "kernels.einstein.contraction:dropped statement:3",
    ),
    _KEEPS: ("kernels.reductions.logsumexp:dropped call:1",),
    _ALL_REAL: ("kernels.parts.cast:comparison:1",),
    _RULES_ONLY: ("primitives.normalize._curvature:constant:3",),
}

EQUIVALENT: Mapping[str, str] = {id: reason for reason, ids in _BY_REASON.items() for id in ids}
