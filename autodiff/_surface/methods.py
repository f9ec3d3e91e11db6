"""Methods of Tensor from the registry: plain, and with a trailing underscore in place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autodiff._core.inplace import assign, check_overlap
from autodiff._core.modes import no_grad
from autodiff._core.registry import FUNCTIONS, PRIMITIVES
from autodiff._core.tensor import Tensor

#: Kinds of primitive whose signature is their operands: public without a function of their own.
PUBLIC_KINDS = ("pointwise", "discrete")


def in_place(name: str, operator: Callable[..., Any]) -> Callable[..., Tensor]:
    """The method `name_`: the operator's result written into its first argument."""

    @functools.wraps(operator)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_overlap(self, args)
        return assign(self, lambda before: operator(before, *args, **kwargs))

    method.__name__ = method.__qualname__ = name + "_"
    return method


def in_place_unrecorded(name: str, operator: Callable[..., Any]) -> Callable[..., Tensor]:
    """The method `name_` of logic, which torch knows no derivative of and so writes over whatever it is given."""
    method = in_place(name, operator)

    @functools.wraps(method)
    def unrecorded(self: Tensor, *args: Any) -> Tensor:
        with no_grad():
            return method(self, *args)

    return unrecorded


def _written(name: str) -> Callable[[Any, Any], Any] | None:
    """What a comparison writes over its first operand, where that takes part in a graph."""
    p = PRIMITIVES.get(f"_{name}_written")
    if p is None:
        return None
    compare = PRIMITIVES[name].op
    return lambda before, other: p.op(before, other, compare(before, other))


def attach() -> None:
    """Give Tensor every method that the registry knows."""
    for name, p in PRIMITIVES.items():
        if p.kind in PUBLIC_KINDS and name not in FUNCTIONS and not name.startswith("_"):
            setattr(Tensor, name, p.op)
            written = in_place_unrecorded if name.startswith("logical_") else in_place
            setattr(Tensor, name + "_", written(name, _written(name) or p.op))
    for f in FUNCTIONS.values():
        for name in (f.short, *f.aliases):
            if f.method:
                setattr(Tensor, name, f.public)
            if f.inplace:
                setattr(Tensor, name + "_", in_place(name, f.public))
