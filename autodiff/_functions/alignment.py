"""The loss of texts that may be aligned with frames in many ways, with torch's signature."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.loss import need_kernel, numbered, reduction_of


def _listed(given: Any) -> tuple[int, ...]:
    values = given._array.reshape(-1) if isinstance(given, Tensor) else given
    return tuple([int(n) for n in values])


def _rows(targets: Tensor, lengths: tuple[int, ...]) -> list[Any]:
    """The text of each sample; they may stand one after the other in a vector."""
    values = targets._array
    if values.ndim == 1:
        if len(values) != sum(lengths):
            raise RuntimeError(
                f"Expected tensor to have size {sum(lengths)} at dimension 0, but got size {len(values)} for argument "
                "#2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
            )
        ends = np.cumsum(lengths)
        return [values[end - n : end].astype(np.int64) for n, end in zip(lengths, ends)]
    if values.shape[1] < max(lengths, default=0):
        raise RuntimeError(
            f"Expected tensor to have size at least {max(lengths)} at dimension 1, but got size {values.shape[1]} for "
            "argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
        )
    return list(values.astype(np.int64))


def _loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int, reduction: str, zero: bool
) -> Tensor:
    single = log_probs._array.ndim == 2
    x = ops.unsqueeze(log_probs, dim=1) if single else log_probs
    if single and targets._array.ndim == 1:
        targets = ops.unsqueeze(targets, dim=0)
    if x._array.ndim != 3:
        raise RuntimeError(f"Expected 2 or 3 dimensions of log_probs, but got {log_probs._array.ndim}")
    frames, lengths = _listed(input_lengths), _listed(target_lengths)
    total, samples, classes = x._array.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, found in (("input_lengths", frames), ("target_lengths", lengths)):
        if len(found) != samples:
            raise RuntimeError(f"{name} must be of size batch_size")
    if max(frames, default=0) > total:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {total}, but got value {max(frames)} (while checking "
            "arguments for ctc_loss_allocate_outputs)"
        )
    if targets._array.dtype.kind not in "iu":
        targets = ops.to(targets, dtype=np.dtype(np.int64))
    need_kernel("ctc_loss_cpu", x)
    if dtypes.is_half(x._array.dtype):
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{dtypes.title(x._array.dtype)}'")
    rows = _rows(targets, lengths)
    losses = ops.ctc_loss(x, targets, rows=rows, frames=frames, lengths=lengths, blank=blank, zero_infinity=zero)
    if zero:
        losses = ops.masked_fill(losses, wrap(losses._array == math.inf), 0.0)
    if reduction == "mean":
        weights = np.maximum(lengths, 1).astype(x._array.dtype)
        return ops.mean_all(ops.div(losses, wrap(weights)))  # type: ignore[no-any-return]
    if reduction == "sum":
        return ops.sum_all(losses)  # type: ignore[no-any-return]
    return ops.squeeze1(losses, dims=(0,)) if single else losses


@function("nn.functional")
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the logarithm of a text's probability over all its alignments; (frames, samples, classes).

    The mean divides each loss by the length of its text first. The gradient is that by scores whose log_softmax the
    log-probabilities are.
    """
    reduction = reduction_of(None, None, reduction)
    return _loss(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity)


@function("", name="ctc_loss", method=False)
def root_ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the logarithm of a text's probability over all its alignments, the reduction by its number."""
    return _loss(log_probs, targets, input_lengths, target_lengths, blank, numbered(reduction), zero_infinity)
