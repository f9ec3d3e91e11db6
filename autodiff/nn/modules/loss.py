"""Losses as modules."""

from __future__ import annotations

from typing import Any

from autodiff.nn import functional
from autodiff.nn.modules.layer import layer
from autodiff.nn.modules.module import Module
from autodiff.nn.modules.shaping import PairwiseDistance

L1Loss = layer("L1Loss", "l1_loss", inputs=2, settings="size_average reduce reduction")
MSELoss = layer("MSELoss", "mse_loss", inputs=2, settings="size_average reduce reduction")
SmoothL1Loss = layer("SmoothL1Loss", "smooth_l1_loss", inputs=2, settings="size_average reduce reduction beta")
HuberLoss = layer("HuberLoss", "huber_loss", inputs=2, settings="reduction delta")
NLLLoss = layer("NLLLoss", "nll_loss", inputs=2)
CrossEntropyLoss = layer("CrossEntropyLoss", "cross_entropy", inputs=2)
BCELoss = layer("BCELoss", "binary_cross_entropy", inputs=2)
BCEWithLogitsLoss = layer("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", inputs=2)
KLDivLoss = layer("KLDivLoss", "kl_div", inputs=2)
SoftMarginLoss = layer("SoftMarginLoss", "soft_margin_loss", inputs=2)
PoissonNLLLoss = layer("PoissonNLLLoss", "poisson_nll_loss", inputs=2)
HingeEmbeddingLoss = layer("HingeEmbeddingLoss", "hinge_embedding_loss", inputs=2)
MultiLabelSoftMarginLoss = layer("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", inputs=2)
CosineEmbeddingLoss = layer("CosineEmbeddingLoss", "cosine_embedding_loss", inputs=3)
MarginRankingLoss = layer("MarginRankingLoss", "margin_ranking_loss", inputs=3)
TripletMarginLoss = layer("TripletMarginLoss", "triplet_margin_loss", inputs=3)


class GaussianNLLLoss(Module):
    """The negative log of a normal density whose variance is given with the mean."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__()
        self.full, self.eps, self.reduction = full, eps, reduction

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return functional.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class TripletMarginWithDistanceLoss(Module):
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


CTCLoss = layer("CTCLoss", "ctc_loss", settings="blank reduction zero_infinity", inputs=4)
MultiLabelMarginLoss = layer("MultiLabelMarginLoss", "multilabel_margin_loss", inputs=2)
MultiMarginLoss = layer("MultiMarginLoss", "multi_margin_loss", inputs=2)
