"""Losses over classes, and the table of embeddings: linear in what they read from."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._core.sparse import Scattered
from autodiff._kernels import classes

for _name, _title in (("nll_loss", "NllLossBackward0"), ("nll_loss_2d", "NllLoss2DBackward0")):
    general(
        _name,
        classes.nll_loss,
        lambda g, input, target, weight, ignore, reduction: ops.nll_adjoint(
            g, input, target, weight, ignore=ignore, reduction=reduction
        ),
        None,
        None,
        inputs=("input", "target", "weight"),
        node=_title,
    )
general(
    "nll_adjoint",
    classes.nll_adjoint,
    lambda g, target, weight, ignore, reduction: ops.nll_loss(g, target, weight, ignore=ignore, reduction=reduction),
    lambda g: ops.zeros_like(g),
    None,
    None,
    inputs=("grad", "input", "target", "weight"),
    node="NllLossBackwardBackward0",
)


def _cross_entropy(g: Any, exps: Any, sums: Any, target: Any, weight: Any, ignore: int, reduction: str) -> Any:
    """By the gradient of the loss, and in second order by that of the exponentials that the first order read."""
    by_loss, by_exps, by_sums = g
    found = None
    if by_loss is not None:
        found = ops.cross_entropy_backward(by_loss, exps, sums, target, weight, ignore=ignore, reduction=reduction)
    if by_exps is not None or by_sums is not None:
        # The shift counts for nothing: no ratio of exponentials depends on it.
        more = exps * (by_exps if by_sums is None else by_sums if by_exps is None else by_exps + by_sums)
        found = more if found is None else found + more
    return found


def _last(x: Any) -> int:
    return len(x.shape) - 1


def _across(x: Any) -> Any:
    return ops.sum(x, dims=(_last(x),), keepdim=True)


def _by_softmax(g: Any, grad: Any, exps: Any, target: Any, weight: Any, ignore: int, reduction: str) -> Any:
    """The gradient of cross_entropy_backward by the softmax: g times what each row counts."""
    return -g * _across(ops.nll_adjoint(grad, exps, target, weight, ignore=ignore, reduction=reduction))


# One node in place of torch's two, log_softmax and nll_loss: nothing is written but the exponentials.
general(
    "cross_entropy",
    classes.cross_entropy,
    _cross_entropy,
    None,
    None,
    inputs=("input", "target", "weight"),
    outputs=("out", "exps", "sums"),
    hooked=(1, 1),
    node="NllLossBackward0",
    materializes=False,
)
general(
    "cross_entropy_backward",
    classes.cross_entropy_backward,
    lambda g, exps, sums, target, weight, ignore, reduction: ops.nll_loss(
        g - _across(g * exps) / sums, target, weight, ignore=ignore, reduction=reduction
    ),
    lambda g, grad, exps, sums, target, weight, ignore, reduction: (
        _by_softmax(g, grad, exps, target, weight, ignore, reduction) / sums
    ),
    lambda g, grad, exps, sums, target, weight, ignore, reduction: (
        -_across(_by_softmax(g, grad, exps, target, weight, ignore, reduction) * exps) / (sums * sums)
    ),
    None,
    None,
    inputs=("grad", "exps", "sums", "target", "weight"),
    node="LogSoftmaxBackwardDataBackward0",
)
general(
    "embedding",
    classes.embedding,
    lambda g, indices, weight_shape, padding, by_frequency: ops.embedding_adjoint(
        g, indices, count=weight_shape[0], padding=padding, by_frequency=by_frequency
    ),
    None,
    inputs=("weight", "indices"),
    onto=lambda held, g, indices, padding, by_frequency: classes.embedding_onto(
        held, g, indices, padding, by_frequency
    ),
)


def _rows(g: Any, indices: Any, weight_shape: Any, padding: int | None, by_frequency: bool) -> Any:
    """The gradients of the rows that were read, without the others' zeros; of a recorded gradient with them."""
    if by_frequency:
        raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
    if hasattr(g, "_array"):
        return ops.embedding_adjoint(g, indices, count=weight_shape[0], padding=padding, by_frequency=False)
    read, rows = np.reshape(indices, -1), np.reshape(g, (-1, weight_shape[1]))
    if padding is not None:
        read, rows = read[read != padding], rows[read != padding]
    return Scattered(read, rows, weight_shape)


general(
    "embedding_rows",
    classes.embedding,
    lambda g, indices, weight_shape, padding, by_frequency: _rows(g, indices, weight_shape, padding, by_frequency),
    None,
    inputs=("weight", "indices"),
    node="EmbeddingBackward0",
)
general(
    "embedding_adjoint",
    classes.embedding_adjoint,
    lambda g, indices, padding, by_frequency: ops.embedding_read(
        g, indices, padding=padding, by_frequency=by_frequency
    ),
    None,
    inputs=("grad", "indices"),
    node="EmbeddingDenseBackwardBackward0",
)
general(
    "embedding_read",
    classes.embedding_read,
    lambda g, indices, weight_shape, padding, by_frequency: ops.embedding_adjoint(
        g, indices, count=weight_shape[0], padding=padding, by_frequency=by_frequency
    ),
    None,
    inputs=("weight", "indices"),
)
