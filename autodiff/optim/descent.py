"""Stochastic gradient descent, averaged or with momentum; steps by the sign of the gradient."""

from __future__ import annotations

from typing import Any

from autodiff._core.registry import ops
from autodiff._core.sparse import Sparse
from autodiff._core.tensor import Tensor
from autodiff.optim.optimizer import Group, OneByOne, check


class SGD(OneByOne):
    """Steps against the gradient, with momentum where asked for (Sutskever et al., 2013)."""

    in_parts = False
    to_sparse = None

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        settings = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach, "differentiable": differentiable,
            "fused": fused,
        }  # fmt: skip
        super().__init__(params, settings)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        momentum, sparse = group["momentum"], isinstance(grad, Sparse)
        if momentum:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = grad.detach().clone()
            elif sparse:
                buffer = state["momentum_buffer"] = buffer * momentum + grad * (1 - group["dampening"])
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            if group["nesterov"]:
                grad = grad + buffer * momentum if sparse else grad.add(buffer, alpha=momentum)
            else:
                grad = buffer
        lr = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]  # type: ignore[attr-defined]
        if sparse:
            p.add_((grad * -lr).to_dense())
        else:
            p.add_(grad, alpha=-lr)


class ASGD(OneByOne):
    """Gradient descent, and the average of where it was (Polyak and Juditsky, 1992)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check(lr=lr, weight_decay=weight_decay)
        settings = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _begin(self, p: Any, group: Group) -> dict[str, Any]:
        return {
            "step": ops.zeros(()),
            "eta": ops.tensor(float(group["lr"])),
            "mu": ops.ones(()),
            "ax": ops.zeros_like(p),
        }

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        lr, lambd, eta, mu = group["lr"], group["lambd"], state["eta"].item(), state["mu"].item()
        state["step"] += 1
        step = state["step"].item()
        p.mul_(1 - lambd * eta)
        p.add_(grad, alpha=-eta)
        if mu != 1:
            state["ax"].add_(p.sub(state["ax"]).mul_(mu))
        else:
            state["ax"].copy_(p)
        state["eta"].copy_(ops.tensor(lr / ((1 + lambd * lr * step) ** group["alpha"])))
        state["mu"].copy_(ops.tensor(1 / max(1, step - group["t0"])))


class Rprop(OneByOne):
    """Steps of each number's own size, which grows while its gradient keeps the sign (Riedmiller and Braun, 1993)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        settings = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _begin(self, p: Any, group: Group) -> dict[str, Any]:
        lr = group["lr"]
        size = ops.full_like(p, complex(lr, lr) if p.is_complex() else lr)
        return {"step": ops.zeros(()), "prev": ops.zeros_like(p), "step_size": size}

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        (shrink, grow), (least, most) = group["etas"], group["step_sizes"]
        state["step"] += 1
        sign = grad.mul(state["prev"]).sign()
        factor = ops.where(sign > 0, grow, ops.where(sign < 0, shrink, 1.0)).to(grad.dtype)
        size = state["step_size"].mul_(factor).clamp_(least, most)
        # Where the sign changed nothing moves, and the next step finds no sign to compare with.
        grad = ops.where(sign < 0, ops.zeros_like(grad), grad)
        p.addcmul_(grad.sign(), size, value=-1)
        state["prev"].copy_(grad)
