"""Forward lines of losses over classes, and of embedding, which like them picks rows by class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.activation import log_softmax
from parity.truth.balls import arb, balls, is_discrete
from parity.truth.loss import reduced, with_logits
from parity.truth.table import LINES, NoTruth, forward


def _negative_log_likelihood(input: Array, target: Array, weight: Any, ignore_index: int, reduction: str) -> Array:
    classes = 1 if input.ndim > 1 else 0
    kept = target != ignore_index
    safe = np.where(kept, target, 0)
    chosen = np.take_along_axis(input, np.expand_dims(safe, classes), classes).squeeze(classes)
    class_weights = balls(np.ones(input.shape[classes])) if weight is None else weight
    weights = np.asarray(class_weights[safe] * kept, dtype=object)
    return reduced(-weights * chosen, reduction, weights)


@forward("nn.functional.nll_loss")
def _(input: Array, target: Array, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
      reduce: Any = None, reduction: str = "mean") -> Array:  # fmt: skip
    return _negative_log_likelihood(input, target, weight, ignore_index, reduction)


@forward("nn.functional.cross_entropy")
def _(input: Array, target: Array, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
      reduce: Any = None, reduction: str = "mean", label_smoothing: float = 0.0) -> Any:  # fmt: skip
    classes = 1 if input.ndim > 1 else 0
    logs = log_softmax(input, classes)
    n = input.shape[classes]
    shape = [n if d == classes else 1 for d in range(input.ndim)]
    scale = balls(np.ones(n)) if weight is None else weight
    if not is_discrete(target):
        smooth = target * (1 - arb(label_smoothing)) + arb(label_smoothing) / n
        losses = -np.sum(logs * smooth * scale.reshape(shape), axis=classes)
        losses = np.asarray(losses, dtype=object)
        if reduction != "mean":
            return reduced(losses, reduction)
        return np.asarray(np.sum(losses), dtype=object) / balls(input.size // n)
    plain = _negative_log_likelihood(logs, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return plain
    kept = target != ignore_index
    spread = np.asarray(-np.sum(logs * scale.reshape(shape), axis=classes), dtype=object) * kept
    weights = np.asarray(scale[np.where(kept, target, 0)] * kept, dtype=object)
    smooth = reduced(np.asarray(spread, dtype=object), reduction, weights)
    return plain * (1 - arb(label_smoothing)) + smooth * (arb(label_smoothing) / n)


@forward("nn.functional.embedding", conventional=True)
def _(input: Array, weight: Array, padding_idx: int | None = None, max_norm: Any = None,
      norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, *,
      unmoved: Mapping[str, Any]) -> Array:  # fmt: skip
    if max_norm is not None or scale_grad_by_freq:
        # Their gradient is torch's convention, not the derivative of the value.
        raise NoTruth("embedding with max_norm or scale_grad_by_freq")
    rows = weight[input]
    if padding_idx is not None:
        padded = input == padding_idx % len(weight)
        rows[padded] = unmoved["weight"][padding_idx]
    return rows


@forward("embedding", conventional=True)
def _(weight: Array, indices: Array, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False, *,
      unmoved: Mapping[str, Any]) -> Array:  # fmt: skip
    padded = None if padding_idx < 0 else padding_idx
    found: Array = LINES["nn.functional.embedding"](
        indices, weight, padded, scale_grad_by_freq=scale_grad_by_freq, unmoved=unmoved
    )
    return found


@forward("nn.functional.multilabel_soft_margin_loss")
def _(input: Array, target: Array, weight: Any = None, size_average: Any = None, reduce: Any = None,
      reduction: str = "mean") -> Array:  # fmt: skip
    losses = with_logits(input, target, weight, None, "none")
    return reduced(np.asarray(np.sum(losses, axis=-1), dtype=object) / balls(input.shape[-1]), reduction)
