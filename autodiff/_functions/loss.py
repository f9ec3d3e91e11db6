"""Losses element by element, with torch's signatures."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.batched import whole
from autodiff._core.casting import brought
from autodiff._core.function import function
from autodiff._core.modes import no_grad, state
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor

#: torch's numbers for what `reduction` names, as its root functions take them.
REDUCTIONS = ("none", "mean", "sum")


def reduction_of(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction, also from torch's older pair of flags. Raises ValueError for an unknown one."""
    if size_average is not None or reduce is not None:
        chosen = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{chosen}' instead.", stacklevel=4
        )
        return chosen
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def numbered(reduction: int) -> str:
    """The reduction by torch's number for it.

    Its root functions say that it is 1 if left out, and take 0.
    """
    return REDUCTIONS[reduction] if reduction in (0, 1, 2) else "none"


def constant(name: str, **given: Tensor | None) -> None:
    """Raise RuntimeError where an argument that torch does not differentiate by requires grad."""
    for argument, x in given.items():
        if state.grad and x is not None and x.requires_grad:
            raise RuntimeError(
                f"The function '{name}' is not differentiable with respect to argument '{argument}'. This input cannot "
                "have requires_grad True."
            )


def need_kernel(name: str, x: Tensor, kinds: str = "f") -> None:
    """Raise NotImplementedError for a dtype that torch's kernel does not take."""
    if x._array.dtype.kind not in kinds:
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(x._array.dtype)}'")


def in_one_dtype(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors in the dtype that they are promoted to."""
    d = dtypes.result_type(t._array for t in tensors)
    return tuple([cast(t, d) for t in tensors])


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Each loss, or their sum or mean."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return ops.sum_all(losses)  # type: ignore[no-any-return]
    if losses._array.dtype.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            + dtypes.title(losses._array.dtype)
        )
    return ops.mean_all(losses)  # type: ignore[no-any-return]


def _of_one_shape(input: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    """Both in the shape they broadcast to, with torch's warning if they had to be."""
    a, b = input._array.shape, target._array.shape
    if a == b:
        return input, target
    warnings.warn(
        f"Using a target size ({_size(b)}) that is different to the input size ({_size(a)}). This will likely lead "
        "to incorrect results due to broadcasting. Please ensure they have the same size.",
        stacklevel=4,
    )
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(a, b)) from None
    return tuple([x if x._array.shape == shape else ops.expand(x, shape=shape) for x in (input, target)])


def _size(shape: tuple[int, ...]) -> str:
    return f"torch.Size({list(shape)})"


def _weighted(losses: Tensor, weight: Tensor, shape: tuple[int, ...], reduction: str, by_weight: bool) -> Tensor:
    """Losses times weights; the mean is over the total weight if so asked."""
    if weight._array.shape != shape:
        raise ValueError("Weights and input must have the same size.")
    losses = ops.mul(losses, weight)
    if reduction == "mean" and by_weight:
        return ops.div(ops.sum_all(losses), ops.sum_all(weight))  # type: ignore[no-any-return]
    return reduced(losses, reduction)


# -- of a difference --------------------------------------------------------------------------------------------------


@function("nn.functional")
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared difference: its mean, its sum, or each ("none")."""
    shape = input._array.shape
    reduction = reduction_of(size_average, reduce, reduction)
    input, target = _of_one_shape(input, target)
    if weight is None:
        input, target = brought("single", input, target)
    else:
        return _weighted(ops.square(ops.sub(input, target)), weight, shape, reduction, True)
    input, target = in_one_dtype(input, target)
    need_kernel("mse_cpu", input, "fc")
    return ops.mse_loss(input, target, reduction=reduction)  # type: ignore[no-any-return]


@function("nn.functional")
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute difference, with derivative 0 at 0: its mean, its sum, or each."""
    shape = input._array.shape
    reduction = reduction_of(size_average, reduce, reduction)
    input, target = _of_one_shape(input, target)
    if weight is None:
        input, target = brought("single", input, target)
    losses = ops.abs(ops.sub(input, target))
    return reduced(losses, reduction) if weight is None else _weighted(losses, weight, shape, reduction, True)


@function("nn.functional")
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The absolute difference less beta / 2, rounded off within beta of 0."""
    reduction = reduction_of(size_average, reduce, reduction)
    input, target = _of_one_shape(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduced(ops.abs(ops.sub(input, target)), reduction)
    input, target = in_one_dtype(input, target)
    need_kernel("smooth_l1_cpu", input)
    return ops.smooth_l1_loss(input, target, reduction=reduction, beta=beta)  # type: ignore[no-any-return]


@function("nn.functional")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Half the squared difference, and a straight line of slope delta from delta on."""
    shape = input._array.shape
    reduction_of(None, None, reduction)
    input, target = in_one_dtype(*_of_one_shape(input, target))
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    need_kernel("huber_cpu", input)
    if weight is None:
        return ops.huber_loss(input, target, reduction=reduction, delta=delta)  # type: ignore[no-any-return]
    losses = ops.huber_loss(input, target, reduction="none", delta=delta)
    return _weighted(losses, weight, shape, reduction, False)


# -- of probabilities -------------------------------------------------------------------------------------------------


@function("nn.functional")
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The loss of probabilities of one class against targets between 0 and 1; no logarithm counts less than -100."""
    reduction = reduction_of(size_average, reduce, reduction)
    x, y = input._array, target._array
    if x.shape != y.shape:
        raise ValueError(
            f"Using a target size ({_size(y.shape)}) that is different to the input size ({_size(x.shape)}) is "
            "deprecated. Please ensure they have the same size."
        )
    constant("binary_cross_entropy", weight=weight)
    if weight is not None:
        weight = cast(_expanded(weight, y.shape), x.dtype)
    if x.dtype is not y.dtype:
        raise RuntimeError(f"Found dtype {dtypes.title(y.dtype)} but expected {dtypes.title(x.dtype)}")
    need_kernel("binary_cross_entropy", input)
    for name, values in (("input", whole(input)), ("target", whole(target))):
        if not np.all((values >= 0) & (values <= 1)):
            raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    return ops.binary_cross_entropy(input, target, weight, reduction=reduction)  # type: ignore[no-any-return]


def _expanded(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    try:
        fits = np.broadcast_shapes(weight._array.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"Attempting to broadcast a weight of shape {list(weight._array.shape)}; but expected shape should be "
            f"broadcastable to {list(shape)}"
        )
    return ops.expand(weight, shape=shape)  # type: ignore[no-any-return]


def _with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str
) -> Tensor:
    x, y = input._array, target._array
    constant("binary_cross_entropy_with_logits", weight=weight, pos_weight=pos_weight)
    need_kernel("log_sigmoid_cpu", input)
    if y.dtype.kind != "f":
        raise RuntimeError(
            f"result type {dtypes.title(x.dtype)} can't be cast to the desired output type {dtypes.title(y.dtype)}"
        )
    # torch writes the loss over what it made of the target: in the target's shape and dtype.
    if x.shape != y.shape:
        try:
            shape = np.broadcast_shapes(x.shape, y.shape)
        except ValueError:
            raise RuntimeError(errors.cannot_broadcast(x.shape, y.shape)) from None
        if shape != y.shape:
            raise RuntimeError(f"output with shape {list(y.shape)} doesn't match the broadcast shape {list(shape)}")
        input = ops.expand(input, shape=shape)
    input = cast(input, y.dtype)
    weight, pos_weight = (w if w is None else cast(w, y.dtype) for w in (weight, pos_weight))
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction=reduction)  # type: ignore[no-any-return]


@function("nn.functional", name="binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits_function(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """binary_cross_entropy of the logistic function of the scores, safe for large ones."""
    reduction = reduction_of(size_average, reduce, reduction)
    a, b = input._array.shape, target._array.shape
    if a != b:
        raise ValueError(f"Target size ({_size(b)}) must be the same as input size ({_size(a)})")
    return _with_logits(input, target, weight, pos_weight, reduction)


@function(method=False)
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:
    """binary_cross_entropy of the logistic function of the scores; 0 stands for each, 1 for the mean, 2 for the sum."""
    return _with_logits(input, target, weight, pos_weight, numbered(reduction))


@function("nn.functional")
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + e^(-target input)) for targets 1 and -1."""
    reduction = reduction_of(size_average, reduce, reduction)
    constant("soft_margin_loss", target=target)
    input, target = in_one_dtype(input, target)
    need_kernel("soft_margin_loss", input)
    return ops.soft_margin_loss(input, target, reduction=reduction)  # type: ignore[no-any-return]


def _kl_div(input: Tensor, target: Tensor, reduction: str, log_target: bool) -> Tensor:
    for x in (input, target):
        kind = x._array.dtype.kind
        if kind == "c":
            raise RuntimeError("kl_div: Complex inputs not supported.")
        if kind != "f":
            raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        apart = ops.sub(target, input)  # first, as in torch: so hooks see its gradients last
        losses = ops.mul(ops.exp(target), apart)
    else:
        product = ops.mul(target, input)
        losses = ops.sub(ops._xlogy(target, target), product)
    return reduced(losses, reduction)


@function("nn.functional", name="kl_div")
def kl_div_function(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The divergence of log-probabilities from a target; "batchmean" divides the sum by the size of dimension 0."""
    shown = "sum" if reduction == "batchmean" else reduction
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the "
            "same as 'batchmean' in the next major release.",
            stacklevel=3,
        )
    whole = _kl_div(input, target, reduction_of(size_average, reduce, shown), log_target)
    if reduction != "batchmean" or not input._array.ndim:
        return whole
    return ops.div(whole, input._array.shape[0] or math.nan)  # type: ignore[no-any-return]


@function(method=False)
def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """The divergence of log-probabilities from a target; 0 stands for each, 1 for the mean, 2 for the sum."""
    return _kl_div(input, target, numbered(reduction), log_target)


# -- of a distribution's parameters -----------------------------------------------------------------------------------


def _poisson(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: str) -> Tensor:
    if log_input:
        losses = ops.sub(ops.exp(input), ops.mul(target, input))
    else:
        losses = ops.sub(input, ops.mul(target, ops.log(ops.add(input, eps))))
    if full:
        stirling = ops.add(
            ops.sub(ops.mul(target, ops.log(target)), target), ops.mul(ops.log(ops.mul(target, 2 * math.pi)), 0.5)
        )
        losses = ops.add(losses, ops.masked_fill(stirling, ops.le(target, 1), 0))
    return reduced(losses, reduction)


@function("nn.functional", name="poisson_nll_loss")
def poisson_nll_loss_function(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of a count's probability by its expected number, or that one's logarithm."""
    return _poisson(input, target, log_input, full, eps, reduction_of(size_average, reduce, reduction))


@function(method=False)
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """Minus the logarithm of a count's probability; 0 stands for each, 1 for the mean, 2 for the sum."""
    return _poisson(input, target, log_input, full, eps, numbered(reduction))


@function("nn.functional")
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Minus the logarithm of the target's density by mean and variance, which counts as at least eps."""
    shape = input._array.shape
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = ops.mul(ops.ones_like(input), var)
    elif np.any(whole(var) < 0):
        raise ValueError("var has negative entry/entries")
    own = var._array.shape
    if own != shape:
        if shape[:-1] == own:
            var = ops.unsqueeze(var, dim=len(own))
        elif len(own) != len(shape) or sum(b for a, b in zip(shape, own) if a != b) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    var = ops.clone(var)
    with no_grad():
        var.clamp_(min=eps)
    losses = ops.mul(ops.add(ops.log(var), ops.div(ops.square(ops.sub(input, target)), var)), 0.5)
    if full:
        losses = ops.add(losses, 0.5 * math.log(2 * math.pi))
    return reduced(losses, reduction)
