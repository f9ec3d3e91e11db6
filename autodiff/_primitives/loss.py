"""Losses, and the table of embeddings: linear in what they read from."""

from __future__ import annotations

import math
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


def _mse(g: Any, input: Any, target: Any, reduction: str, input_shape: tuple[int, ...]) -> Any:
    twice = 2 / (math.prod(input_shape) or math.nan) if reduction == "mean" else 2
    return g * ((input - target) * twice)


general(
    "mse_loss",
    classes.mse_loss,
    _mse,
    lambda g, input, target, reduction, input_shape: -_mse(g, input, target, reduction, input_shape),
    inputs=("input", "target"),
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
