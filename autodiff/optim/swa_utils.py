"""Averages of weights along the way: AveragedModel, what averages there are, and the schedule that goes with them."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

from autodiff._core.modes import no_grad
from autodiff._core.registry import ops
from autodiff.nn.modules.batchnorm import _BatchNorm
from autodiff.nn.modules.module import Module
from autodiff.optim.lr_scheduler.cycles import _for_each
from autodiff.optim.lr_scheduler.scheduler import LRScheduler
from autodiff.optim.optimizer import Optimizer

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip


def _checked(decay: float) -> float:
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return decay


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """What makes a parameter's new exponential average of the old one and the model's."""
    _checked(decay)

    @no_grad()
    def average(averaged: Any, current: Any, count: Any) -> Any:
        return decay * averaged + (1 - decay) * current

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """The same for lists of parameters of one dtype, in place."""
    _checked(decay)

    @no_grad()
    def average(averaged: list[Any], current: list[Any], count: Any) -> None:
        for old, new in zip(averaged, current, strict=True):
            if old.is_floating_point() or old.is_complex():
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(old * decay + new * (1 - decay))

    return average


def get_swa_avg_fn() -> Callable[..., Any]:
    """What makes a parameter's new mean of the old one and the model's."""

    @no_grad()
    def average(averaged: Any, current: Any, count: Any) -> Any:
        return averaged + (current - averaged) / (count + 1)

    return average


def get_swa_multi_avg_fn() -> Callable[..., None]:
    """The same for lists of parameters of one dtype, in place."""

    @no_grad()
    def average(averaged: list[Any], current: list[Any], count: Any) -> None:
        for old, new in zip(averaged, current, strict=True):
            if old.is_floating_point() or old.is_complex():
                old.lerp_(new, float(1 / (count + 1)))
            else:
                old.addcdiv_(new - old, count + 1)

    return average


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of what the model's were at each `update_parameters`.

    `avg_fn` makes one parameter's average, `multi_avg_fn` those of all of one dtype at once; the mean by default. With
    `use_buffers` buffers are averaged as well, else they follow the model's. Raises AssertionError for both functions.
    """

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", ops.tensor(0, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take what the model is now into the averages; the first time it is the average."""
        own, its = (
            [t.detach() for t in (itertools.chain(m.parameters(), m.buffers()) if self.use_buffers else m.parameters())]
            for m in (self.module, model)
        )
        if not self.n_averaged:
            for averaged, current in zip(own, its):
                averaged.copy_(current)
        elif self.multi_avg_fn is None:
            one = self.avg_fn or get_swa_avg_fn()
            for averaged, current in zip(own, its):
                averaged.copy_(one(averaged, current, self.n_averaged))
        else:
            for dtype in dict.fromkeys(t.dtype for t in own):
                alike = [(a, b) for a, b in zip(own, its) if a.dtype is dtype]
                self.multi_avg_fn([a for a, _ in alike], [b for _, b in alike], self.n_averaged)
        if not self.use_buffers:
            for averaged, current in zip(self.module.buffers(), model.buffers()):
                averaged.detach().copy_(current.detach())
        self.n_averaged += 1


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Find the statistics of a model's batch norms anew, by one pass over tensors, or lists that begin with one."""
    momenta = {m: m.momentum for m in model.modules() if isinstance(m, _BatchNorm)}
    if not momenta:
        return
    training = model.training
    model.train()
    for module in momenta:
        module.reset_running_stats()
        module.momentum = None
    for batch in loader:
        given = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(given if device is None else given.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(training)


def _linear(t: float) -> float:
    return t


def _cosine(t: float) -> float:
    return (1 - math.cos(math.pi * t)) / 2


class SWALR(LRScheduler):
    """From each group's rate to `swa_lr`, over `anneal_epochs`, along a line or half a cosine; there it stays."""

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for rate, group in zip(_for_each("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How much of the way is gone after so many steps."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return _cosine(t) if self._anneal_strategy == "cos" else _linear(t)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch, from those of the last one."""
        self._asked()
        step = self._step_count - 1
        if not self.anneal_epochs:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
