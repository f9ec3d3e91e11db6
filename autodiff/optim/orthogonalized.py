"""Muon: matrices moved by their momentum made orthogonal, nearly, by a few products in bfloat16."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels.brain import rounded
from autodiff.optim.optimizer import Group, OneByOne

_RATES = ("original", "match_rms_adamw")


def orthogonalized(matrix: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """An array of about the singular vectors of a matrix, its singular values brought near 1 by Newton-Schulz steps.

    Each result is rounded to bfloat16, as in torch, whose products add in another order: the last bit may differ.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.shape[0] > matrix.shape[1]
    x = rounded(matrix.T if tall else matrix)
    x = rounded(x / max(float(rounded((x * x).sum() ** 0.5)), eps))
    for _ in range(steps):
        gram = rounded(x @ x.T)
        x = rounded(a * x + rounded(b * gram + c * (gram @ gram)) @ x)
    return x.T if tall else x


class Muon(OneByOne):
    """For matrices alone (Jordan et al., 2024): what else a model has wants another optimizer.

    Raises ValueError for a parameter of other than two dimensions.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:  # type: ignore[attr-defined]
            raise ValueError("Tensor lr must be 1-element")
        for words, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{words} should be >= 0 but is: {value}")
        if adjust_lr_fn is not None and adjust_lr_fn not in _RATES:
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        settings = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, settings)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                    )

    def _step(self, p: Any, group: Group) -> None:
        if p.is_complex():
            raise RuntimeError("Muon does not support complex parameters")
        if p.grad.is_sparse:
            raise RuntimeError("Muon does not support sparse gradients")
        state = self.state[p] = self.state.get(p) or {"momentum_buffer": p.new_zeros(p.shape)}
        # The decay is the step's own, of the parameter itself.
        self._update(p, p.grad, state, group)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        lr = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
        average = state["momentum_buffer"].lerp_(grad, 1 - group["momentum"])
        ahead = grad.lerp(average, group["momentum"]) if group["nesterov"] else average
        update = orthogonalized(ahead._array, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            rate = lr * 0.2 * math.sqrt(max(rows, columns))
        else:
            rate = lr * math.sqrt(max(1, rows / columns))
        p.mul_(1 - lr * group["weight_decay"])
        p.add_(wrap(update), alpha=-rate)
