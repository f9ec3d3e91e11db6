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
_COST = "the cost of a contraction only decides whether its path is planned"
_KEEPS = "beside a Python number np.where keeps the dtype"
_NUMBER = "a Python number keeps the dtype of the array beside it"
_MATCHING = "all sizes but the last have to be the same, so there is nothing to broadcast"
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
_COMMUTES = "products, sums, the larger and the smaller of two do not hang on their order"
_UNIT = "the diagonal of L is 1, whether it is read or not"
_WHOLE = "whole numbers, of which either dtype holds all, and what they are divided by has the wider one"
_NAN_EITHER = "of what holds a nan the smallest is nan where the largest is"
_COPY = "only decides whether the result is copied once more"
_BELOW = "at the bound both ways are less than half the last place of the 1 that they are taken from"
_RESHAPED = "is given its shape next, whatever shape it has"
_OUTSIDE = "whoever lies outside is counted in no bin"
_SHIFTED = "NumPy shifts signs in from the left, however far"
_GIVEN_BACK = "memory that may be written into: what counts is what is given back"
_DEEPEST = "1 less the largest number below it has a logarithm of -36.7, and none is farther out"
_ROOMY = "128 places have the numbers up to 127, which is what eight bits hold"
_CLIPPED = "beyond either bound the logistic function is 0 or 1 to the last digit"
_REAL_ADJOINT = "of real matrices LAPACK's adjoint is the transpose"

_ZERO_SIGN = "only the sign of a zero is another, of a result for which nobody promises it"
_SPREADS = "a number in place of an array that is it everywhere: it spreads to the same"
_SPLITS = "numbers are split by 2^27: either bound is far below where that overflows"
_ANY_SIZE = "a size below 0, which NumPy takes for the one that is unknown, as it finds it"
_SIGN_NEXT = "its sign is replaced next"
_BESIDE_INFINITY = "is added to what is infinite or nan"
_BOTH_SIDES = "both sides of an equation are multiplied by it"
_DOUBTED = "two answers that are so near each other are both good"
_RELATIVE = "only the difference of two of them is used"
_SQUARE = "a square matrix has one size"
_WHOLE_BLOCK = "one block that is all there is: the same step on the same numbers"
_REFUSES = "raises before anything is negated"
_SAME_DTYPE = "only its dtype is asked for, which both parts of a number share"
_DEFAULT = "what is left out is what it is taken for then"
_ONE_MORE = "one round more, in which nothing is left to do"
_MORE_EXACT = "the slower way is taken everywhere, and it is the more exact"
_SQUEEZE = "a draw that is sure to be taken spares a test, which it would pass"

#: Mutants by id and, as numbers move on when a function changes, by the beginning of what stood there.
_BY_REASON: Mapping[str, tuple[str, ...]] = {
    _CAST: (
        "kernels.activations.softmax_backward:dropped call:1 softmax_backward(g.astype(np.float32), o",
        "kernels.activations.log_softmax_backward:dropped call:1 log_softmax_backward(g.astype(np.float32",
        "kernels.classes.nll_adjoint:dropped call:1 nll_adjoint(g.astype(np.float32), x, tar",
        "kernels.classes.nll_adjoint:dropped call:2 np.expand_dims(share, dim).astype(g.dtyp",
        "kernels.normalizations.standardize:dropped call:1 standardize(x.astype(np.float32), dims, ",
        "kernels.normalizations.standardize_backward:dropped call:1 standardize_backward(g.astype(np.float32",
        "kernels.geometry.sum_repeats:dropped call:1 np.add.reduce(apart, axis=axes, dtype=wi",
        "kernels.reductions.ties:dropped call:1 np.where(tied, number, np.inf).astype(x.",
        "kernels.scans.recur:dropped call:3 np.ascontiguousarray(_flip(np.moveaxis(o",
        "kernels.margins.multilabel_margin_back:dropped call:1 near.sum(1).astype(x.dtype)",
    ),
    _PROMOTED: (
        "kernels.activations.softmax_backward:dropped call:2 g.astype(np.float32)",
        "kernels.activations.log_softmax_backward:dropped call:2 g.astype(np.float32)",
        "kernels.classes.nll_adjoint:dropped call:3 weight.astype(np.float32)",
        "kernels.classes.nll_loss:dropped call:2 weight.astype(np.float32)",
        "kernels.contraction.matmul:dropped call:2 x.astype(np.float32)",
        "kernels.comparison.close_integers:dropped call:1 x.astype(real)",
        "kernels.comparison.close_integers:dropped call:2 y.astype(real)",
        "kernels.contraction.matmul:dropped call:3 y.astype(np.float32)",
        "kernels.normalizations.standardize_backward:dropped call:2 g.astype(np.float32)",
        "kernels.scans.recur:dropped call:2 np.moveaxis(_flip(factor, dim, reverse),",
    ),
    _INT64: ("kernels.reductions.ties:dropped dtype:1 np.add.reduce(tied, axis=dims, keepdims=",),
    _LAYOUT: (
        "kernels.order.topk:dropped call:2 np.ascontiguousarray(places[(slice(None)",
        "kernels.activations._in_order:comparison:1 x.ndim > 1",
        "kernels.activations._in_order:constant:1 1",
        "kernels.decompositions.solve:comparison:2 found.ndim > 1",
        "kernels.decompositions.solve:constant:2 1",
        "kernels.geometry.order:dropped call:1 abs(x.strides[d])",
        "kernels.convolution.convolve_back:connective:2 in_channels(y) or in_channels(w)",
        "kernels.geometry.clone:constant:1 0",
        "kernels.layout.in_channels:constant:10 1",
        "kernels.attention._turned:dropped call:1 np.ascontiguousarray(x.swapaxes(2, 3))",
    ),
    _BOTH: (
        "kernels.logistic.one_more:comparison:2 out < -0.5",
        "kernels.error_functions.mills_pair:comparison:3 x >= -3.5",
        "kernels.error_functions.mills_pair:comparison:5 x >= -6",
        "kernels.error_functions.times_gauss:comparison:1 abs(x) > 37.6",
        "kernels.gamma._of_small:comparison:1 x < a + 1",
        "kernels.sinc.sinc_slope:comparison:4 np.abs(cosine - share) < 0.8 * np.abs(cosine)",
        "kernels.sinc.spherical:comparison:1 np.abs(z) < order + 1",
        "kernels.activations.elu:comparison:1 x > 0",
        "kernels.error_functions.logit:comparison:2 x < eps",
        "kernels.error_functions.logit:comparison:4 x > 1 - eps",
        "kernels.gamma._incomplete:comparison:1 x < 60",
        "kernels.indexing.from_front:comparison:1 index.min() >= 0",
        "kernels.losses.huber_loss:comparison:1 away < delta",
        "kernels.losses.smooth_l1_loss:comparison:1 away < beta",
        "kernels.rounding.round_to:comparison:2 decimals >= 0",
        "primitives.loss._smooth_l1:comparison:1 away >= beta",
        "kernels.lapack._scale:comparison:1 sizes.min(initial=1.0, where=sizes > 0)",
        "kernels.modified_bessel._up_to:comparison:1 x < bound",
        "kernels.gamma._incomplete:comparison:3 x > 1e-300",
        "kernels.rectifiers.leaky_relu:comparison:1 x > 0",
    ),
    _EMPTY: (
        "kernels.indexing.gather:neighbour:1 np.zeros",
        "kernels.decompositions.above:neighbour:2 np.zeros",
        "kernels.ctc._extended:constant:1 0",
        "kernels.classes.cross_entropy:neighbour:1 np.zeros",
    ),
    _COST: (
        "kernels.einstein.contraction:constant:1 1",
        "kernels.einstein.contraction:dropped statement:3 work *= size[label]",
    ),
    _KEEPS: ("kernels.reductions.logsumexp:dropped call:1 np.where(np.isinf(top), 0, top).astype(t",),
    _ALL_REAL: ("kernels.parts.cast:comparison:1 x.dtype.kind == 'c'",),
    _NEGATED_ZERO: (
        "row _drawn_bernoulli:rule 0 negated",
        "row _drawn_poisson:rule 0 negated",
        "row _hardshrink_backward:rule 1 negated",
        "row _rrelu_with_noise_backward:rule 1 negated",
        "row _softshrink_backward:rule 1 negated",
    ),
    _PLACEHOLDER: (
        "kernels.activations.elu:constant:2 0",
        "kernels.polynomials._kernel:constant:6 0",
        "kernels.arithmetic.ratio:constant:4 1",
    ),
    _SQUARE: ("kernels.lapack.lu_inverse:constant:1 1",),
    _WHOLE_BLOCK: ("kernels.blocks.fill:comparison:2 first.size <= block",),
    _FASTER: (
        "kernels.gamma.digamma:comparison:2 x.dtype.itemsize < 8",
        "kernels.contraction.products:comparison:4 x.dtype is y.dtype",
        "kernels.contraction.products:constant:2 1",
        "kernels.norms.p_norm:constant:2 0",
        "kernels.norms._sum_of_powers:neighbour:4 np.isfinite",
        "kernels.geometry.strided_read:comparison:1 shared.max() > 1",
        "kernels.lapack._spread:constant:1 2",
        "kernels.convolution.convolve_back:operator:7 k - 1",
        "kernels.indexing.from_front:constant:1 0",
        "kernels.polynomials._kernel:connective:1 inside.any() and closed",
        "kernels.contraction.products:comparison:2 len(x) > 1",
        "kernels.logistic._tanh_slopes:operator:2 told + square",
        "kernels.convolution.convolve_back:comparison:5 min(around) >= 0",
        "kernels.convolution._blocks:constant:3 1",
        "kernels.contraction.products:constant:3 1",
        "kernels.geometry.sum_to:constant:4 1",
        "kernels.logistic.sigmoid:branch:5 -x if x.flags.forc else",
        "kernels.masks.choose:negation:1 not x[0]",
    ),
    _SQUEEZE: ("kernels.counts._by_rejection:constant:13 2",),
    _WORKSPACE: (
        "kernels.lapack.lu_inverse:constant:2 1",
        "kernels.lapack.lu_inverse:dropped term:3 size * size",
    ),
    _PERIOD: (
        "kernels.gamma._reflected:operator:3 x - np.rint(x)",
        "kernels.gamma._reflected:dropped term:5 x - np.rint(x)",
        "kernels.gamma._trigamma_left:neighbour:3 np.rint",
    ),
    _DISTANCE: (
        "kernels.comparison.close:swapped:1 x - y",
        "kernels.gamma._reflected:swapped:2 x - np.rint(x)",
        "kernels.losses.huber_loss:swapped:1 x - y",
        "kernels.losses.smooth_l1_loss:swapped:1 x - y",
        "primitives.norms.dist[1]:swapped:1 x - y",
    ),
    _NO_NAN: ("kernels.comparison.close_integers:constant:1 False",),
    _TRUTH: (
        "kernels.decompositions._products_but:dropped dtype:1 np.eye(n, dtype=bool)",
        "kernels.lapack._lu_solve:constant:2 1",
        "kernels.lapack.ldl:constant:1 1",
        "kernels.lapack.ldl:constant:2 1",
        "kernels.lapack.lu:constant:2 1",
    ),
    _PARITY: ("kernels.gamma.polygamma:operator:7 n + 1",),
    _ONE: (
        "kernels.geometry.as_strided:comparison:1 offset > 0",
        "kernels.indexing.scatter_add:constant:1 1",
        "kernels.scattering.scatter_reduce:constant:1 1",
    ),
    _ONE_DTYPE: ("kernels.rounding.no_zero_divisor:dropped term:2 x.dtype.kind + y.dtype.kind",),
    _EVEN: (
        "kernels.error_functions._steep:dropped call:1 np.abs(x)",
        "kernels.losses.mse_loss:swapped:1 x - y",
        "primitives.bessel._bessel_i[1]:swapped:1 n - 1",
        "kernels.error_functions.(_middle, lambda x: (x - 0.5) * quantile_series.NDTRI_NEAR((x - 0.5) ** 2))[1]"
        ":swapped:3 x - 0.5",
        "kernels.error_functions.(_middle, lambda x: quantile_series.NDTRI_SLOPE_NEAR((x - 0.5) ** 2))[1]"
        ":swapped:2 x - 0.5",
    ),
    _INVERSE: (
        "kernels.decompositions.det:operator:1 found * _parity(pivots, factors.dtype)",
        "kernels.decompositions.slogdet:operator:1 signs * _parity(pivots, factors.dtype)",
    ),
    _NAN: (
        "kernels.decompositions.expm:neighbour:3 finite.all",
        "primitives.reduce._var:dropped term:6 g * math.nan",
        "kernels.arithmetic.sgn:operator:1 x * np.nan",
        "primitives.reduce._var:operator:3 g * math.nan",
        "kernels.error_functions.(_middle, lambda x: (x - 0.5) * quantile_series.NDTRI_NEAR((x - 0.5) ** 2))[2]"
        ":dropped term:2 (x < 0) | (x > 1)",
        "kernels.error_functions.(_middle, lambda x: (x - 0.5) * quantile_series.NDTRI_NEAR((x - 0.5) ** 2))[2]"
        ":dropped term:1 (x < 0) | (x > 1)",
        "kernels.rounding.remainder:comparison:6 np.asarray(y) < 0",
    ),
    _UNUSED: (
        "kernels.binning.searchsorted:comparison:2 edges.ndim > 1",
        "kernels.error_functions._erfinv_far:comparison:1 size < 1",
    ),
    _FLAT: ("primitives.reduce._std:constant:1 0",),
    _REFUSES: ("row floor_divide:rule 1 negated",),
    _SAME_DTYPE: ("kernels.decompositions.with_residuals:neighbour:1 solution.real",),
    _ROOM: ("kernels.geometry.in_its_layout:constant:1 1", "kernels.convolution._added_up:constant:9 2"),
    _IGNORED: ("kernels.classes.cross_entropy_backward:constant:5 0",),
    _TAKEN: (
        "kernels.gamma.(lambda x: x >= 10, lambda x: special().digamma(x))[13]:dropped term:2 (x < 0) & (x",
        "primitives.norms._directions:comparison:4 p < 1",
        "kernels.choosing.heaviside:comparison:2 x > 0",
        "kernels.arithmetic.power:comparison:8 exponent > 0",
    ),
    _VANISHES: (
        "kernels.bessel.airy_ai:comparison:1 x > 200",
        "kernels.bessel.airy_ai:constant:1 200",
    ),
    _WRITTEN: (
        "kernels.lapack.geqrf:neighbour:1 np.zeros",
        "kernels.geometry.inverse:constant:1 0",
    ),
    _NUMBER: (
        "kernels.bessel.near_logarithm:dropped call:1 (_LOG_2_LESS_EULER - np.log(x)).astype(x.dtyp",
        "primitives.scatter._reduced:dropped term:10 ops.zeros_like(g) + 1",
    ),
    _MATCHING: (
        "kernels.binning.searchsorted:constant:4 1",
        "kernels.binning.searchsorted:comparison:3 edges.ndim > 1",
    ),
    _SELF: ("kernels.distances._square:neighbour:1 np.zeros",),
    _COMMUTES: (
        "kernels.ctc.ctc_back:swapped arguments:11 _sum(shares[:, state], ways[:, place])",
        "kernels.ctc._ends:swapped arguments:3 _sum(last[2 * n], last[2 * n - 1])",
        "kernels.scattering._reduce:swapped arguments:2 ufunc(x[met].astype(wide, copy=False), r",
        "kernels.classes.cross_entropy_backward:swapped arguments:5 _counting(target, ignore)",
    ),
    _UNIT: ("primitives.factorize._lu_back:constant:4 True",),
    _WHOLE: ("kernels.windows.kaiser:dropped dtype:1 np.arange(n, dtype=np.longdouble)",),
    _NAN_EITHER: ("kernels.pooling.max_pool:neighbour:4 x.max",),
    _COPY: ("kernels.fourier._laid:constant:1 False",),
    _BELOW: ("kernels.error_functions.(lambda x: x < 1.25, series.ERFC_2)[7]:comparison:1 x < 6",),
    _REAL_ADJOINT: ("kernels.lapack.lu_solve:constant:7 1",),
    _DEEPEST: (
        "kernels.error_functions.(lambda depth: depth < 2.5, series.ERFINV_STEEP_0)[5]:comparison:1 depth < 37",
    ),
    _ROOMY: ("kernels.pooling.max_pool:constant:3 127",),
    _RESHAPED: (
        "kernels.geometry.sum_to:constant:1 True",
        "kernels.normalizations.layer_norm_backward:constant:2 False",
    ),
    _OUTSIDE: ("kernels.binning.even_bins:constant:5 0",),
    _SHIFTED: ("kernels.order._keys:constant:5 31",),
    _GIVEN_BACK: ("kernels.logistic.tanh:comparison:2 out is None",),
    _ZERO_SIGN: (
        "primitives.activation._tanhshrink[1]:operator:1 g * ops._tanh_square(other, array=input_array) + (g - g)",
        "kernels.bessel.scaled_modified:comparison:3 wide < 0",
        "kernels.rectifiers.softshrink:comparison:3 x < -lambd",
        "kernels.fourier.fft_r2c:branch:3 [0, x.shape[dims[0]] // 2] if x.shape[di",
    ),
    _ANY_SIZE: ("kernels.convolution.correlate:swapped:2 block.stop - block.start",),
    _SIGN_NEXT: (
        "kernels.error_functions.(lambda x: abs(x) <= 1, alone(lambda x: x + x * series.ERF_NEAR(x * x)))[4]"
        ":swapped:1 1 - _short(abs(x))",
    ),
    _BESIDE_INFINITY: ("kernels.gamma._hurwitz:constant:14 0", "kernels.reductions.deviations:constant:2 0"),
    _ONE_MORE: ("kernels.gamma._shifted_up:constant:1 1",),
    _MORE_EXACT: ("kernels.error_functions.ndtri:comparison:2 x.dtype.itemsize < 8",),
    _BOTH_SIDES: ("kernels.lapack._scale:constant:1 1.0",),
    _DOUBTED: ("kernels.activations.tanh_square:constant:1 1e-15",),
    _RELATIVE: ("kernels.geometry.start_of:operator:2 x.__array_interface__['data'][0] - first",),
    _RULES_ONLY: ("primitives.normalize._curvature:constant:3 False",),
}

#: Patterns of a mutant's id and of its change, before -> after.
_ALIKE: tuple[tuple[str, str, str], ...] = (
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
        r"kernels\.gamma\._of_small:constant:9",
        r"2 -> 3",
        "the far end of a continued fraction (or a series) of 120 terms, which has converged long before",
    ),
    (
        # The bits may be others; a program that told them apart would be wrong.
        r"kernels\.decompositions\._pade:swapped:\d+",
        r"(a\d?) @ (\((.*)\)|a\d) -> \2 @ \1",
        "a matrix commutes with its own polynomials, and either product has the same bound for its roundings",
    ),
    (
        r"primitives\.arithmetic\._by_copy:.*",
        r".*",
        "copysign's result and its input have it as shares, with opposite signs, of which nothing is left; where it is "
        "nan torch's is, for which the truth has a number",
    ),
    (
        r"kernels\.gamma\.\(lambda x: x > 0, _right\)\[3\]:neighbour:\d+",
        r"np\.abs -> np\.negative",
        _MORE_EXACT,
    ),
    (r"kernels\.pieces\.in_blocks:constant:\d+", r"False -> True", _COPY),
    (r"kernels\.activations\.gelu_by_tanh_slope:constant:\d+", r"50 -> .*", _CLIPPED),
    (r".*:dropped axis:\d+", r"np\.(partition|sort|argsort)\(.*axis=-1\) -> .*", _DEFAULT),
    (
        r"primitives\.arithmetic\._(copied_sign|copysign).*:(swapped arguments|operator):\d+",
        r".*ops\._copied_sign\(.*",
        _INVERSE,
    ),
    (r".*:dropped term:\d+", r"(zero|(ops|np)\.zeros_like\([\w.\[\]]+\)) \+ 1 -> 1", _SPREADS),
    (r"kernels\.(gamma|sinc)\..*:constant:\d+", r"1e\+290 -> 2e\+290", _SPLITS),
    (
        r"kernels\.(error_functions|gamma)\..*lambda.*:constant:\d+",
        r"0 -> 1",
        "the last piece takes what the others have left, which is nothing up to 1",
    ),
    (r"kernels\.gamma\..*:neighbour:\d+", r"np\.floor -> np\.ceil", _INTEGER),
    (r".*:branch:\d+", r"([\w.]+)\((.*)\) if (\w+) is None else \1\(\2, out=\3\) -> .*", _GIVEN_BACK),
    (
        r"kernels\.distances\._parts:.*",
        r"ROWS // max\(.*\) -> .*",
        "how many rows are taken at a time, of which each is computed by itself; below 1 it is 1",
    ),
    (r"kernels\.pooling\._ends:.*", r"([mk]) - 1 -> \1( \+ 1)?", _ROOM),
)


#: What is common to survivors that are not equivalent, by patterns of id and change: they count as survivors.
_UNSEEN: tuple[tuple[str, str, str], ...] = (
    (
        r"kernels\.pairs\..*|kernels\.gamma\._(incomplete|of_small|hurwitz|trigamma_left):.*"
        r"|kernels\.error_functions\._erfinv_far:.*"
        r"|kernels\.(gamma|error_functions)\..*lambda.*:constant:\d+|kernels\.(error_functions\.(erf|erfc|erfinv|ndtr)|"
        r"elementary\.log1p|norms\.p_norm):.*|kernels\.norms\._sum_of_powers:.*|kernels\.creation\.linspace:.*"
        r"|kernels\.decompositions\._pade:swapped:\d+|kernels\.arithmetic\.lerp:dropped call:1",
        r".*",
        "two good ways to one result, or a term past its last digit: less than the yardstick and the measures see",
    ),
    (
        r".*:dropped call:\d+",
        r".*astype\(np\.(float(32|64)|complex128 if ).*",
        "computed in the argument's own precision: roundings",
    ),
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
    (
        r"kernels\.polynomials\._climbed:.*",
        r".*(n - k|plain|steep).*",
        "the sign of what overflows, where torch has nan: nobody is held to that",
    ),
    (r"kernels\.counts\..*", r".*", "which of many draws is refused: seldom another one"),
)


def reason(id: str, change: str) -> str:
    """Why no program can tell this mutant; empty if that is not known."""
    return (EQUIVALENT[id] if id in EQUIVALENT and stands(id, change) else "") or _first(_ALIKE, id, change)


def stands(id: str, change: str) -> bool:
    """Whether a listed mutant is still the change that was meant, and not another one of its number."""
    return " ".join(change.split()).startswith(" ".join(_STOOD[id].split()))


def heading(id: str, change: str) -> str:
    """What a survivor has in common with others; empty if that is not known."""
    return _first(_UNSEEN, id, change)


def _first(patterns: tuple[tuple[str, str, str], ...], id: str, change: str) -> str:
    matching = (why for ids, changes, why in patterns if _fits(ids, id) and _fits(changes, change))
    return next(matching, "")


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.S) is not None


def _parted(listed: str) -> tuple[str, str]:
    """Id and what stood there; of rows, which have no number, the id alone."""
    if listed.startswith("row "):
        return listed, ""
    found = re.fullmatch(r"(.*?:[a-z ]+:\d+) (.*)", listed, re.S)
    assert found, listed
    return found[1], found[2]


_LISTED = {_parted(listed): reason for reason, all_listed in _BY_REASON.items() for listed in all_listed}
EQUIVALENT: Mapping[str, str] = {id: reason for (id, _), reason in _LISTED.items()}
_STOOD: Mapping[str, str] = dict(_LISTED.keys())
