"""Acts: the steps of a history that are no operators, each once; done in any module like torch, written as its text.

An operator computes a value from values. An act does something to the graph: a backward pass, a hook, a detached name,
a gradient thrown away. Knows no engine and no program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from parity.acts.functions import CHECKPOINTED, FUNCTIONS
from parity.acts.hooks import HOOKS, PLACES, following
from parity.acts.modes import MODES

#: What an act leaves: a tensor, several of them or None, nothing, or the handle of a hook.
Result = Literal["tensor", "tensors", "nothing", "handle"]


@dataclass(slots=True)
class Stage:
    """Where acts are done: the engine's module, the number of the step, and the log of what hooks were given."""

    lib: Any
    number: int = 0
    #: (label, what the hook was given) in the order of the calls.
    log: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def tell(self, label: str, *given: Any) -> None:
        self.log.append((label, given))


@dataclass(frozen=True, slots=True)
class Act:
    """How it is done, `do(stage, *args, **kwargs)`; how it is written, `text(pen, *args, **kwargs)`, and what it needs.

    `pen` makes text of an argument; the text is an expression, or a statement where the act leaves nothing.
    """

    do: Callable[..., Any]
    text: Callable[..., str]
    result: Result = "nothing"
    #: Names below the module, or below its Tensor where they start with a dot.
    needs: tuple[str, ...] = ()


Pen = Callable[[Any], str]


def _backward(stage: Stage, outputs: Sequence[Any], seeds: Sequence[Any], **options: Any) -> None:
    if len(outputs) == 1:
        outputs[0].backward(seeds[0], **options)
    else:
        stage.lib.autograd.backward(outputs, seeds, **options)


def _written_backward(pen: Pen, outputs: Sequence[Any], seeds: Sequence[Any], **options: Any) -> str:
    if len(outputs) == 1:
        given = [] if seeds[0] is None else [pen(seeds[0])]
        return f"{pen(outputs[0])}.backward({_listed(pen, given, options)})"
    return f"torch.autograd.backward({_listed(pen, [pen(outputs), pen(seeds)], options)})"


def _grad(stage: Stage, outputs: Sequence[Any], inputs: Sequence[Any], seeds: Sequence[Any], **options: Any) -> Any:
    return stage.lib.autograd.grad(outputs, inputs, seeds, **options)


def _written_grad(pen: Pen, outputs: Any, inputs: Any, seeds: Any, **options: Any) -> str:
    return f"torch.autograd.grad({_listed(pen, [pen(outputs), pen(inputs), pen(seeds)], options)})"


def _hook(stage: Stage, tensor: Any, place: str, kind: str) -> Any:
    place_, label = PLACES[place], f"hook {stage.number}"
    handles: list[Any] = []
    # torch 2.13 dies of a hook on a view whose base was written, unless its node was asked for in between.
    tensor.grad_fn  # noqa: B018
    own = handles if kind == "once" else None
    change = following(HOOKS[place][kind], label, stage.tell, own, accumulated=place == "accumulated")
    handle = place_(tensor)(change)
    handles.append(handle)
    return handle


def _written_hook(pen: Pen, tensor: Any, place: str, kind: str) -> str:
    where = {"tensor": "register_hook", "accumulated": "register_post_accumulate_grad_hook"}.get(place)
    where = where or {"node": "grad_fn.register_hook", "before": "grad_fn.register_prehook"}[place]
    return f'{pen(tensor)}.{where}(told("{kind}", {kind}))'


def _remove(stage: Stage, handle: Any) -> None:
    handle.remove()


def _set_grad(stage: Stage, tensor: Any, grad: Any) -> None:
    tensor.grad = grad


def _set_data(stage: Stage, tensor: Any, data: Any) -> None:
    tensor.data = data


def _apply(stage: Stage, name: str, *tensors: Any) -> Any:
    return FUNCTIONS[name](stage.lib).apply(*tensors)


def _checkpoint(stage: Stage, name: str, *tensors: Any, use_reentrant: bool) -> Any:
    function = CHECKPOINTED[name]
    return stage.lib.utils.checkpoint.checkpoint(function, *tensors, use_reentrant=use_reentrant)


def _written_checkpoint(pen: Pen, name: str, *tensors: Any, use_reentrant: bool) -> str:
    given = ", ".join([name, *map(pen, tensors), f"use_reentrant={use_reentrant}"])
    return f"torch.utils.checkpoint.checkpoint({given})"


def _method(name: str, result: Result = "tensor") -> Act:
    """An act that is a method of torch's tensors, called with the rest of the arguments."""

    def do(stage: Stage, tensor: Any, *args: Any) -> Any:
        found = getattr(tensor, name)(*args)
        return found if result != "nothing" else None

    return Act(
        do, lambda pen, tensor, *args: f"{pen(tensor)}.{name}({', '.join(map(pen, args))})", result, (f".{name}",)
    )


def _attribute(name: str) -> Act:
    return Act(lambda stage, tensor: getattr(tensor, name), lambda pen, tensor: f"{pen(tensor)}.{name}", "tensor")


def _listed(pen: Pen, given: Sequence[str], options: Mapping[str, Any]) -> str:
    return ", ".join([*given, *(f"{key}={pen(value)}" for key, value in options.items())])


ACTS: Mapping[str, Act] = {
    "backward": Act(_backward, _written_backward, needs=(".backward",)),
    "autograd.grad": Act(_grad, _written_grad, "tensors", ("autograd.grad",)),
    "grad": _attribute("grad"),
    "data": _attribute("data"),
    "detach": _method("detach"),
    "detach_": _method("detach_"),
    "clone": _method("clone"),
    "contiguous": _method("contiguous"),
    "double": _method("double"),
    "expand_as": _method("expand_as"),
    "zero_": _method("zero_"),
    "fill_": _method("fill_"),
    "copy_": _method("copy_"),
    "requires_grad_": _method("requires_grad_"),
    "retain_grad": _method("retain_grad", "nothing"),
    "set_grad": Act(_set_grad, lambda pen, tensor, grad: f"{pen(tensor)}.grad = {pen(grad)}"),
    "set_data": Act(_set_data, lambda pen, tensor, data: f"{pen(tensor)}.data = {pen(data)}"),
    "hook": Act(_hook, _written_hook, "handle", (".register_hook",)),
    "remove": Act(_remove, lambda pen, handle: f"{pen(handle)}.remove()"),
    # The name is gone; whatever still needs the tensor keeps it.
    "forget": Act(lambda stage, tensor: None, lambda pen, tensor: f"del {pen(tensor)}"),
    "apply": Act(
        _apply,
        lambda pen, name, *tensors: f"{name}(torch).apply({', '.join(map(pen, tensors))})",
        "tensor",
        ("autograd.Function",),
    ),
    "checkpoint": Act(_checkpoint, _written_checkpoint, "tensor", ("utils.checkpoint.checkpoint",)),
}


def available(lib: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The acts and the regions that the module has."""
    acts = tuple(name for name in ACTS if not lacking(name, lib))
    return acts, tuple(name for name in MODES if not lacking_mode(name, lib))


def lacking(name: str, lib: Any) -> bool:
    """Whether the module has not what the act needs."""
    return any(not _has(lib, path) for path in ACTS[name].needs)


def lacking_mode(name: str, lib: Any) -> bool:
    """Whether the module has no such region."""
    return name not in MODES or not _has(lib, MODES[name].needs)


def _has(lib: Any, path: str) -> bool:
    found = lib
    for part in ("Tensor" + path if path.startswith(".") else path).split("."):
        found = getattr(found, part, None)
    return found is not None


__all__ = [
    "ACTS",
    "CHECKPOINTED",
    "FUNCTIONS",
    "HOOKS",
    "MODES",
    "Act",
    "Stage",
    "available",
    "lacking",
    "lacking_mode",
]
