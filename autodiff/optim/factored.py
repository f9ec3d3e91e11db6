"""Adafactor: the squares of a matrix's gradient kept as the means of its rows and of its columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff.optim.optimizer import Group, OneByOne, check


class Adafactor(OneByOne):
    """Steps relative to a parameter's size, by factored averages of squares (Shazeer and Stern, 2018)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check(lr=0 if isinstance(lr, float | int) else lr)
        for words, value, fits in (
            ("Learning rate should be >= 0 but is", lr, lr >= 0),
            ("beta2_decay should be <= 0 but is", beta2_decay, beta2_decay <= 0),
            ("epsilon1 should be >= 0 but is", eps[0], eps[0] is None or eps[0] >= 0),
            ("epsilon2 should be >= 0 but is", eps[1], eps[1] >= 0),
            ("Clipping threshold d should be >= 1 but is", d, d >= 1),
            ("weight_decay should be >= 0 but is", weight_decay, weight_decay >= 0),
        ):
            if not fits:
                raise ValueError(f"{words}: {value}")
        settings = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings)

    def _step(self, p: Any, group: Group) -> None:
        if p.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters")
        if p.grad.is_sparse:
            raise RuntimeError("Adafactor does not support sparse gradients")
        state = self.state[p] = self.state.get(p) or self._begin(p, group)
        # The decay is the step's own, of the parameter itself.
        self._update(p, -p.grad if group["maximize"] else p.grad, state, group)

    def _begin(self, p: Any, group: Group) -> dict[str, Any]:
        if p.ndim < 2:
            return {"step": ops.tensor(0.0), "variance": ops.zeros_like(p)}
        rows, columns = (*p.shape[:-1], 1), (*p.shape[:-2], 1, p.shape[-1])
        return {"step": ops.tensor(0.0), "row_var": p.new_zeros(rows), "col_var": p.new_zeros(columns)}

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        lr = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
        least, smallest = group["eps"]
        least = float(np.finfo(p._array.dtype).eps) if least is None else least
        state["step"] += 1
        step = state["step"].item()
        fresh = step ** group["beta2_decay"]
        size = max(smallest, p.norm(2).item() / p.numel() ** 0.5) * min(lr, 1 / step**0.5)
        if group["weight_decay"]:
            p.mul_(1 - lr * group["weight_decay"])
        if grad.ndim > 1:
            rows, columns = state["row_var"], state["col_var"]
            for mean, dim in ((rows, -1), (columns, -2)):
                mean.lerp_(grad.norm(dim=dim, keepdim=True).square_().div_(grad.shape[dim]), fresh)
            estimate = (rows @ columns).div_(rows.mean(dim=-2, keepdim=True).clamp_(min=least))
        else:
            state["variance"].lerp_(grad * grad, fresh)
            estimate = state["variance"].clone()
        update = estimate.clamp_(min=least * least).rsqrt_().mul_(grad)
        over = max(1.0, update.norm(2).item() / (update.numel() ** 0.5 * group["d"]))
        p.add_(update, alpha=-size / over)
