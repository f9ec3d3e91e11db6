"""Losses by margins between the scores of classes, with torch's signatures."""

from __future__ import annotations

import numpy as np

from autodiff._core import dtypes
from autodiff._core.batched import whole
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.loss import constant, need_kernel, reduction_of

LONG = np.dtype(np.int64)


def _check(name: str, input: Tensor, target: Tensor) -> None:
    if target._array.dtype != LONG:
        raise RuntimeError(f"expected scalar type Long but found {dtypes.title(target._array.dtype)}")
    need_kernel(name, input)
    if dtypes.is_half(input._array.dtype):
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


def _check_input(shape: tuple[int, ...]) -> None:
    if len(shape) > 2 or 0 in shape[-1:]:
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}"
        )


@function("nn.functional")
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """By how much other classes come nearer than a margin to the target's score, or its square; over the classes."""
    reduction = reduction_of(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight._array.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    shape, given = input._array.shape, target._array.shape
    _check_input(shape)
    samples = shape[0] if len(shape) == 2 else 1
    if len(given) > 1 or target._array.size != samples:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{samples}], but got {list(given)}. Input has shape {list(shape)}."
        )
    classes = shape[-1] if shape else 1
    if weight is not None and weight._array.shape != (classes,):
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight._array.shape)}")
    constant("multi_margin_loss", weight=weight)
    _check("multi_margin_loss_cpu_kernel", input, target)
    values = whole(target)
    if values.size and not 0 <= values.min() <= values.max() < classes:
        raise RuntimeError("target out of range")
    return ops._multi_margin(input, target, weight, p=p, margin=margin, reduction=reduction)  # type: ignore[no-any-return]


@function("nn.functional")
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """By how much other classes come nearer than 1 to each target's score, over the classes; -1 ends the targets."""
    reduction = reduction_of(size_average, reduce, reduction)
    shape = input._array.shape
    _check_input(shape)
    if target._array.shape != shape:
        raise RuntimeError(f"inconsistent target size: {list(target._array.shape)} for input of size: {list(shape)}")
    _check("multilabel_margin_loss_forward_out_frame", input, target)
    values = whole(target)
    if values.size and not -1 <= values.min() <= values.max() < max(shape[-1:], default=1):
        raise RuntimeError("argument #2 'target' is out of range")
    return ops._multilabel_margin(input, target, reduction=reduction)  # type: ignore[no-any-return]
