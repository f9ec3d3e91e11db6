"""What a kind cannot tell of an operator under vmap: which general kernels go element by element, which leave leading
dimensions alone, and the few that want a rule of their own. Whatever stands nowhere goes sample by sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.batched import Batched, Levels, batched, laid_out, sizes, spread
from autodiff._core.batching import SHIFTS, Rule, aligned, each, in_line, leading
from autodiff._core.node import Many
from autodiff._core.primitive import Primitive
from autodiff._core.registry import PRIMITIVES, ops
from autodiff._core.tensor import Tensor, wrap

Given = tuple[Any, ...]
Params = dict[str, Any]


def _rule(rule: Rule, names: str) -> None:
    for name in names.split():
        PRIMITIVES[name].batch = rule


def rule(names: str) -> Callable[[Rule], Rule]:
    """Decorates the rule of these operators."""

    def enter(found: Rule) -> Rule:
        _rule(found, names)
        return found

    return enter


def composed(name: str, body: Callable[..., Any]) -> None:
    """One sample's result in terms of other operators, which have rules."""
    _rule(lambda p, inputs, params, levels: spread(body(*inputs, **params), levels), name)


# -- element by element ------------------------------------------------------------------------------------------
_rule(
    aligned,
    """
    softplus _softplus_backward logsigmoid _logsigmoid_backward elu _elu_backward elu_written _elu_written_backward
    celu _celu_backward celu_written _celu_written_backward silu _silu_backward mish _mish_backward gelu gelu_by_tanh
    addcmul addcdiv lerp_by_number lerp_by_tensor ldexp frexp power_of_tensors power_of_number _bessel_i
    _scaled_bessel_i where nan_to_num clamp_to_numbers clamp_to_low clamp_to_high clamp_to_tensors _within zeros_like
    complex polar angle_of_complex angle_of_real _spherical masked_fill round_to hardtanh _hardtanh_backward
    softshrink _softshrink_backward hardshrink _hardshrink_backward threshold _threshold_backward threshold_written
    _threshold_written_backward hardswish _hardswish_backward hardsigmoid _hardsigmoid_backward leaky_relu
    _leaky_relu_backward leaky_relu_written _leaky_relu_written_backward rrelu_with_noise _rrelu_with_noise_backward
    rrelu_with_noise_written _rrelu_with_noise_written_backward logit polygamma_of mvlgamma _mvdigamma _igamma _igammac
    _eq_written _eq_number_written _ne_written _ne_number_written _lt_written _lt_number_written _le_written
    _le_number_written _gt_written _gt_number_written _ge_written _ge_number_written _native_dropout
    _add_scaled _sub_scaled _rsub_scaled _rsub_scaled_from_number _tanh_backward _sigmoid_backward _one_more
    _rsqrt_slope _softsign
    """,
)

# -- along named dimensions, or the last ones --------------------------------------------------------------------
_rule(
    leading,
    """
    glu softmax safe_softmax softmax_backward log_softmax log_softmax_backward standardize standardize_backward
    diagonal_scatter slice_scatter select_scatter split split_with_sizes unbind split_copy
    split_with_sizes_copy unbind_copy unsafe_split unsafe_split_with_sizes
    sort stable_sort topk argsort aminmax ties max_at min_at place pick var_mean std_mean nonzeros prod cumprod recur
    cummax cummin logcumsumexp gather gather_back scatter scatter_add scatter_value median_at nanmedian_at kthvalue mode
    cross gaps cholesky cholesky_ex lu_factor_ex lu lu_parts qr inverse lu_solve det inverse_of_factors slogdet
    matrix_exp eigh eig svd adjugate adjugate_along
    """,
)
_rule(each, "arranged replayed replayed_back as_strided as_strided_copy strided_back strided_read")


@rule("cat stack")
def _joining(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """An empty vector joins tensors of any number of dimensions, as long as it is one."""
    return (each if any(x._array.shape == (0,) for x in inputs) else leading)(p, inputs, params, levels)


@rule("index_select select_back")
def _along(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """Positions that all samples share serve them at once."""
    x, index = inputs
    if isinstance(index, Batched) or not x._array.ndim:
        return each(p, inputs, params, levels)
    moved = {n: SHIFTS[n](v, len(levels), sizes(levels)) for n, v in params.items()}
    return p.op(spread(x, levels), index, **moved)


@rule("index")
def _index(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """Indices of the samples' own, beside a counter of the samples; or whole dimensions of samples."""
    indices = params["indices"]
    k, value = len(levels), spread(inputs[0], levels)
    chosen = [d for d, i in enumerate(indices) if isinstance(i, Tensor)]
    ndim = max(indices[d]._array.ndim for d in chosen)
    together = chosen == list(range(chosen[0], chosen[0] + len(chosen)))
    if not any(isinstance(i, Batched) for i in indices):
        found = p.op(value, indices=Many([slice(None)] * k + list(indices)))
        # Indices that stand apart put what they pick in front of everything, the samples too.
        return found if together else _moved(found, range(ndim, ndim + k), 0)
    counters = [
        wrap(np.arange(n).reshape([-1 if j == i else 1 for j in range(k + ndim)])) for i, n in enumerate(sizes(levels))
    ]
    own = [laid_out(i, levels, ndim) if isinstance(i, Batched) else i for i in indices]
    found = p.op(value, indices=Many([*counters, *own]))
    return _moved(found, range(k, k + ndim), k + chosen[0]) if together else found


def _moved(x: Tensor, dims: range, place: int) -> Tensor:
    """Neighbouring dimensions moved so that the first of them stands at a place."""
    order = [d for d in range(x._array.ndim) if d not in dims]
    order[place:place] = dims
    return ops.permute(x, dims=tuple(order))  # type: ignore[no-any-return]


@rule("masked_select")
def _masked_select(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    return (_dynamic if isinstance(inputs[1], Batched) else each)(p, inputs, params, levels)


@rule("unique unique_dim unique_consecutive")
def _dynamic(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    raise RuntimeError(f"vmap: {p.name} gives each sample a shape of its own, a dynamic shape")


@rule("layer_norm")
def _layer_norm(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    x, weight, bias = inputs
    if isinstance(weight, Batched) or isinstance(bias, Batched):
        found = ops.standardize(x, **params)
        found = found if weight is None else found * weight
        return spread(found if bias is None else found + bias, levels)
    return p.op(
        spread(x, levels), weight, bias, dims=tuple([d + len(levels) for d in params["dims"]]), eps=params["eps"]
    )


@rule("embedding embedding_read")
def _embedding(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """A table that all samples share is read at all their indices at once; tables of their own lie in one below."""
    weight, indices = inputs
    if not isinstance(weight, Batched):
        if params["by_frequency"]:
            return each(p, inputs, params, levels)
        return p.op(weight, spread(indices, levels), **params)
    return each(p, inputs, params, levels)


@rule("copy fill")
def _written(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """What is written over decides the shape."""
    target, source = inputs
    return aligned(p, (batched(spread(target, levels), levels), source), params, levels)


# -- every element of a sample -----------------------------------------------------------------------------------
def _all_dims(x: Any) -> tuple[int, ...]:
    return tuple(range(x._array.ndim))


composed("sum_all", lambda x: ops.sum(x, dims=_all_dims(x), keepdim=False))
composed("mean_all", lambda x: ops.mean(x, dims=_all_dims(x), keepdim=False))
composed("prod_all", lambda x: ops.prod(ops.reshape_to(x, shape=(-1,)), dim=0, keepdim=False))
composed("trace", lambda x: ops.sum(ops.diagonal(x, offset=0, dim1=0, dim2=1), dims=(0,), keepdim=False))
composed("masked_fill_tensor", lambda input, value, mask: ops.where(mask, value, input))


@rule("median_all nanmedian_all")
def _median(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    (x,) = inputs
    if not x._array.size:
        return each(p, inputs, params, levels)
    flat = ops.reshape_to(x, shape=(-1,))
    return spread(getattr(ops, p.name.replace("_all", "_at"))(flat, dim=0, keepdim=False)[0], levels)


@rule("argmax argmin")
def _place_of_extreme(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    (x,) = inputs
    if params["dim"] is not None or not x._array.ndim:
        return leading(p, inputs, params, levels)
    found = p.op(ops.reshape_to(x, shape=(-1,)), dim=0, keepdim=False)
    return spread(ops.view(found, shape=(1,) * x._array.ndim) if params["keepdim"] else found, levels)


@rule("mse_loss huber_loss smooth_l1_loss soft_margin_loss binary_cross_entropy binary_cross_entropy_with_logits")
def _loss(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """Each element's loss, and a sample's sum or mean."""
    found = batched(p.op(*in_line(inputs, levels), **params | {"reduction": "none"}), levels)
    if params["reduction"] != "none":
        reduce = ops.mean if params["reduction"] == "mean" else ops.sum
        found = reduce(found, dims=_all_dims(found), keepdim=False)
    return spread(found, levels)


@rule("nll_loss cross_entropy")
def _classes(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """The rows of all samples as rows of one, each sample's loss the sum or the mean of its rows that count."""
    x, target, weight = inputs
    if weight is not None or x._array.ndim > 2 or target._array.ndim != x._array.ndim - 1:
        return each(p, inputs, params, levels)
    lead, rows = sizes(levels), target._array.shape
    count = math.prod((*lead, *rows))
    flat = [
        ops.reshape_to(spread(t, levels), shape=shape)
        for t, shape in ((x, (count, x._array.shape[-1])), (target, (count,)))
    ]
    made = p.op(*flat, None, **params | {"reduction": "none"})
    losses, *beside = made if isinstance(made, tuple) else (made,)
    found = ops.reshape_to(losses, shape=(*lead, *rows))
    if params["reduction"] != "none":
        within = tuple(range(len(lead), found._array.ndim))
        found = ops.sum(found, dims=within, keepdim=False)
        if params["reduction"] == "mean":
            number: Any = math.prod(rows) or math.nan
            if params["ignore"] is not None:
                counts = ops.to(ops.ne(spread(target, levels), params["ignore"]), dtype=found._array.dtype)
                number = ops.sum(counts, dims=within, keepdim=False)
            found = found / number
    # What the fused operator keeps for its gradient is shown as well.
    return (found, *[ops.reshape_to(t, shape=(*lead, *rows, t._array.shape[-1])) for t in beside]) if beside else found


@rule("im2col col2im channel_shuffle")
def _images(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """Each image goes alone: those of all samples are one pile."""
    (x,) = inputs
    lead = sizes(levels)
    if x._array.ndim == {"im2col": 3, "col2im": 2}.get(p.name):  # one image by itself: the samples are the pile
        found = p.op(ops.reshape_to(spread(x, levels), shape=(math.prod(lead), *x._array.shape)), **params)
        return ops.reshape_to(found, shape=(*lead, *found._array.shape[1:]))
    count, *rest = x._array.shape
    found = p.op(ops.reshape_to(spread(x, levels), shape=(math.prod(lead) * count, *rest)), **params)
    return ops.reshape_to(found, shape=(*lead, count, *found._array.shape[1:]))


# -- geometry that counts from the last dimension ----------------------------------------------------------------
composed("t_copy", lambda x: ops.clone(ops.t(x)))
composed("t", lambda x: ops.permute(x, dims=_all_dims(x)[::-1]))


def _with_ones(x: Tensor, ndim: int, levels: Levels) -> Tensor:
    """All samples of x, each with leading dimensions of size 1."""
    return laid_out(batched(spread(x, levels), levels), levels, ndim)


@rule("unsqueeze unsqueeze_copy keep_dims")
def _more_dims(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """Dimensions that are made: a 0-dim sample may be given some."""
    k = len(levels)
    return p.op(spread(inputs[0], levels), **{n: SHIFTS[n](v, k, sizes(levels)) for n, v in params.items()})


@rule("permute permute_copy")
def _permute(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    k = len(levels)
    return p.op(spread(inputs[0], levels), dims=(*range(k), *[d + k for d in params["dims"]]))


@rule("expand expand_copy")
def _expand(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    shape = params["shape"]
    return p.op(_with_ones(inputs[0], len(shape), levels), shape=(*sizes(levels), *shape))


@rule("repeat")
def _repeat(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    times = params["times"]
    return p.op(_with_ones(inputs[0], len(times), levels), times=(*(1,) * len(levels), *times))


@rule("sum_to")
def _sum_to(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    (x,), shape = inputs, params["shape"]
    ones = (1,) * (x._array.ndim - len(shape))
    found = p.op(spread(x, levels), shape=(*sizes(levels), *ones, *shape))
    return ops.reshape_to(found, shape=(*sizes(levels), *shape)) if ones else found


@rule("sum_repeats")
def _sum_repeats(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    (x,), shape, times = inputs, params["shape"], params["times"]
    lead, ones = sizes(levels), (1,) * (len(times) - len(shape))
    found = p.op(spread(x, levels), shape=(*lead, *ones, *shape), times=(*(1,) * len(lead), *times))
    return ops.reshape_to(found, shape=(*lead, *shape)) if ones else found


# -- products ----------------------------------------------------------------------------------------------------
@rule("mm")
def _mm(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """Rows of all samples by one matrix are one product; else a product for each."""
    x, y = inputs
    if not isinstance(y, Batched):
        n, inner = x._array.shape
        rows = ops.reshape_to(spread(x, levels), shape=(math.prod(sizes(levels)) * n, inner))
        return ops.reshape_to(p.op(rows, y), shape=(*sizes(levels), n, y._array.shape[1]))
    return _bmm(p, inputs, params, levels)


composed("_mm_with_adjoint", lambda x, y: ops.mm(x, ops.adjoint(y)))
composed("_mm_of_adjoint", lambda x, y: ops.mm(ops.adjoint(x), y))


@rule("bmm")
def _bmm(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    return ops.bmm(*in_line(inputs, levels))


composed("mv", lambda x, y: ops.select(ops.bmm(x, ops.unsqueeze(y, dim=1)), dim=1, index=0))
composed(
    "dot",
    lambda x, y: ops.view(ops.bmm(ops.unsqueeze(x, dim=0), ops.unsqueeze(y, dim=1)), shape=()),
)
composed("vdot", lambda x, y: ops.dot(ops.conj(x), y))
composed("trilinear", lambda x, w, y: ops.einsum("...kj,...j->...k", ops.einsum("...i,kij->...kj", x, w), y))
composed("outer", lambda x, y: ops.unsqueeze(x, dim=1) * ops.unsqueeze(y, dim=0))
composed("linear", lambda x, weight: ops.mm(x, ops.transposed(weight)))
composed("linear_with_bias", lambda bias, x, weight: ops.mm(x, ops.transposed(weight)) + bias)


def _weighed(input: Any, product: Any, beta: Any, alpha: Any, skips: bool) -> Any:
    """beta 0 leaves its term out, nan or not; alpha 0 where the kernel does."""
    if alpha == 0 and skips:
        product = ops.zeros_like(product)
    elif alpha != 1:
        product = product * alpha
    return product if beta == 0 else product + (input if beta == 1 else input * beta)


composed("addmm", lambda input, x, y, beta, alpha: _weighed(input, ops.mm(x, y), beta, alpha, True))
composed("baddbmm", lambda input, x, y, beta, alpha: _weighed(input, ops.bmm(x, y), beta, alpha, False))
composed("addmv", lambda input, x, y, beta, alpha: _weighed(input, ops.mv(x, y), beta, alpha, True))


@rule("contraction")
def _contraction(p: Primitive, inputs: Given, params: Params, levels: Levels) -> Any:
    """An index more for the samples, the first of those that have them and of the result."""
    terms, result, shape = params["terms"], params["result"], params["shape"]
    first = 1 + max((label for term in (*terms, result) for label in term), default=-1)
    added = tuple(range(first, first + len(levels)))
    return p.op(
        *[spread(x, levels) if isinstance(x, Batched) else x for x in inputs],
        terms=tuple([(*added, *term) if isinstance(x, Batched) else term for x, term in zip(inputs, terms)]),
        result=(*added, *result),
        shape=(*sizes(levels), *shape),
    )
