"""Schedules of learning rates."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import ModuleSpec, module, needed, of
from parity.configuration import Formula, Part

_ROOT = Formula("lambda epoch: 1 / (epoch + 1)", lambda epoch: 1 / (epoch + 1))
_POWER = Formula("lambda epoch: 0.9**epoch", lambda epoch: 0.9**epoch)
_WEAK = Formula("lambda epoch: 0.95", lambda epoch: 0.95)
_CYCLE = Formula("lambda x: 1 / x", lambda x: 1 / x)
_FEW = of(3, 6)
_CONSTANT = Part("ConstantLR", {"factor": 0.1, "total_iters": 2})
_DECAY = Part("ExponentialLR", {"gamma": 0.9})
_STEPS = Part("StepLR", {"step_size": 2})
_COSINE = Part("CosineAnnealingLR", {"T_max": 5})


def _schedule(name: str, **settings: Any) -> ModuleSpec:
    return module(name, kind="scheduler", **settings)


# fmt: off
ROWS = [
    _schedule("LambdaLR", lr_lambda=needed(_ROOT, [_ROOT, _POWER])),
    _schedule("MultiplicativeLR", lr_lambda=needed(_WEAK, [_WEAK, _ROOT])),
    _schedule("StepLR", step_size=needed(2, 1, 3), gamma=of(0.3)),
    _schedule("MultiStepLR", milestones=needed([2], [1, 3, 3], []), gamma=of(0.5)),
    _schedule("ConstantLR", factor=of(0.4, 1.0), total_iters=_FEW),
    _schedule("LinearLR", start_factor=of(0.25), end_factor=of(0.9), total_iters=_FEW),
    _schedule("ExponentialLR", gamma=needed(0.8, 1.1)),
    _schedule("PolynomialLR", total_iters=_FEW, power=of(1.5)),
    _schedule("CosineAnnealingLR", T_max=needed(4, 2), eta_min=of(0.01)),
    _schedule("CosineAnnealingWarmRestarts", T_0=needed(3, 2), T_mult=of(2), eta_min=of(0.001)),
    _schedule("CyclicLR", base_lr=needed(0.1, [0.1, 0.05]), max_lr=needed(1.0, [1.0, 2.0]), step_size_up=needed(3, 2),
              step_size_down=of(1), mode=of("triangular2", "exp_range"), gamma=of(0.9), scale_fn=of(_CYCLE),
              scale_mode=of("cycle"), cycle_momentum=of(False), base_momentum=of(0.7), max_momentum=of(0.95),
              fits=lambda s: ("scale_fn" in s) == ("scale_mode" in s)),
    _schedule("OneCycleLR", max_lr=needed(1.0, [1.0, 0.3]), total_steps=needed(12), pct_start=of(0.5),
              anneal_strategy=of("linear"), cycle_momentum=of(False), base_momentum=of(0.7), max_momentum=of(0.9),
              div_factor=of(10.0), final_div_factor=of(100.0), three_phase=of(True)),
    _schedule("SequentialLR", schedulers=needed([_CONSTANT, _DECAY], [_COSINE, _STEPS]), milestones=needed([3], [1])),
    _schedule("ChainedScheduler", schedulers=needed([_DECAY], [_CONSTANT, _DECAY], [_STEPS, _COSINE, _DECAY])),
    _schedule("SWALR", swa_lr=needed(0.01, [0.2, 0.01]), anneal_epochs=of(3, 0, 1), anneal_strategy=of("linear")),
    _schedule("ReduceLROnPlateau", mode=of("max"), factor=of(0.5), patience=of(0, 1, 2), threshold=of(0.1),
              threshold_mode=of("abs"), cooldown=of(1), min_lr=of(0.01, [0.001, 0.02]), eps=of(1e-3)),
]
