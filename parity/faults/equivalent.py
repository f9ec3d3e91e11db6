"""Mutants that no program can tell from the engine, each with the reason: by id (one that dies is reported), and by
pattern where many share one. And survivors that are no such thing, by what they have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CAST = "the walk casts a gradient to its input's dtype, so the kernel's own cast at the end changes nothing"
_PROMOTED = "its other operand is of the wider dtype already, to which NumPy promotes this one"
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

_NEGATED_ZERO = "the rule says 0, and the sign of a zero is not compared in gradients"
_PLACEHOLDER = "stands where another branch is taken, so any number does"
_FASTER = "a condition under which a faster way to the same number is taken"
_WORKSPACE = "the size of LAPACK's workspace, which only has to be large enough"
_PERIOD = "sin πx has period 1 in x up to its sign, of which the square or the size is taken: any whole number may go"
_INTEGER = "a number equals its floor where it equals its ceiling, and nowhere else"
_DISTANCE = "its size is taken next"
_NO_NAN = "integers hold no nan"
_TRUTH = "NumPy takes every number but 0 for true"
_PARITY = "-1 to the power of numbers that are 2 apart"
_ONE = "the stride of a single element is never used"
_ONE_DTYPE = "both operands have been brought to one dtype"
_EVEN = "only its square is used, or a function that is even in it"
_INVERSE = "the ratio is 1 or -1, which is its own inverse"
_NAN = "nan, whatever is done with it"
_UNUSED = "is not looked at in that case"
_FLAT = "is multiplied by deviations, all of which are 0 there"
_ROOM = "memory that no element uses"
_IGNORED = "each row ignored counts 0 times, whatever stands here"
_TAKEN = "an earlier condition has taken the only value for which it matters"
_VANISHES = "Airy's function is below the smallest number from 104 on: both ways are 0"
_WRITTEN = "every element is written before anyone reads it"
_SELF = "a row's difference from itself is 0, whatever it is multiplied by"
_COMMUTES = "products, the larger and the smaller of two do not hang on their order"
_UNIT = "the diagonal of L is 1, whether it is read or not"
_REAL_ADJOINT = "of real matrices LAPACK's adjoint is the transpose"

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
        "kernels.comparison.close_integers:dropped call:1",
        "kernels.comparison.close_integers:dropped call:2",
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
        "kernels.activations._in_order:comparison:1",
        "kernels.activations._in_order:constant:1",
        "kernels.activations._in_order:dropped call:1",
        "kernels.decompositions.solve:comparison:2",
        "kernels.decompositions.solve:constant:2",
        "kernels.geometry.order:dropped call:1",
        "kernels.parts.joined:dropped call:1",
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
        "kernels.gamma._incomplete:comparison:1",
        "kernels.indexing.from_front:comparison:1",
        "kernels.activations.mish:comparison:1",
        "kernels.losses.huber_loss:comparison:1",
        "kernels.losses.smooth_l1_loss:comparison:1",
        "kernels.rounding.round_to:comparison:2",
        "primitives.loss._smooth_l1:comparison:1",
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
    _NEGATED_ZERO: (
        "row _drawn_bernoulli:rule 0 negated",
        "row _drawn_poisson:rule 0 negated",
        "row _hardshrink_backward:rule 1 negated",
        "row _rrelu_with_noise_backward:rule 1 negated",
    ),
    _PLACEHOLDER: (
        "kernels.activations.elu:constant:2",
        "kernels.decompositions.pinv:constant:7",
        "kernels.elementary.spherical:constant:1",
        "kernels.gamma._trigamma_left:constant:2",
    ),
    _FASTER: (
        "kernels.accumulate.add_at:comparison:4",
        "kernels.accumulate.add_at:constant:3",
        "kernels.arithmetic.power:comparison:14",
        "kernels.lapack._spread:constant:2",
        "kernels.norms.p_norm:constant:2",
        "kernels.norms._sum_of_powers:comparison:6",
        "kernels.norms._sum_of_powers:neighbour:4",
        "kernels.geometry.strided_read:comparison:1",
    ),
    _WORKSPACE: ("kernels.lapack.lu_inverse:constant:2", "kernels.lapack.lu_inverse:dropped term:3"),
    _PERIOD: (
        "kernels.gamma._reflected:operator:3",
        "kernels.gamma._reflected:dropped term:5",
        "kernels.gamma._trigamma_left:operator:5",
        "kernels.gamma._trigamma_left:dropped term:9",
        "kernels.gamma._trigamma_left:neighbour:3",
    ),
    _DISTANCE: (
        "kernels.comparison.close:swapped:1",
        "kernels.gamma._reflected:swapped:2",
        "kernels.losses.huber_loss:swapped:1",
        "kernels.losses.smooth_l1_loss:swapped:1",
        "primitives.norms.dist[1]:swapped:1",
    ),
    _NO_NAN: ("kernels.comparison.close_integers:constant:1",),
    _TRUTH: (
        "kernels.decompositions._products_but:dropped dtype:1",
        "kernels.lapack._lu_solve:constant:2",
        "kernels.lapack.ldl:constant:1",
        "kernels.lapack.ldl:constant:2",
        "kernels.lapack.lu:constant:2",
    ),
    _PARITY: ("kernels.gamma.polygamma:operator:7",),
    _ONE: (
        "kernels.geometry.as_strided:comparison:1",
        "kernels.indexing.scatter_add:constant:1",
        "kernels.scattering.scatter_reduce:constant:1",
    ),
    _ONE_DTYPE: ("kernels.rounding.no_zero_divisor:dropped term:2",),
    _EVEN: (
        "kernels.error_functions._steep:dropped call:1",
        "kernels.gamma._trigamma_left:swapped:3",
        "kernels.losses.mse_loss:swapped:1",
        "kernels.windows.kaiser:swapped:1",
        "primitives.bessel._bessel_i[1]:swapped:1",
    ),
    _INVERSE: (
        "kernels.decompositions.det:operator:1",
        "kernels.decompositions.slogdet:operator:1",
        "primitives.arithmetic._with_ratio:swapped:1",
    ),
    _NAN: ("kernels.arithmetic.sgn:operator:1", "primitives.reduce._var:operator:3"),
    _UNUSED: ("kernels.binning.searchsorted:comparison:2",),
    _FLAT: ("primitives.reduce._std:constant:1",),
    _ROOM: ("kernels.geometry.in_its_layout:constant:1",),
    _IGNORED: (
        "kernels.classes.cross_entropy:constant:1",
        "kernels.classes.cross_entropy_backward:constant:5",
    ),
    _TAKEN: (
        "primitives.norms._directions:comparison:4",
        "kernels.arithmetic.power:comparison:11",
        "kernels.choosing.heaviside:comparison:2",
    ),
    _VANISHES: ("kernels.bessel.airy_ai:comparison:1", "kernels.bessel.airy_ai:constant:1"),
    _WRITTEN: ("kernels.lapack.geqrf:neighbour:1",),
    _SELF: ("kernels.distances._square:neighbour:1",),
    _COMMUTES: ("kernels.scattering._reduce:swapped arguments:2",),
    _UNIT: ("primitives.factorize._lu_back:constant:4",),
    _REAL_ADJOINT: ("kernels.lapack.lu_solve:constant:7",),
    _RULES_ONLY: ("primitives.normalize._curvature:constant:3",),
}

#: Patterns of a mutant's id and of its change, before -> after.
_ALIKE: tuple[tuple[str, str, str], ...] = (
    (
        r"kernels\.(error_functions|gamma)\..*lambda.*:comparison:\d+",
        r"(?P<of>x|np\.abs\(x\)) (?P<way>[<>])=? (?P<end>\S+) -> (?P=of) (?P=way)=? (?P=end)",
        "two pieces of one continuous function meet there, or an earlier condition has taken that point",
    ),
    (r"kernels\.(geometry\.in_its_layout|creation\.(alike|dense|_from_widest)):.*", r".*", _LAYOUT),
    (
        r"kernels\.lapack\._in_rows_or_columns:.*",
        r".*",
        "decides only whether a matrix is copied first",
    ),
    (
        r"kernels\.gamma\._of_small:.*",
        r".*(120|far \+ 1|a \+ 2).*",
        "the far end of a continued fraction (or a series) of 120 terms, which has converged long before",
    ),
    (
        r"kernels\.(error_functions|gamma)\..*lambda.*:constant:\d+",
        r"0 -> 1",
        "the last piece takes what the others have left, which is nothing up to 1",
    ),
    (r"kernels\.gamma\..*:neighbour:\d+", r"np\.floor -> np\.ceil", _INTEGER),
)


#: What is common to survivors that are not equivalent, by patterns of id and change: they count as survivors.
_UNSEEN: tuple[tuple[str, str, str], ...] = (
    (
        r"kernels\.pairs\..*|kernels\.gamma\._(incomplete|of_small|hurwitz):.*|kernels\.error_functions\._erfinv_far:.*"
        r"|kernels\.(gamma|error_functions)\..*lambda.*:constant:\d+|kernels\.(error_functions\.(erf|erfc|erfinv|ndtr)|"
        r"elementary\.log1p|norms\.p_norm):.*|kernels\.norms\._sum_of_powers:.*|kernels\.creation\.linspace:.*"
        r"|kernels\.decompositions\._pade:swapped:\d+|kernels\.arithmetic\.lerp:dropped call:1",
        r".*",
        "two good ways to one result, or a term past its last digit: less than the yardstick and the measures see",
    ),
    (r".*:dropped call:\d+", r".*astype\(np\.float(32|64).*", "computed in the argument's own precision: roundings"),
    (
        r"(kernels|primitives)\.(activations?|rectifiers)\..*:(comparison|constant):\d+",
        r".*",
        "a bend or a jump: torch's own result moves as far by one rounding of the input",
    ),
    (
        r"kernels\.rounding\.no_zero_divisor:.*|kernels\.indexing\.checked:.*|kernels\.creation\.(nested|check_range|"
        r"_check_ragged):.*|kernels\.scattering\.fitting:.*|primitives\.spectrum\._refuse_phase:.*",
        r".*",
        "whether an error is raised: programs are made of what torch accepts",
    ),
    (
        r"kernels\.(blocks|accumulate|overwriting|distances\._parts|masks).*",
        r".*",
        "ways for arrays larger than those of programs",
    ),
    (r"kernels\.counts\..*", r".*", "which of many draws is refused: seldom another one"),
)


def reason(id: str, change: str) -> str:
    """Why no program can tell this mutant; empty if that is not known."""
    return EQUIVALENT.get(id) or _first(_ALIKE, id, change)


def heading(id: str, change: str) -> str:
    """What a survivor has in common with others; empty if that is not known."""
    return _first(_UNSEEN, id, change)


def _first(patterns: tuple[tuple[str, str, str], ...], id: str, change: str) -> str:
    matching = (why for ids, changes, why in patterns if _fits(ids, id) and _fits(changes, change))
    return next(matching, "")


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.S) is not None


EQUIVALENT: Mapping[str, str] = {id: reason for reason, ids in _BY_REASON.items() for id in ids}
