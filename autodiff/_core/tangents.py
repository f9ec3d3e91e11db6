"""What the machine asks of the open levels of forward mode, and never asks while `duals` is empty.

Knows a level by its methods only (`forward.Level`), so everything in the machine may stand above this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autodiff._core.modes import no_grad, state


def carried(p: Any, inputs: Sequence[Any], params: dict[str, Any], results: Sequence[Any]) -> None:
    """Hand an operator's tangents on to its results; as in torch inference mode has none."""
    if not state.inference:
        for level in state.forward:
            level.carry(p, inputs, params, results)


def pushed(function: Any, ctx: Any, inputs: Sequence[Any], outputs: Sequence[Any], raw: Sequence[Any]) -> None:
    """The same by a user's Function, which has a jvp of its own."""
    for level in state.forward:
        level.push(function, ctx, inputs, outputs, raw)


@contextmanager
def undisturbed() -> Iterator[None]:
    """While a user's forward runs nothing is recorded, and no tangent handed on."""
    before, state.forward = state.forward, ()
    try:
        with no_grad():
            yield
    finally:
        state.forward = before


def shared(source: Any, target: Any, *, copy: bool = False) -> None:
    """What stands for a tensor has its tangents; copies of them where the tensor is about to be written."""
    for level in state.forward:
        level.share(source, target, copy)


def settled(target: Any, result: Any) -> None:
    """After a write: the target's tangents become the result's, in the memory that its views' share."""
    for level in state.forward:
        level.settle(target, result)


def moved(target: Any, result: Any) -> None:
    """After a change of geometry: the target's tangents are the result's own."""
    for level in state.forward:
        level.give(target, level.tangent(result))


def kept(result: Any, saved: Any) -> None:
    """What a node saved of a result stands for the result's tangents, too."""
    for level in state.forward:
        t = level.tangent(result)
        if t is not None:
            level.keep(saved, t)


def dropped(x: Any) -> None:
    """Let x have no tangent from now on."""
    for level in state.forward:
        level.give(x, None)


def has_any(tensors: Sequence[Any]) -> bool:
    """Whether any of these tensors has a tangent."""
    return any(level.tangent(t) is not None for level in state.forward for t in tensors)


def innermost(x: Any) -> Any:
    """x's tangent in the innermost level: what printing shows."""
    return state.forward[-1].tangent(x) if state.forward else None


def restored(saved: Any, result: Any) -> None:
    """A saved result that stands before a formula again has its tangents."""
    for level in state.forward:
        t = level.kept(saved)
        if t is not None:
            level.give(result, t)
