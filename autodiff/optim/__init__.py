"""torch.optim: optimizers, and schedules of their learning rates in `lr_scheduler`."""

from __future__ import annotations

from autodiff.optim import lr_scheduler, swa_utils
from autodiff.optim.descent import ASGD, SGD, Rprop
from autodiff.optim.factored import Adafactor
from autodiff.optim.lbfgs import LBFGS
from autodiff.optim.moments import Adam, Adamax, AdamW, NAdam, RAdam
from autodiff.optim.optimizer import Optimizer
from autodiff.optim.orthogonalized import Muon
from autodiff.optim.scattered import SparseAdam
from autodiff.optim.squares import Adadelta, Adagrad, RMSprop

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam",
    "Optimizer", "RAdam", "RMSprop", "Rprop", "SparseAdam", "lr_scheduler", "swa_utils",
]  # fmt: skip
