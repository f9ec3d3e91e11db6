"""What hooks do, and where they are hung up; plain functions, the same for every engine and fit to be printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# -- on a tensor, and on a leaf that has accumulated: what is given is one tensor


def seen(g: Any) -> Any:
    return None


def doubled(g: Any) -> Any:
    return g * 2


def negated(g: Any) -> Any:
    return -g


def once(g: Any) -> Any:
    return g * 2


def cleared(x: Any) -> None:
    x.grad = None


def halved(x: Any) -> None:
    x.grad = x.grad / 2  # torch multiplies its zeros without memory by 0.5 into float64


# -- on a node: what is given is a tuple of gradients, or two


def node_seen(inputs: Any, outputs: Any) -> Any:
    return None


def node_doubled(inputs: Any, outputs: Any) -> Any:
    return tuple(None if g is None else g * 2 for g in inputs)


def before_seen(outputs: Any) -> Any:
    return None


def before_doubled(outputs: Any) -> Any:
    return tuple(None if g is None else g * 2 for g in outputs)


#: By place, by name: the function. "once" takes itself away as it runs.
HOOKS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "tensor": {"seen": seen, "doubled": doubled, "negated": negated, "once": once},
    "accumulated": {"seen": seen, "cleared": cleared, "halved": halved},
    "node": {"node_seen": node_seen, "node_doubled": node_doubled},
    "before": {"before_seen": before_seen, "before_doubled": before_doubled},
}

#: By place: the method of the tensor that takes the hook.
PLACES: Mapping[str, Callable[[Any], Callable[..., Any]]] = {
    "tensor": lambda tensor: tensor.register_hook,
    "accumulated": lambda tensor: tensor.register_post_accumulate_grad_hook,
    "node": lambda tensor: tensor.grad_fn.register_hook,
    "before": lambda tensor: tensor.grad_fn.register_prehook,
}


def following(
    hook: Callable[..., Any], label: str, tell: Callable[..., None], handles: list[Any] | None, *, accumulated: bool
) -> Callable[..., Any]:
    """The hook, told about as it is called; with `handles` it takes itself away first.

    Of a leaf that has accumulated what its gradient is by then is told, too.
    """

    def called(*given: Any) -> Any:
        grads = [x.grad for x in given] if accumulated else []
        tell(label, *given, *(None if grad is None else grad.detach().clone() for grad in grads))
        if handles:
            handles.pop().remove()
        return hook(*given)

    return called
