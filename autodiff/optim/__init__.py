"""torch.optim: optimizers; schedules of learning rates in `lr_scheduler`."""

from __future__ import annotations

from autodiff.optim.descent import ASGD, SGD, Rprop
from autodiff.optim.moments import Adam, Adamax, AdamW, NAdam, RAdam
from autodiff.optim.optimizer import Optimizer
from autodiff.optim.squares import Adadelta, Adagrad, RMSprop

__all__ = [
    "ASGD", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop",
]  # fmt: skip
