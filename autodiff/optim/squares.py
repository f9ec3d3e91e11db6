"""Steps divided by the root of the gradient's squares: their sum, or an average that decays."""

from __future__ import annotations

from typing import Any

from autodiff._core.registry import ops
from autodiff._core.sparse import Sparse
from autodiff._functions.sparse import masked
from autodiff.optim.optimizer import Group, OneByOne, check


class Adagrad(OneByOne):
    """By the sum of all squares so far (Duchi et al., 2011); of a sparse gradient where it has elements."""

    to_sparse = None

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(
            lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps,
            initial_accumulator_value=initial_accumulator_value,
        )  # fmt: skip
        settings = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, settings)
        for group in self.param_groups:
            for p in group["params"]:
                start = group["initial_accumulator_value"]
                full = ops.full_like(p, complex(start, start) if p.is_complex() else start)
                self.state[p] = {"step": ops.tensor(0.0), "sum": full.detach()}

    def share_memory(self) -> None:
        """Nothing is to be done: processes share no memory here."""

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        state["step"] += 1
        rate = group["lr"] / (1 + (state["step"].item() - 1) * group["lr_decay"])
        if isinstance(grad, Sparse):
            grad = grad.coalesce()  # type: ignore[attr-defined]
            values = grad._values()
            state["sum"].add_(grad.like(values.pow(2)).to_dense())
            roots = masked(state["sum"], grad)._values().sqrt_().add_(group["eps"])
            p.add_(grad.like(values / roots * -rate).to_dense())
            return
        state["sum"].addcmul_(grad, grad, value=1)
        p.addcdiv_(grad, state["sum"].sqrt().add_(group["eps"]), value=-rate)


class Adadelta(OneByOne):
    """By averages of the squares of gradients and of steps (Zeiler, 2012)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
        settings = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _begin(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": ops.zeros(()), "square_avg": ops.zeros_like(p), "acc_delta": ops.zeros_like(p)}

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        rho, eps = group["rho"], group["eps"]
        state["step"] += 1
        squares, moved = state["square_avg"], state["acc_delta"]
        squares.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = moved.add(eps).sqrt_().div_(squares.add(eps).sqrt_()).mul_(grad)
        moved.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        p.add_(delta, alpha=-group["lr"])


class RMSprop(OneByOne):
    """By an average of the squares, or of the variance where `centered` (Hinton, 2012; Graves, 2013)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        settings = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _begin(self, p: Any, group: Group) -> dict[str, Any]:
        state = {"step": ops.zeros(()), "square_avg": ops.zeros_like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = ops.zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = ops.zeros_like(p)
        return state

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        alpha, lr = group["alpha"], group["lr"]
        state["step"] += 1
        squares = state["square_avg"]
        squares.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"]
            mean.lerp_(grad, 1 - alpha)
            spread = squares.addcmul(mean, mean, value=-1).sqrt_()
        else:
            spread = squares.sqrt()
        spread.add_(group["eps"])
        if group["momentum"] > 0:
            buffer = state["momentum_buffer"]
            buffer.mul_(group["momentum"]).addcdiv_(grad, spread)
            p.add_(buffer, alpha=-lr)
        else:
            p.addcdiv_(grad, spread, value=-lr)
