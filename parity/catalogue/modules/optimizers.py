"""Optimizers: their settings, and which of them a group of parameters may have for itself."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import ModuleSpec, module, of

_DECAY, _UP = of(0.1), of(True)


def _optimizer(name: str, grouped: str = "lr weight_decay", **settings: Any) -> ModuleSpec:
    return module(name, kind="optimizer", grouped=grouped, lr=of(0.1, 0.01), **settings)


_MOMENTS: dict[str, Any] = {
    "betas": of((0.5, 0.7), (0.0, 0.9)), "eps": of(1e-3), "weight_decay": _DECAY, "maximize": _UP,
}  # fmt: skip
_FORM = of(True, False)

# fmt: off
ROWS = [
    _optimizer("Adafactor", beta2_decay=of(-0.5), eps=of((1e-4, 1e-2)), d=of(0.5), weight_decay=_DECAY, maximize=_UP),
    _optimizer("Muon", momentum=of(0.5), nesterov=of(False), weight_decay=of(0.0), ns_steps=of(2)),
    module("SGD", kind="optimizer", grouped="lr weight_decay momentum", lr=of(0.1, 0.01), momentum=of(0.9, 0.5),
           dampening=of(0.2), weight_decay=_DECAY, nesterov=of(True), maximize=_UP, foreach=_FORM,
           fits=lambda s: "nesterov" not in s or ("momentum" in s and "dampening" not in s)),
    _optimizer("Adam", "lr weight_decay betas", **_MOMENTS, amsgrad=of(True), decoupled_weight_decay=of(True),
               foreach=_FORM),
    _optimizer("AdamW", "lr weight_decay betas", **_MOMENTS, amsgrad=of(True), foreach=_FORM),
    _optimizer("Adamax", **_MOMENTS, foreach=_FORM),
    _optimizer("NAdam", **_MOMENTS, momentum_decay=of(0.1), decoupled_weight_decay=of(True), foreach=_FORM),
    _optimizer("RAdam", **_MOMENTS, decoupled_weight_decay=of(True), foreach=_FORM),
    _optimizer("Adagrad", lr_decay=of(0.1), weight_decay=_DECAY, initial_accumulator_value=of(0.5), eps=of(1e-3),
               maximize=_UP),
    _optimizer("Adadelta", rho=of(0.5), eps=of(1e-3), weight_decay=_DECAY, maximize=_UP),
    _optimizer("RMSprop", "lr momentum", alpha=of(0.5), eps=of(1e-3), weight_decay=_DECAY, momentum=of(0.9),
               centered=of(True), maximize=_UP),
    _optimizer("Rprop", "lr", etas=of((0.3, 1.5)), step_sizes=of((1e-4, 0.1)), maximize=_UP),
    _optimizer("ASGD", lambd=of(0.1), alpha=of(0.5), t0=of(2), weight_decay=_DECAY, maximize=_UP),
    _optimizer("LBFGS", "", max_iter=of(3, 1), max_eval=of(4), history_size=of(2), tolerance_grad=of(1e-3),
               tolerance_change=of(1e-3), line_search_fn=of("strong_wolfe")),
]
