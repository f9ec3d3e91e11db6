"""Calling a module, with the hooks that look on: its own and those of all modules.

Knows nothing of parameters. A module without hooks costs one look at their tables.
"""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

from autodiff._core.node import RemovableHandle
from autodiff.nn.modules.backward_hooks import BackwardHook, hang_on_the_output

_numbers = itertools.count()


def hang(table: OrderedDict[int, Any], hook: Callable[..., Any], *also: Any, prepend: bool = False) -> RemovableHandle:
    """Add a hook to a table, to be called last, or first where `prepend`; to sets in `also` its number."""
    number = next(_numbers)
    table[number] = hook
    for numbers in also:
        numbers[number] = True
    if prepend:
        table.move_to_end(number, last=False)
    return RemovableHandle(table, number)


class Everywhere:
    """Hooks of all modules."""

    forward_pre: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    forward: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    #: Those of `forward` that are also given keywords; that are called though the forward raised.
    with_kwargs: ClassVar[dict[int, bool]] = {}
    always: ClassVar[dict[int, bool]] = {}
    backward_pre: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    backward: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    #: Whether the backward hooks are "full" ones; None while nobody said.
    full: ClassVar[bool | None] = None
    parameters: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    buffers: ClassVar[OrderedDict[int, Any]] = OrderedDict()
    modules: ClassVar[OrderedDict[int, Any]] = OrderedDict()


_EVERYWHERE = (Everywhere.forward_pre, Everywhere.forward, Everywhere.backward_pre, Everywhere.backward)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before every module's forward; what it returns replaces the arguments."""
    return hang(Everywhere.forward_pre, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after every module's forward; what it returns replaces the output."""
    also = [
        numbers
        for numbers, wanted in ((Everywhere.with_kwargs, with_kwargs), (Everywhere.always, always_call))
        if wanted
    ]
    return hang(Everywhere.forward, hook, *also)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the gradients of every module's inputs are computed."""
    return hang(Everywhere.backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` when the gradients of every module's inputs are there."""
    if Everywhere.full is False:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only "
            "one of them."
        )
    Everywhere.full = True
    return hang(Everywhere.backward, hook)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """As the full one, of the node that made the output alone; deprecated in torch."""
    if Everywhere.full is True:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only "
            "one of them."
        )
    Everywhere.full = False
    return hang(Everywhere.backward, hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, parameter)` where a parameter is registered; what it returns takes its place."""
    return hang(Everywhere.parameters, hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, buffer)` where a buffer is registered; what it returns takes its place."""
    return hang(Everywhere.buffers, hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, submodule)` where a module is registered; what it returns takes its place."""
    return hang(Everywhere.modules, hook)


class Hooked:
    """The part of a Module that is called."""

    forward: Callable[..., Any]
    _forward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks: OrderedDict[int, Callable[..., Any]]
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _backward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _backward_hooks: OrderedDict[int, Callable[..., Any]]
    #: Whether the backward hooks are "full" ones; None while nobody said.
    _is_full_backward_hook: bool | None

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before forward, or `hook(module, args, kwargs)`; what it returns replaces them."""
        also = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        return hang(self._forward_pre_hooks, hook, *also, prepend=prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args[, kwargs], output)` after forward; what it returns replaces the output.

        `always_call`: also where forward, or another hook, raised.
        """
        wanted = ((self._forward_hooks_with_kwargs, with_kwargs), (self._forward_hooks_always_called, always_call))
        return hang(self._forward_hooks, hook, *(numbers for numbers, wish in wanted if wish), prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the backward pass of the module; what it returns replaces that."""
        return hang(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` after the module's; what it returns replaces `grad_input`."""
        if self._is_full_backward_hook is False:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = True
        return hang(self._backward_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As the full one, of the node that made the output alone; deprecated in torch."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = False
        return hang(self._backward_hooks, hook)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or any(_EVERYWHERE)
        ):
            return self.forward(*args, **kwargs)
        return self._called(args, kwargs)

    _call_impl = __call__

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Forward with all hooks. One that is always called is called once, though something before it raised."""
        done: set[int] = set()
        output = None
        try:
            args, kwargs = self._before(args, kwargs)
            backward = self._backward_hook()
            if backward is not None:
                args = backward.setup_input_hook(args)
            output = self.forward(*args, **kwargs)
            for number, hook, with_kwargs in self._after():
                done.add(number)
                replaced = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
                output = output if replaced is None else replaced
            if backward is not None:
                output = backward.setup_output_hook(output)
            return hang_on_the_output(self, self._partial_hooks(), output)
        except Exception:
            for number, hook, with_kwargs in self._after():
                always = number in self._forward_hooks_always_called or number in Everywhere.always
                if always and number not in done:
                    try:
                        replaced = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
                        output = output if replaced is None else replaced
                    except Exception as error:  # the first one is what the caller is to see
                        warnings.warn(
                            "module forward hook with ``always_call=True`` raised an exception that was silenced as "
                            f"another error was raised in forward: {error}",
                            stacklevel=3,
                        )
            raise

    def _before(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for number, hook in [*Everywhere.forward_pre.items(), *self._forward_pre_hooks.items()]:
            if number in self._forward_pre_hooks_with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
                            f"{replaced}."
                        )
                    args, kwargs = replaced
            else:
                replaced = hook(self, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        return args, kwargs

    def _after(self) -> list[tuple[int, Callable[..., Any], bool]]:
        """The forward hooks by number, and whether each is given keywords too."""
        everywhere = [(n, hook, n in Everywhere.with_kwargs) for n, hook in Everywhere.forward.items()]
        return everywhere + [(n, hook, n in self._forward_hooks_with_kwargs) for n, hook in self._forward_hooks.items()]

    def _backward_hook(self) -> BackwardHook | None:
        full = [*Everywhere.backward.values()] if Everywhere.full else []
        full += self._backward_hooks.values() if self._is_full_backward_hook else []
        before = [*Everywhere.backward_pre.values(), *self._backward_pre_hooks.values()]
        return BackwardHook(self, full, before) if full or before else None

    def _partial_hooks(self) -> list[Callable[..., Any]]:
        """Backward hooks that are not full ones."""
        hooks = [*Everywhere.backward.values()] if Everywhere.full is False else []
        return hooks + ([*self._backward_hooks.values()] if self._is_full_backward_hook is False else [])
