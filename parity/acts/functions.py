"""User-defined `autograd.Function`s and recomputed functions of histories, each once for every engine.

Each is exact on small whole numbers, and each holds its author to another part of the contract.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any


@functools.cache
def Square(lib: Any) -> Any:
    """Saves its input."""

    class Square(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * g

    return Square


@functools.cache
def Times(lib: Any) -> Any:
    """Two inputs; a gradient only where one is needed."""

    class Times(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            dx = g * y if ctx.needs_input_grad[0] else None
            dy = g * x if ctx.needs_input_grad[1] else None
            return dx, dy

    return Times


@functools.cache
def Halves(lib: Any) -> Any:
    """Two results, of which one may go unused."""

    class Halves(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            return 2 * g + 3 * h

    return Halves


@functools.cache
def Sparing(lib: Any) -> Any:
    """Two results; a gradient that is not there stays None."""

    class Sparing(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            if g is None:
                return None if h is None else 3 * h
            return 2 * g if h is None else 2 * g + 3 * h

    return Sparing


@functools.cache
def Signed(lib: Any) -> Any:
    """A result without a gradient beside one that has one."""

    class Signed(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            sign = x.sign()
            ctx.mark_non_differentiable(sign)
            ctx.save_for_backward(sign)
            return x * sign, sign

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any) -> Any:
            (sign,) = ctx.saved_tensors
            return g * sign

    return Signed


@functools.cache
def Doubling(lib: Any) -> Any:
    """Writes into its input."""

    class Doubling(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g

    return Doubling


@functools.cache
def Passing(lib: Any) -> Any:
    """Gives its input back as it is, and its gradient with the other sign."""

    class Passing(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.view_as(x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return -g

    return Passing


@functools.cache
def Kept(lib: Any) -> Any:
    """Saves its result."""

    class Kept(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            result = x.abs()
            ctx.save_for_backward(x, result)
            return result

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, result = ctx.saved_tensors
            return g * (x + result).sign()

    return Kept


@functools.cache
def Failing(lib: Any) -> Any:
    """Raises in its backward pass."""

    class Failing(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            raise ValueError("this derivative always fails")

    return Failing


#: By name: the class, made for a module like torch; and how many tensors it takes.
FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    made.__name__: made for made in (Square, Times, Halves, Sparing, Signed, Doubling, Passing, Kept, Failing)
}
ARITY: Mapping[str, int] = {name: 2 if name == "Times" else 1 for name in FUNCTIONS}
#: Those that write into what they are given.
WRITING = frozenset(["Doubling"])


# -- recomputed in the backward pass


def cubed(x: Any) -> Any:
    return x * x * x


def mixed(x: Any, y: Any) -> Any:
    return x * y + x


CHECKPOINTED: Mapping[str, Callable[..., Any]] = {"cubed": cubed, "mixed": mixed}
CHECKPOINTED_ARITY: Mapping[str, int] = {"cubed": 1, "mixed": 2}
