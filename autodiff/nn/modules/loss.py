"""Losses as modules."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from typing import Any

from autodiff._functions.loss import reduction_of
from autodiff.nn import functional
from autodiff.nn.modules.layer import Layer, layer
from autodiff.nn.modules.linear import Linear
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


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How torch takes a batch of linear_cross_entropy in pieces: checked and kept; here it is whole."""

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method not in (None, "auto") and not re.fullmatch(
            "aspect_ratio(:0*[1-9][0-9]*)?", self.chunking_method or ""
        ):
            raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and not getattr(self.acc_dtype, "is_floating_point", False):
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, torch.float64}, got "
                f"{self.acc_dtype!r}. Pass acc_dtype=None to let the op pick automatically."
            )


class LinearCrossEntropyLoss(_WeightedLoss):
    """A linear layer and CrossEntropyLoss of its scores; `out_features` are the dimensions of a loss of several."""

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Any = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, None, None, reduction)
        self.num_classes, self.out_features = num_classes, out_features
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        self.linear = Linear(in_features, math.prod((num_classes, *out_features)), bias, device, dtype)
        self.options = options

    def forward(self, input: Any, target: Any) -> Any:
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return functional.linear_cross_entropy(
            input,
            self.linear.weight.reshape((*shape, self.linear.in_features)),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        told: dict[str, Any] = {
            "in_features": self.linear.in_features,
            "num_classes": self.num_classes,
            "out_features": self.out_features,
            "bias": self.linear.bias is not None,
            "reduction": self.reduction,
            "ignore_index": self.ignore_index,
            "label_smoothing": self.label_smoothing,
            "options": self.options,
        }
        return ", ".join(f"{name}={value}" for name, value in told.items())


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
