"""Losses as modules."""

from __future__ import annotations

import warnings
from typing import Any

from autodiff._functions.loss import reduction_of
from autodiff.nn import functional
from autodiff.nn.modules.layer import Layer, layer
from autodiff.nn.modules.module import Module
from autodiff.nn.modules.shaping import PairwiseDistance


class _Loss(Module):
    """What losses share, for losses of one's own: how the losses of a batch become one number."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        super().__init__()
        legacy = size_average is not None or reduce is not None
        self.reduction = reduction_of(size_average, reduce, reduction) if legacy else reduction


class _WeightedLoss(_Loss):
    """A loss with a weight for each class, a buffer."""

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class _Row(Layer, _Loss):
    """A loss of nn.functional."""


class _WeightedRow(Layer, _WeightedLoss):
    """A loss of nn.functional with a weight for each class."""


L1Loss = layer("L1Loss", "l1_loss", inputs=2, settings="size_average reduce reduction", base=_Row)
MSELoss = layer("MSELoss", "mse_loss", inputs=2, settings="size_average reduce reduction", base=_Row)
SmoothL1Loss = layer(
    "SmoothL1Loss", "smooth_l1_loss", inputs=2, settings="size_average reduce reduction beta", base=_Row
)
HuberLoss = layer("HuberLoss", "huber_loss", inputs=2, settings="reduction delta", base=_Row)
NLLLoss = layer("NLLLoss", "nll_loss", inputs=2, base=_WeightedRow)
CrossEntropyLoss = layer("CrossEntropyLoss", "cross_entropy", inputs=2, base=_WeightedRow)
BCELoss = layer("BCELoss", "binary_cross_entropy", inputs=2, base=_WeightedRow)
BCEWithLogitsLoss = layer("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", inputs=2, base=_Row)
KLDivLoss = layer("KLDivLoss", "kl_div", inputs=2, base=_Row)
SoftMarginLoss = layer("SoftMarginLoss", "soft_margin_loss", inputs=2, base=_Row)


class NLLLoss2d(NLLLoss):  # type: ignore[misc,valid-type]
    """`NLLLoss` under a name of old. Warns: use NLLLoss, which takes images too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see "
            "https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(*args, **kwargs)


PoissonNLLLoss = layer("PoissonNLLLoss", "poisson_nll_loss", inputs=2, base=_Row)
HingeEmbeddingLoss = layer("HingeEmbeddingLoss", "hinge_embedding_loss", inputs=2, base=_Row)
MultiLabelSoftMarginLoss = layer("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", inputs=2, base=_WeightedRow)
CosineEmbeddingLoss = layer("CosineEmbeddingLoss", "cosine_embedding_loss", inputs=3, base=_Row)
MarginRankingLoss = layer("MarginRankingLoss", "margin_ranking_loss", inputs=3, base=_Row)
TripletMarginLoss = layer("TripletMarginLoss", "triplet_margin_loss", inputs=3, base=_Row)


class GaussianNLLLoss(_Loss):
    """The negative log of a normal density whose variance is given with the mean."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__()
        self.full, self.eps, self.reduction = full, eps, reduction

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return functional.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class TripletMarginWithDistanceLoss(_Loss):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) for a distance of one's own."""

    def __init__(
        self, *, distance_function: Any = None, margin: float = 1.0, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"{reduction} is not a valid value for reduction")
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap, self.reduction = margin, swap, reduction

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return functional.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


CTCLoss = layer("CTCLoss", "ctc_loss", settings="blank reduction zero_infinity", inputs=4, base=_Row)
MultiLabelMarginLoss = layer("MultiLabelMarginLoss", "multilabel_margin_loss", inputs=2, base=_Row)
MultiMarginLoss = layer("MultiMarginLoss", "multi_margin_loss", inputs=2, base=_WeightedRow)
