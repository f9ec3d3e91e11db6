"""Modules as functions of their state: functional_call, stack_module_state, functionalize.

Knows of a module only torch's own protocol: `_parameters`, `_buffers` and `_modules` by name, and what lists them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from autodiff import nn
from autodiff._core.registry import ops
from autodiff.nn.utils.stateless import Named, called


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Named | Sequence[Named],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """The module called with these parameters and buffers in place of its own, which it has again afterwards.

    A tensor that the module holds under several names is replaced under all of them, unless not `tie_weights`.
    `strict`: raise RuntimeError unless exactly the module's names are given.
    """
    return called(module, _together(parameter_and_buffer_dicts), args, kwargs, tie_weights, strict)


def _together(dicts: Any) -> Named:
    """One dict of them all. Raises ValueError for a name that stands in two."""
    several = [dicts] if isinstance(dicts, dict) else dicts
    if not all(isinstance(d, dict) for d in several):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for d in several for name in d]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {name: t for d in several for name, t in d.items()}


def stack_module_state(models: Sequence[Any]) -> tuple[Named, Named]:
    """Parameters and buffers of models of one class, each stacked along a new first dimension: what vmap runs over.

    The stacked parameters are leaves, which require grad where the models' do. Raises RuntimeError for no model, for
    models of several classes, or in training and in evaluation mode at once.
    """
    if not len(models):
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(m.training != models[0].training for m in models):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters = [dict(m.named_parameters()) for m in models]
    buffers = [dict(m.named_buffers()) for m in models]
    return _stacked(parameters), _stacked(buffers)


def _stacked(states: list[Named]) -> Named:
    return {
        name: ops.stack(*[s[name].detach() for s in states], dim=0).requires_grad_(t.requires_grad)
        for name, t in states[0].items()
    }


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """A function that computes the same, its arguments written where `func` writes them.

    torch takes the writing out of what it records; nothing is recorded here that writing could disturb, so that there
    is nothing to take out. Raises RuntimeError for another `remove` than "mutations" or "mutations_and_views".
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are "
            "remove='mutations' and remove='mutations_and_views'"
        )

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapped


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """The module, none of whose batch norms keeps running statistics any more: vmap cannot write them."""
    for module in root.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.track_running_stats:
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
