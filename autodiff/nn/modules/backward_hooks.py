"""A module's backward hooks: its inputs and its outputs each pass through one node, and the hooks hang on these two.

Knows nothing of modules but that they are handed to the hooks.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from autodiff._core.custom import Function
from autodiff._core.tensor import Tensor

Hook = Callable[..., Any]


class BackwardHookFunction(Function):
    """Its arguments, as they are; gradients come back only for those that require grad."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        return args


class BackwardHook:
    """The hooks of one call of a module: `full` are given both gradients, `before` those of the outputs."""

    def __init__(self, module: Any, full: Sequence[Hook], before: Sequence[Hook]) -> None:
        self.module, self.full, self.before = module, full, before
        #: Which arguments are tensors; None where none requires grad.
        self._inputs: list[int] | None = None
        self._count = -1
        self._grad_outputs: tuple[Any, ...] | None = None

    def setup_input_hook(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, those that are tensors as results of the one node that the hooks hang on."""
        self._count = len(args)
        args, self._inputs = _through_one_node(args, self._on_inputs)
        return args

    def setup_output_hook(self, output: Any) -> Any:
        """The output, its tensors as results of one node; a single one, or a tuple."""
        several = isinstance(output, tuple)
        outputs: tuple[Any, ...] = output if several else (output,)
        count = len(outputs)
        places: list[int] | None = None

        def on_outputs(_: Any, grads: tuple[Any, ...]) -> Any:
            assert places is not None  # the node is there, so there were tensors
            self._grad_outputs = _spread(places, grads, count)
            for hook in self.before:
                replaced = hook(self.module, self._grad_outputs)
                if replaced is not None:
                    self._grad_outputs = _as_many(replaced, count, "pre hook", "grad_output")
            told = self._grad_outputs
            if self._inputs is None:
                self._without_inputs()
            return tuple(told[i] for i in places)

        outputs, places = _through_one_node(outputs, on_outputs)
        return outputs if several else outputs[0]

    def _on_inputs(self, grads: tuple[Any, ...], _: Any) -> Any:
        if self._grad_outputs is None:  # the outputs that the hooks saw took no part
            return None
        assert self._inputs is not None
        told = _spread(self._inputs, grads, self._count)
        for hook in self.full:
            replaced = hook(self.module, told, self._grad_outputs)
            if replaced is not None:
                told = _as_many(replaced, len(told), "hook", "grad_input")
        self._grad_outputs = None
        return tuple(told[i] for i in self._inputs)

    def _without_inputs(self) -> None:
        if self.full:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                "inputs require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.register_full_backward_hook for more details.",
                stacklevel=5,
            )
        for hook in self.full:
            replaced = hook(self.module, (None,) * self._count, self._grad_outputs)
            if replaced is not None and not (isinstance(replaced, tuple) and all(g is None for g in replaced)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self._grad_outputs = None


def _through_one_node(args: tuple[Any, ...], hook: Hook) -> tuple[tuple[Any, ...], list[int] | None]:
    """The tensors among `args` as results of one node with this hook, and which they are."""
    places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
    tensors = [args[i] for i in places]
    if not any(t.requires_grad for t in tensors):
        return args, None
    passed = BackwardHookFunction.apply(*tensors)
    found = passed if isinstance(passed, tuple) else (passed,)
    node = next((t.grad_fn for t in found if t.grad_fn is not None), None)
    if node is None:  # nothing is recorded
        return args, None
    node.register_hook(hook)
    replaced = list(args)
    for place, t in zip(places, found):
        replaced[place] = t
    return (type(args)(*replaced) if hasattr(args, "_fields") else tuple(replaced)), places


def _spread(places: list[int], values: Sequence[Any], count: int) -> tuple[Any, ...]:
    spread = [None] * count
    for place, value in zip(places, values):
        spread[place] = value
    return tuple(spread)


def _as_many(replaced: Any, count: int, which: str, what: str) -> tuple[Any, ...]:
    replaced = replaced if isinstance(replaced, tuple) else (replaced,)
    if len(replaced) != count:
        raise RuntimeError(
            f"Backward {which} returned an invalid number of {what}, got {len(replaced)}, but expected {count}"
        )
    return replaced


def hang_on_the_output(module: Any, hooks: Sequence[Hook], output: Any) -> Any:
    """Hooks that are not full ones: on the node that made the first tensor of the output."""
    first = output
    while hooks and not isinstance(first, Tensor):
        first = next(v for v in first.values() if isinstance(v, Tensor)) if isinstance(first, dict) else first[0]
    if hooks and first.grad_fn is not None:
        for hook in hooks:
            first.grad_fn.register_hook(functools.partial(hook, module))
    return output
