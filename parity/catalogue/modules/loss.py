"""Losses."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import ModuleSpec, fed, module, needed, of
from parity.configuration import Numbers

_HOW = of("sum", "none", "mean")
_CLASSES = "N: classes below C"
_WEIGHT = of(Numbers((4,)))
_FOUR = {"C": (4, 4)}


def _loss(name: str, *feeds: Any, **more: Any) -> ModuleSpec:
    return module(name, *feeds, kind="loss", reduction=_HOW, **more)


# fmt: off
ROWS = [
    *(_loss(name, "N C", "N C") for name in ("L1Loss", "MSELoss")),
    _loss("SmoothL1Loss", "N C", "N C", beta=of(0.3, 0.0)),
    _loss("HuberLoss", "N C", "N C", delta=of(0.3)),
    _loss("SoftMarginLoss", "N C", "N C: signs"),
    _loss("KLDivLoss", "N C: logs", "N C: share", log_target=of(True)),
    _loss("PoissonNLLLoss", "N C: positive", "N C: positive", log_input=of(False), full=of(True), eps=of(1e-3)),
    _loss("GaussianNLLLoss", "N C", "N C", "N C: positive", full=of(True), eps=of(1e-3)),
    _loss("HingeEmbeddingLoss", "N C", "N C: signs", margin=of(0.5)),
    _loss("BCELoss", "N C: share", "N C: binary", weight=_WEIGHT, ranges=_FOUR),
    _loss("BCEWithLogitsLoss", "N C", "N C: binary", weight=_WEIGHT, pos_weight=_WEIGHT, ranges=_FOUR),
    _loss("CrossEntropyLoss", "N C", _CLASSES, weight=_WEIGHT, ignore_index=of(1), label_smoothing=of(0.1),
          ranges=_FOUR),
    _loss("LinearCrossEntropyLoss", "N in_features", "N: classes below num_classes", in_features=needed(3, 2),
          num_classes=needed(4), bias=of(True), weight=_WEIGHT, ignore_index=of(1), label_smoothing=of(0.1)),
    _loss("NLLLoss", "N C: logs", _CLASSES, weight=_WEIGHT, ignore_index=of(1), ranges=_FOUR),
    _loss("MultiMarginLoss", "N C", _CLASSES, p=of(2), margin=of(0.5), weight=_WEIGHT, ranges=_FOUR),
    _loss("MultiLabelMarginLoss", "N C", "N C: labels below C"),
    _loss("MultiLabelSoftMarginLoss", "N C", "N C: binary", weight=_WEIGHT, ranges=_FOUR),
    _loss("CosineEmbeddingLoss", "N C", "N C", "N: signs", margin=of(0.3)),
    _loss("MarginRankingLoss", "N", "N", "N: signs", margin=of(0.5)),
    _loss("TripletMarginLoss", "N C", "N C", "N C", margin=of(0.5), p=of(1.0), eps=of(1e-3), swap=of(True)),
    _loss("TripletMarginWithDistanceLoss", "N C", "N C", "N C", margin=of(0.5), swap=of(True)),
    _loss("CTCLoss", "8 N C: logs", fed("N 3: lengths below 2"), fed("N: lengths below 8"), fed("N: lengths below 3"),
          blank=of(3), zero_infinity=of(True), ranges={"C": (4, 5)}),
]
