"""torch.compile and torch.compiler: nothing is compiled, everything runs as it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """The function or module itself, which computes what torch's compiled one does; without one, a decorator.

    A module stays what it is, so its state_dict has no prefix `_orig_mod`. Raises RuntimeError for mode and options
    together.
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    return _itself if model is None else model


def _itself(function: Any) -> Any:
    return function


def is_compiling() -> bool:
    """Whether a compiler is at work: never."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself, which was not going to be compiled; without one, a decorator."""
    return _itself if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """The function, or functions, themselves. Raises AssertionError for what cannot be called."""
    assert all(map(callable, fn)) if isinstance(fn, (list, tuple)) else callable(fn), (
        "allow_in_graph expects a callable"
    )
    return fn


def assume_constant_result(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself."""
    return fn


@contextlib.contextmanager
def set_stance(stance: str = "default", **options: Any) -> Iterator[None]:
    """A context, or a decorator, that changes nothing: what runs is eager in any stance."""
    yield


def reset() -> None:
    """Forgets what was compiled: nothing."""


def cudagraph_mark_step_begin() -> None:
    """Says that a step begins, which a CUDA graph would want to know."""
