"""L-BFGS: steps by an estimate of the curvature from the last gradients, and a line search by Wolfe's conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff._core.modes import enable_grad, no_grad
from autodiff._core.registry import ops
from autodiff.optim.optimizer import Optimizer, check

#: (position, loss, gradient, slope along the direction) at one point of a line search.
Point = tuple[float, float, Any, Any]


class LBFGS(Optimizer):
    """The limited-memory BFGS method (Liu and Nocedal, 1989); one group of parameters alone.

    `step` needs a closure that computes the loss anew, and calls it up to `max_eval` times.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check(lr=lr)
        settings = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, settings)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params = self.param_groups[0]["params"]

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Up to `max_iter` iterations; returns the loss where it began. Raises RuntimeError for another line search."""
        with no_grad():
            return self._iterated(closure)

    def _iterated(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate() -> Any:
            with enable_grad():
                return closure()

        begun = evaluate()
        loss, grad = float(begun), self._gradient()
        evaluations = 1
        state["func_evals"] += 1
        if grad.abs().max() <= group["tolerance_grad"]:
            return begun
        iteration, first = 0, "d" not in state
        while iteration < group["max_iter"]:
            iteration += 1
            state["n_iter"] += 1
            self._direction(state, grad, group["history_size"])
            d, before = state["d"], loss
            state["prev_flat_grad"], state["prev_loss"] = grad.clone(), loss
            rate = group["lr"]
            t = min(1.0, 1.0 / grad.abs().sum()) * rate if state["n_iter"] == 1 else rate
            slope = grad.dot(d)
            if slope > -group["tolerance_change"]:
                state["t"] = t
                break
            if group["line_search_fn"] is None:
                self._move(t, d)
                spent = 0
                if iteration != group["max_iter"]:  # else nobody would look at what the gradient is there
                    loss, grad, spent = float(evaluate()), self._gradient(), 1
            elif group["line_search_fn"] != "strong_wolfe":
                raise RuntimeError("only 'strong_wolfe' is supported")
            else:
                loss, grad, t, spent = self._searched(
                    evaluate, t, d, loss, grad, slope, group["max_eval"] - evaluations
                )
            state["t"] = t
            evaluations += spent
            state["func_evals"] += spent
            if (
                iteration == group["max_iter"]
                or evaluations >= group["max_eval"]
                or grad.abs().max() <= group["tolerance_grad"]
                or d.mul(t).abs().max() <= group["tolerance_change"]
                or abs(loss - before) < group["tolerance_change"]
            ):
                break
        if first:  # the order in which torch's state_dict tells them
            for name in ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss"):
                state[name] = state.pop(name)
        return begun

    def _direction(self, state: dict[str, Any], grad: Any, size: int) -> None:
        """The next direction: the gradient times the estimated inverse Hessian, by the recursion in two loops."""
        if state["n_iter"] == 1:
            state.update(d=grad.neg(), old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        change, moved = grad.sub(state["prev_flat_grad"]), state["d"].mul(state["t"])
        curvature = change.dot(moved)
        if curvature > 1e-10:
            if len(changes) == size:
                for history in (changes, steps, inverses):
                    history.pop(0)
            changes.append(change)
            steps.append(moved)
            inverses.append(1.0 / curvature)
            state["H_diag"] = curvature / change.dot(change)
        weights = state["al"] = [None] * size
        d = grad.neg()
        for i in reversed(range(len(changes))):
            weights[i] = steps[i].dot(d) * inverses[i]
            d.add_(changes[i], alpha=-weights[i].item())
        d = d * state["H_diag"]
        for i in range(len(changes)):
            d.add_(steps[i], alpha=(weights[i] - changes[i].dot(d) * inverses[i]).item())
        state["d"] = d

    def _gradient(self) -> Any:
        """The gradients of all parameters in one vector, of complex ones both parts."""
        pieces = []
        for p in self._params:
            g = ops.zeros_like(p) if p.grad is None else p.grad
            pieces.append((ops.view_as_real(g) if g.is_complex() else g).reshape(-1))
        return ops.cat(*pieces, dim=0)

    def _move(self, t: Any, d: Any) -> None:
        place = 0
        for p in self._params:
            p = ops.view_as_real(p) if p.is_complex() else p
            count = p.numel()
            p.add_(d[place : place + count].view_as(p), alpha=float(t))
            place += count

    def _searched(
        self, evaluate: Callable[[], Any], t: Any, d: Any, loss: float, grad: Any, slope: Any, most: int
    ) -> tuple[float, Any, Any, int]:
        """Where a line search of `most` evaluations ends up, and how many it took; the parameters are moved there."""
        start = [p.clone() for p in self._params]

        def at(t: Any) -> tuple[float, Any]:
            self._move(t, d)
            there = float(evaluate()), self._gradient()
            for p, before in zip(self._params, start):
                p.copy_(before)
            return there

        loss, grad, t, spent = strong_wolfe(at, t, d, loss, grad, slope, most)
        self._move(t, d)
        return loss, grad, t, spent


def strong_wolfe(
    at: Callable[[Any], tuple[float, Any]],
    t: Any,
    d: Any,
    loss: float,
    grad: Any,
    slope: Any,
    most: int = 25,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[float, Any, Any, int]:
    """A step that lowers the loss enough and flattens the slope enough (Nocedal and Wright, algorithms 3.5 and 3.6)."""
    longest = d.abs().max()
    grad = grad.clone()
    previous: Point = (0, loss, grad, slope)
    new_loss, new_grad = at(t)
    new_slope = new_grad.dot(d)
    spent, round_ = 1, 0
    bracket: list[Point] = []
    done = False
    while round_ < most:
        here: Point = (t, new_loss, new_grad.clone(), new_slope)
        if new_loss > loss + c1 * t * slope or (round_ > 1 and new_loss >= previous[1]):
            bracket = [previous, here]
            break
        if abs(new_slope) <= -c2 * slope:
            bracket, done = [here], True
            break
        if new_slope >= 0:
            bracket = [previous, here]
            break
        least = t + 0.01 * (t - previous[0])
        t = cubic_minimum(previous, here, (least, t * 10))
        previous = here
        new_loss, new_grad = at(t)
        spent += 1
        new_slope = new_grad.dot(d)
        round_ += 1
    if round_ == most:
        bracket = [(0, loss, grad, slope), (t, new_loss, new_grad, new_slope)]
    stuck = False
    low, high = (0, 1) if bracket[0][1] <= bracket[-1][1] else (1, 0)
    while not done and round_ < most:
        width = abs(bracket[1][0] - bracket[0][0])
        if width * longest < tolerance:
            break
        t = cubic_minimum(bracket[0], bracket[1])
        first, last = min(p[0] for p in bracket), max(p[0] for p in bracket)
        margin = 0.1 * (last - first)
        if min(last - t, t - first) < margin:
            # Too near an end: once is forgiven, unless it lies beyond.
            if stuck or t >= last or t <= first:
                t = last - margin if abs(t - last) < abs(t - first) else first + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new_loss, new_grad = at(t)
        spent += 1
        new_slope = new_grad.dot(d)
        round_ += 1
        here = (t, new_loss, new_grad.clone(), new_slope)
        if new_loss > loss + c1 * t * slope or new_loss >= bracket[low][1]:
            bracket[high] = here
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
        else:
            if abs(new_slope) <= -c2 * slope:
                done = True
            elif new_slope * (bracket[high][0] - bracket[low][0]) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = here
    t, new_loss, new_grad, _ = bracket[low]
    return new_loss, new_grad, t, spent


def cubic_minimum(a: Point, b: Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """The minimum of the cubic through two points with their slopes, within the bounds (Nocedal and Wright, 3.59)."""
    (x1, f1, _, g1), (x2, f2, _, g2) = a, b
    least, most = bounds if bounds is not None else ((x1, x2) if x1 <= x2 else (x2, x1))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if square < 0:
        return (least + most) / 2.0
    d2 = square.sqrt()
    if x1 <= x2:
        place = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        place = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(place, least), most)
