"""SparseAdam: Adam on the places alone that a sparse gradient has."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.sparse import Sparse
from autodiff._core.tensor import Tensor
from autodiff._functions.sparse import masked
from autodiff.optim.optimizer import Group, OneByOne


class SparseAdam(OneByOne):
    """Adam whose averages move, and whose steps are taken, only where the gradient has elements.

    Raises RuntimeError for a dense gradient.
    """

    to_sparse = None

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:  # type: ignore[attr-defined]
            raise ValueError("Tensor lr must be 1-element")
        if not lr > 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for place, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {place}: {beta}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        for words, wrong in (
            ("Sparse params at indices {}: SparseAdam requires dense parameter tensors", lambda p: p.is_sparse),
            ("Complex params at indices {}: SparseAdam does not support complex parameters", lambda p: p.is_complex()),
        ):
            where = [[i, j] for i, g in enumerate(self.param_groups) for j, p in enumerate(g["params"]) if wrong(p)]
            if where:
                raise ValueError(words.format(where))

    def _begin(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": 0, "exp_avg": p.new_zeros(p.shape), "exp_avg_sq": p.new_zeros(p.shape)}

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        if not isinstance(grad, Sparse):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        state["step"] += 1
        grad = grad.coalesce()  # type: ignore[attr-defined]
        values = grad._values()
        if not values.numel():
            return
        (first, second), step = group["betas"], state["step"]
        averages = []
        for name, beta, new in (("exp_avg", first, values), ("exp_avg_sq", second, values.pow(2))):
            old = masked(state[name], grad)._elements
            change = new.sub(old).mul_(1 - beta)  # type: ignore[attr-defined]
            state[name].add_(grad.like(change).to_dense())
            averages.append(change + old)
        rate = group["lr"] * math.sqrt(1 - second**step) / (1 - first**step)
        change = averages[0].div_(averages[1].sqrt_().add_(group["eps"]))
        p.add_(grad.like(-rate * change).to_dense())
