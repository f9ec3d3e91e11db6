"""torch.nn.utils.stateless: a module called with other tensors in place of its own, as `torch.func` has it too.

Knows of a module only torch's own protocol: `_parameters`, `_buffers` and `_modules` by name, and what lists them.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autodiff._core.tensor import Tensor

__all__ = ["functional_call"]

Named = dict[str, Tensor]


def functional_call(
    module: Any,
    parameters_and_buffers: Named,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`torch.func.functional_call`, of one dict. Warns: use that."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return called(module, parameters_and_buffers, args, kwargs, tie_weights, strict)


def called(module: Any, given: Named, args: Any, kwargs: dict[str, Any] | None, tie_weights: bool, strict: bool) -> Any:
    """What the module gives with these tensors; one argument may come without a tuple around it."""
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _replaced(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def _state(module: Any) -> Named:
    """Every parameter and buffer under every name that it has."""
    return dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers(remove_duplicate=False))


@contextmanager
def _replaced(module: Any, given: Named, tie_weights: bool, strict: bool) -> Iterator[None]:
    own = _state(module)
    if strict:
        _check_names(module, given, own)
    for t in given.values():
        if not isinstance(t, Tensor):
            raise TypeError(f"{t!r} is not an instance of torch.Tensor")
    places = []
    for name, t in (_tied(given, own) if tie_weights else given).items():
        *path, last = name.split(".")
        owner = functools.reduce(lambda inner, part: inner._modules[part], path, module)
        held = next((d for d in (owner._parameters, owner._buffers) if last in d), owner.__dict__)
        places.append((held, last, t, last in held, held.get(last)))
    try:
        for held, last, t, *_ in places:
            held[last] = t
        yield
    finally:
        for held, last, _, there, before in reversed(places):
            if there:
                held[last] = before
            else:
                del held[last]


def _check_names(module: Any, given: Named, own: Named) -> None:
    lines = [
        f"{what} key(s): {', '.join(map(repr, sorted(names)))}."
        for what, names in (("Unexpected", given.keys() - own.keys()), ("Missing", own.keys() - given.keys()))
        if names
    ]
    tied = [[n for n in own if own[n] is t] for t in {id(t): t for t in own.values()}.values()]
    complete = all(any(n in given for n in names) for names in tied)
    if lines and (given.keys() - own.keys() or not complete):
        raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(lines))


def _tied(given: Named, own: Named) -> Named:
    """What is given, under all names of the tensor that it replaces. Raises ValueError for two in place of one."""
    found = dict(given)
    for name, t in given.items():
        names = [n for n in own if name in own and own[n] is own[name]]
        several = sorted(n for n in names if n in given)
        if len({id(given[n]) for n in several}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {several}, which are tied. Consider using "
                "tie_weights=False"
            )
        found |= dict.fromkeys(names, t)
    return found
