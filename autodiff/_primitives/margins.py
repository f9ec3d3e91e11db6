"""Losses by margins between the scores of classes, which torch differentiates once."""

from __future__ import annotations

from autodiff._core.kinds import general, unimplemented
from autodiff._core.registry import ops
from autodiff._kernels import margins

general(
    "_multi_margin",
    margins.multi_margin,
    lambda g, input, target, weight, p, margin, reduction: ops._multi_margin_back(
        g, input, target, weight, p=p, margin=margin, reduction=reduction
    ),
    None,
    None,
    inputs=("input", "target", "weight"),
    node="MultiMarginLossBackward0",
)
unimplemented(
    "_multi_margin_back",
    margins.multi_margin_back,
    operator="multi_margin_loss_backward",
    inputs="grad input target weight",
    without="target weight",
)
general(
    "_multilabel_margin",
    margins.multilabel_margin,
    lambda g, input, target, reduction: ops._multilabel_margin_back(g, input, target, reduction=reduction),
    None,
    inputs=("input", "target"),
    node="MultilabelMarginLossBackward0",
)
unimplemented(
    "_multilabel_margin_back",
    margins.multilabel_margin_back,
    operator="multilabel_margin_loss_backward",
    inputs="grad input target",
    without="target",
)
