"""Losses over classes, and the table of embeddings: linear in what they read from."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
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
    lambda g, input: ops.zeros_like(input),
    None,
    None,
    inputs=("grad", "input", "target", "weight"),
    node="NllLossBackwardBackward0",
)


def _cross_entropy(g: Any, soft: Any, target: Any, weight: Any, ignore: int, reduction: str, input_shape: Any) -> Any:
    """By the gradient of the loss, and in second order by that of the softmax that the first order read."""
    by_loss, by_soft = g
    found = None
    if by_loss is not None:
        found = ops.cross_entropy_backward(by_loss, soft, target, weight, ignore=ignore, reduction=reduction)
    if by_soft is not None:
        more = ops.softmax_backward(by_soft, soft, dims=(len(input_shape) - 1,))
        found = more if found is None else found + more
    return found


def _across(g: Any, soft: Any) -> Any:
    return g - ops.sum(g * soft, dims=(_last(soft),), keepdim=True)


def _last(x: Any) -> int:
    return len(x.shape) - 1


# One node in place of torch's two, log_softmax and nll_loss: nothing is written but the softmax.
general(
    "cross_entropy",
    classes.cross_entropy,
    _cross_entropy,
    None,
    None,
    inputs=("input", "target", "weight"),
    outputs=("out", "soft"),
    node="NllLossBackward0",
    materializes=False,
)
general(
    "cross_entropy_backward",
    classes.cross_entropy_backward,
    lambda g, soft, target, weight, ignore, reduction: ops.nll_loss(
        _across(g, soft), target, weight, ignore=ignore, reduction=reduction
    ),
    lambda g, grad, soft, target, weight, ignore, reduction: (
        -g
        * ops.sum(
            ops.nll_adjoint(grad, soft, target, weight, ignore=ignore, reduction=reduction),
            dims=(_last(soft),),
            keepdim=True,
        )
    ),
    None,
    None,
    inputs=("grad", "soft", "target", "weight"),
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
