"""Losses over classes, with torch's signatures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.batched import whole
from autodiff._core.function import function
from autodiff._core.promotion import guarded
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import contiguous
from autodiff._functions.loss import REDUCTIONS, constant, need_kernel, reduced, reduction_of
from autodiff._functions.matmul import linear

IGNORE = -100
LONG, BYTE = np.dtype(np.int64), np.dtype(np.uint8)


def _check_classes(input: Tensor, target: Tensor, weight: Tensor | None, ignore: int) -> tuple[Tensor, int | None]:
    """The targets as int64, and the class to ignore, None where no target can be it.

    Raises as torch does for shapes, dtypes and classes that do not fit.
    """
    a, t = input._array.shape, target._array.shape
    if not a:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if len(a) > 1:
        if not t or a[0] != t[0]:
            raise ValueError(f"Expected input batch_size ({a[0]}) to match target batch_size ({t[0] if t else 1}).")
        if (a[0], *a[2:]) != t:
            if len(a) == 2:
                raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
            raise RuntimeError(f"Expected target size {[a[0], *a[2:]]}, got {list(t)}")
    elif len(t) > 1 or t == (0,) or (t and t[0] != 1):
        raise ValueError(f"Expected input batch_size ({a[0]}) to match target batch_size ({t[0]}).")
    if target._array.dtype not in (LONG, BYTE):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {dtypes.title(target._array.dtype)}")
    classes = a[0] if len(a) == 1 else a[1]
    if weight is not None:
        if weight._array.shape != (classes,):
            raise RuntimeError(
                f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
                f"of shape: {list(weight._array.shape)}"
            )
        if weight._array.dtype is not input._array.dtype:
            d, e = (dtypes.title(x._array.dtype) for x in (input, weight))
            raise RuntimeError(f"expected scalar type {d} but found {e}")
    within = _check_range(whole(target), classes, ignore)
    if target._array.dtype != LONG:
        target = guarded(ops.to(target, dtype=LONG), target)
    return target, None if within and not 0 <= ignore < classes else ignore


def _check_range(target: Any, classes: int, ignore: int) -> bool:
    """Whether all targets are classes. Raises IndexError for one that is not, and is not ignored."""
    # Seen without their sign, numbers below 0 are larger than any class: one look finds both ends.
    if not target.size or np.maximum.reduce(target.reshape(-1).view(f"u{target.itemsize}")) < classes:
        return True
    outside = ((target < 0) | (target >= classes)) & (target != ignore)
    if outside.any():
        raise IndexError(f"Target {np.asarray(target)[np.asarray(outside)][0]} is out of bounds.")
    return False


@function("nn.functional")
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = IGNORE,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of the target's probability; the mean divides by the total weight of targets that count."""
    reduction = reduction_of(size_average, reduce, reduction)
    constant("nll_loss_forward", weight=weight)
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"nll_loss_out_frame\" not implemented for '{dtypes.title(input._array.dtype)}'")
    classes, ignored = _check_classes(input, target, weight, ignore_index)
    if input._array.ndim == 1:
        classes = guarded(ops.reshape_to(classes, shape=()), target)
    operator = ops.nll_loss if input._array.ndim < 3 else ops.nll_loss_2d
    shape = input._array.shape
    images = len(shape) == 3 or len(shape) > 4
    if images:  # torch makes images of whatever is neither vectors nor images
        wide = (1, math.prod(shape[2:])) if input._array.size else (0, 0)
        input = ops.view(contiguous(input), shape=(*shape[:2], *wide))
        classes = guarded(ops.reshape_to(classes, shape=(shape[0], *wide)), target)
    loss: Tensor = operator(input, classes, weight, ignore=ignored, reduction=reduction)
    if reduction == "none" and (images or target._array.shape != loss._array.shape):
        return ops.view(loss, shape=target._array.shape)  # type: ignore[no-any-return]
    return loss


@function("nn.functional")
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = IGNORE,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The loss of scores against classes, or against probabilities of the input's shape."""
    reduction = reduction_of(size_average, reduce, reduction)
    shape = input._array.shape
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if not shape:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    dim = 0 if len(shape) == 1 else 1
    if shape == target._array.shape:
        if target._array.dtype.kind != "f":
            raise RuntimeError(
                "Expected floating point type for target with class probabilities, got "
                + dtypes.title(target._array.dtype)
            )
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _against_probabilities(_log_softmax(input, dim), target, weight, reduction, label_smoothing, dim)
    if len(shape) < 3 and not label_smoothing:
        return _fused(input, target, weight, ignore_index, reduction)
    scores = _log_softmax(input, dim)
    loss: Tensor = nll_loss(scores, target, weight, ignore_index=ignore_index, reduction=reduction)
    if not label_smoothing:
        return loss
    return _smoothed(loss, scores, target, weight, ignore_index, reduction, label_smoothing, dim)


def _fused(input: Tensor, target: Tensor, weight: Tensor | None, ignore: int, reduction: str) -> Tensor:
    if weight is not None:
        constant("nll_loss_forward", weight=weight)
    need_kernel("log_softmax_lastdim_kernel_impl", input)
    classes, ignored = _check_classes(input, target, weight, ignore)
    shape = target._array.shape
    if input._array.ndim == 1 and shape:
        classes = guarded(ops.reshape_to(classes, shape=()), target)
    loss: Tensor
    loss, _, _ = ops.cross_entropy(input, classes, weight, ignore=ignored, reduction=reduction)
    return ops.view(loss, shape=shape) if reduction == "none" and shape != loss._array.shape else loss  # type: ignore[no-any-return]


def _log_softmax(input: Tensor, dim: int) -> Tensor:
    d = input._array.dtype
    if d.kind != "f":
        raise NotImplementedError(f"\"log_softmax_lastdim_kernel_impl\" not implemented for '{dtypes.title(d)}'")
    return ops.log_softmax(input, dims=(dim,))  # type: ignore[no-any-return]


def _by_class(weight: Tensor, ndim: int, dim: int) -> Tensor:
    """The classes' weights, in the shape that broadcasts over the scores."""
    return guarded(ops.reshape_to(weight, shape=tuple([-1 if i == dim else 1 for i in range(ndim)])), weight)


def _against_probabilities(
    scores: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float, dim: int
) -> Tensor:
    shape = scores._array.shape
    classes = shape[dim]
    if smoothing:
        target = ops.add(ops.mul(target, 1 - smoothing), smoothing / classes)
    product = ops.mul(scores, target)
    if weight is not None:
        product = ops.mul(product, _by_class(weight, len(shape), dim))
    if reduction == "none":
        return ops.neg(ops.sum(product, dims=(dim,), keepdim=False))  # type: ignore[no-any-return]
    whole = ops.neg(ops.sum_all(product))
    if reduction == "sum":
        return whole  # type: ignore[no-any-return]
    rows = scores._array.size // classes if classes else 0
    return ops.div(whole, rows or float("nan"))  # type: ignore[no-any-return]


def _smoothed(
    loss: Tensor,
    scores: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore: int,
    reduction: str,
    by: float,
    dim: int,
) -> Tensor:
    """A part `by` of the loss comes from all classes evenly."""
    weighted = scores if weight is None else ops.mul(scores, _by_class(weight, scores._array.ndim, dim))
    even = ops.neg(ops.sum(weighted, dims=(dim,), keepdim=False))
    classes = target._array.reshape(even._array.shape)
    counts = classes != ignore
    even = ops.where(wrap(counts), even, 0)
    if reduction != "none":
        even = ops.sum_all(even)
    if reduction == "mean":
        if weight is None:
            number: Any = int(np.count_nonzero(counts)) or float("nan")
        else:
            whole = np.asarray(weight._array)[np.asarray(classes)[np.asarray(counts)]].sum()
            number = wrap(dtypes.converted(whole, weight._array.dtype))
        even = ops.div(even, number)
    if even._array.shape != loss._array.shape:
        even = ops.view(even, shape=loss._array.shape)
    return ops.add(ops.mul(loss, 1 - by), ops.mul(even, by / scores._array.shape[dim]))  # type: ignore[no-any-return]


# -- several classes at once ------------------------------------------------------------------------------------------


@function("nn.functional")
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """cross_entropy of what a linear layer makes of the input; its weight is (classes, …, features).

    `options` say how torch takes the batch in pieces, which saves memory and changes no number; here it is whole.
    """
    shape, table = input._array.shape, linear_weight._array.shape
    if len(shape) not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {len(shape)}")
    if len(table) < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {len(table)}")
    if shape[-1] != table[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{shape[-1]} and {table[-1]}, respectively"
        )
    if linear_bias is not None and linear_bias._array.shape != table[:-1]:
        raise RuntimeError(f"expected linear_bias shape {table[:-1]}, got {linear_bias._array.shape}")
    if len(table) > 2 and len(shape) == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {table} requires batched input, (N, {shape[-1]}), got "
            f"unbatched input with shape {shape}"
        )
    logits = (*shape[:-1], *table[:-1])
    if target._array.shape == logits and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if len(table) > 2:
        linear_weight = ops.reshape(linear_weight, shape=(math.prod(table[:-1]), table[-1]))
        linear_bias = None if linear_bias is None else ops.reshape(linear_bias, shape=(math.prod(table[:-1]),))
    scores = linear(input, linear_weight, linear_bias)
    if len(table) > 2:
        scores = ops.reshape(scores, shape=logits)
    ignored = IGNORE if ignore_index is None else ignore_index
    return cross_entropy(scores, target, weight, None, ignored, None, reduction, label_smoothing)  # type: ignore[no-any-return]


@function("nn.functional")
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """binary_cross_entropy_with_logits, its mean over the classes: the last dimension."""
    if size_average is not None or reduce is not None:
        reduction = reduction_of(size_average, reduce, reduction)
    right = ops.mul(target, ops.logsigmoid(input))
    wrong = ops.mul(ops.sub(1, target), ops.logsigmoid(ops.neg(input)))
    losses = ops.neg(ops.add(right, wrong))
    if weight is not None:
        losses = ops.mul(losses, weight)
    last = input._array.ndim - 1
    count = input._array.shape[last]
    losses = ops.div(ops.sum(losses, dims=(losses._array.ndim - 1,), keepdim=False), count)
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    return reduced(losses, reduction)


@function("nn.functional")
def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """int64 rows that are 1 at each class number, 0 elsewhere; without a number of classes, as many as occur."""
    x = np.asarray(input._array)
    if x.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not x.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return wrap(np.zeros((*x.shape, num_classes), np.int64))
    if x.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(x.max()) + 1
    elif x.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((x[..., None] == np.arange(num_classes)).astype(np.int64))
