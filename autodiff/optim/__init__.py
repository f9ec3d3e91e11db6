"""torch.optim: optimizers, and schedules of their learning rates in `lr_scheduler`."""

from __future__ import annotations

from autodiff.optim import lr_scheduler
from autodiff.optim.descent import ASGD, SGD, Rprop
from autodiff.optim.lbfgs import LBFGS
from autodiff.optim.moments import Adam, Adamax, AdamW, NAdam, RAdam
from autodiff.optim.optimizer import Optimizer
from autodiff.optim.squares import Adadelta, Adagrad, RMSprop

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop",
    "Rprop", "lr_scheduler",
]  # fmt: skip
