"""Grad mode and inference mode, per thread; as context managers and decorators. Knows no tensor."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    #: Whether operators are recorded: if the grad mode says so and inference mode is off.
    grad = True
    grad_mode = True
    inference = False
    #: The vmaps at work, the outermost first.
    maps: tuple[Any, ...] = ()
    #: The number of the innermost derivative transform (grad, vjp, jvp ...) at work; 0 outside of all.
    level = 0
    #: Pairs of saved-tensors hooks, the innermost last; and why none may be set, or None.
    packing: tuple[Any, ...] = ()
    no_packing: str | None = None
    #: The innermost backward walk that runs users' code, and the node that runs while anomalies are looked for.
    walk: Any = None
    evaluating: Any = None
    multithreading = True
    #: The open levels of forward mode that are active, outermost first.
    forward: tuple[Any, ...] = ()
    #: The levels put out of action until forward mode is switched on again, or None while it is on.
    hidden: tuple[Any, ...] | None = None


state = _State()
#: Not empty while any thread records nothing, and for good once inference mode was used: where it is empty, the hot
#: path need not look at the thread's state.
unusual: list[str] = []
#: Not empty while any thread has a level of forward mode open; `unusual` is not empty then, either.
duals: list[str] = []


def switch(grad_mode: bool, inference: bool) -> tuple[bool, bool]:
    """Set this thread's modes; returns what they were."""
    before = state.grad_mode, state.inference
    grad = grad_mode and not inference
    if state.grad and not grad:
        unusual.append("no grad")
    elif grad and not state.grad:
        unusual.remove("no grad")
    if inference and "inference" not in unusual:
        unusual.append("inference")
    state.grad, state.grad_mode, state.inference = grad, grad_mode, inference
    return before


class _Mode:
    """A switch that is restored on leaving; wraps functions and generator functions too."""

    def _new(self) -> _Mode:
        return type(self)()

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        switch(*self._before.pop())

    def __init__(self) -> None:
        self._before: list[tuple[bool, bool]] = []

    def _switch(self, grad: bool, inference: bool) -> None:
        self._before.append(switch(grad, inference))

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            return self._generator(function)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._new():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]

    def _generator(self, function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            # The mode holds inside the generator only, never in the code between two of its values.
            generator = function(*args, **kwargs)
            resume: Callable[[], Any] = lambda: next(generator)
            while True:
                try:
                    with self._new():
                        value = resume()
                except StopIteration as stop:
                    return stop.value
                try:
                    sent = yield value
                    resume = functools.partial(generator.send, sent)
                except GeneratorExit:
                    with self._new():
                        generator.close()
                    raise
                except BaseException as error:
                    resume = functools.partial(generator.throw, error)

        return wrapped  # type: ignore[return-value]


class _Bare(_Mode):
    """A mode without arguments may decorate bare: `@no_grad` as well as `@no_grad()`."""

    def __new__(cls, function: Any = None) -> Any:
        mode = super().__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)


class no_grad(_Bare):
    """Record nothing: results do not require grad."""

    def __enter__(self) -> None:
        self._switch(False, state.inference)


class enable_grad(_Bare):
    """Record again inside no_grad; inside inference_mode nothing is recorded all the same."""

    def __enter__(self) -> None:
        self._switch(True, state.inference)


class set_grad_enabled(_Mode):
    """Switch recording on or off: at once as a call, until its end as a context."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        if not isinstance(mode, bool):
            raise TypeError(
                f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {type(mode).__name__}"
            )
        self.mode = mode
        self._switch(self.mode, state.inference)

    def _new(self) -> _Mode:
        return set_grad_enabled(self.mode)

    def __enter__(self) -> None:
        switch(self.mode, state.inference)

    def __call__(self, function: F) -> F:
        # As a decorator the call that built it must not stay in force.
        switch(*self._before.pop())
        return super().__call__(function)


class inference_mode(_Mode):
    """no_grad whose tensors can never take part in a graph."""

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if isinstance(mode, bool):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = mode

    def _new(self) -> _Mode:
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        self._switch(not self.mode, self.mode)


def is_grad_enabled() -> bool:
    """This thread's grad mode: whether operators are recorded, outside inference mode."""
    return state.grad_mode


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on in this thread."""
    return state.inference
