"""torch.optim.lr_scheduler: learning rates by epoch.

Rates are computed from each other, as torch does it, so that schedules can be chained.
"""

from __future__ import annotations

from autodiff.optim.lr_scheduler.composed import ChainedScheduler, SequentialLR
from autodiff.optim.lr_scheduler.cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from autodiff.optim.lr_scheduler.factors import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from autodiff.optim.lr_scheduler.plateau import ReduceLROnPlateau
from autodiff.optim.lr_scheduler.scheduler import LRScheduler

_LRScheduler = LRScheduler

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
