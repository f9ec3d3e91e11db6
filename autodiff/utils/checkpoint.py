"""torch.utils.checkpoint: a region's intermediate values are dropped in forward and computed again for backward.

Without re-entry, what the region saves is replaced by tickets (saved-tensors hooks); the first ticket that a backward
shows has the region computed again, and the values that it would save then are handed out for the tickets.
"""

from __future__ import annotations

import itertools
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from autodiff._core import errors
from autodiff._core.custom import Function
from autodiff._core.modes import enable_grad, is_grad_enabled, no_grad, state
from autodiff._core.node import Clock
from autodiff._core.packing import Packed, packed
from autodiff._core.tensor import Tensor
from autodiff._core.unwritten import detached_since
from autodiff._functions.generator import get_rng_state, set_rng_state
from autodiff.autograd import backward
from autodiff.autograd.graph import saved_tensors_hooks

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]
#: Numbers for what is opened outside of any walk, apart from the walks' own.
_outside = itertools.count(-1, -1).__next__

_UNSAID = (
    "the use_reentrant parameter should be passed explicitly. use_reentrant=False is recommended; without it "
    "use_reentrant=True is what you get."
)
_SUPPRESSED = (
    "torch.utils.checkpoint: the forward context provided by context_fn suppressed an exception raised during the "
    "checkpointed forward. This is not supported because checkpoint cannot return a value for a failed forward."
)
_TIP = "Tip: pass `debug=True` to checkpoint(...) to see where each tensor was saved, in forward and in recomputation."


class CheckpointError(RuntimeError):
    """A region that, computed again, does not save what it saved the first time."""


class _Overrides:
    """What the context managers below say for every checkpoint; None: as each was told."""

    early_stop: bool | None = None
    debug: bool | None = None


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether regions run forward meanwhile stop their recomputation once everything needed is there."""
    before, _Overrides.early_stop = _Overrides.early_stop, enable
    try:
        yield
    finally:
        _Overrides.early_stop = before


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Override the `debug` argument of every checkpoint meanwhile; None leaves it as given."""
    before, _Overrides.debug = _Overrides.debug, enabled
    try:
        yield
    finally:
        _Overrides.debug = before


def noop_context_fn() -> Contexts:
    """Contexts that do nothing."""
    return nullcontext(), nullcontext()


@contextmanager
def _random_numbers(numbers: Tensor | None) -> Iterator[None]:
    """Draw from this state meanwhile, and go on afterwards as if nothing had been drawn."""
    if numbers is None:
        yield
        return
    before = get_rng_state()
    set_rng_state(numbers)
    try:
        yield
    finally:
        set_rng_state(before)


# -- without re-entry -------------------------------------------------------------------------------------------------


class _Done(Exception):
    """Everything that the tickets stand for was computed again."""


class _Ticket:
    """Stands for one tensor that a region saved: by walk, its value computed again; None once it was handed out."""

    __slots__ = ("__weakref__", "values")

    def __init__(self) -> None:
        self.values: dict[int, Tensor | None] = {}


class _Argument:
    """A tensor given to a region, kept as an operator keeps what it saves: by outer hooks, and not to be written."""

    def __init__(self, tensor: Tensor) -> None:
        self._kept: Tensor | Packed = packed(tensor, *state.packing[-1]) if state.packing else tensor
        self._version = 0 if tensor.is_inference() else tensor._version
        self._now = Clock.now

    def opened(self) -> Tensor:
        kept = self._kept
        if isinstance(kept, Packed):
            return kept.tensor(kept.edge)  # type: ignore[arg-type]
        if detached_since(kept, self._now) and kept.is_leaf:
            raise RuntimeError(errors.DETACHED)
        if not kept.is_inference() and kept._version != self._version:
            kept.grad_fn  # noqa: B018  a view that may not be asked says so first
            kind = f"torch.{kept.dtype.name}"
            raise RuntimeError(errors.changed(kind, kept._array.shape, "", kept._version, self._version))
        return kept


class _Region:
    """One call of checkpoint: how to compute it again, and tickets for what it saved."""

    def __init__(
        self,
        again: Callable[..., None],
        args: Sequence[Any],
        early_stop: bool,
        facts: Callable[[Tensor], Any],
        debug: bool,
    ) -> None:
        self.again = again
        self.args = [_Argument(a) if isinstance(a, Tensor) else a for a in args]
        self.early_stop = early_stop
        self.facts = facts
        self.debug = debug
        # Weak: what a partial backward has let go of need not be kept again.
        self.tickets: list[weakref.ref[_Ticket]] = []
        self.known: list[Any] = []
        self.complete = False
        self.saved_at: list[str] = []
        self.saved_again_at: list[str] = []
        #: By walk, how many tensors were saved in the recomputation.
        self.recomputed: dict[int, int] = {}

    def pack(self, tensor: Tensor) -> _Ticket:
        ticket = _Ticket()
        self.tickets.append(weakref.ref(ticket))
        self.known.append(self.facts(tensor))
        if self.debug:
            self.saved_at.append(_where(tensor))
        return ticket

    def unpack(self, ticket: _Ticket) -> Tensor:
        walk = _outside() if state.walk is None else state.walk.number
        if walk not in self.recomputed:
            try:
                self._recompute(walk)
            except CheckpointError as error:
                if not self.debug:
                    raise
                raise self._explained(error) from error
        value = ticket.values[walk]
        if value is None:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. If you "
                "are calling ctx.saved_tensors in backward, make sure to do so only once."
            )
        ticket.values[walk] = None
        return value

    def _recompute(self, walk: int) -> None:
        count = 0
        backward_inside = False
        self.saved_again_at.clear()

        def pack(tensor: Tensor) -> Tensor:
            nonlocal count, backward_inside
            kept = tensor.detach()
            count += 1
            if self.debug:
                self.saved_again_at.append(_where(tensor))
            if count > len(self.tickets):
                if self.complete:
                    raise CheckpointError(
                        "torch.utils.checkpoint: trying to save more tensors during recomputation than during the "
                        f"original forward pass.\n{_TIP}"
                    )
                backward_inside = True
                return kept
            ticket = self.tickets[count - 1]()
            if ticket is not None:
                ticket.values[walk] = kept
            if self.early_stop and count == len(self.tickets):
                raise _Done
            return kept

        args = [a.opened() if isinstance(a, _Argument) else a for a in self.args]
        try:
            with saved_tensors_hooks(pack, lambda kept: kept), enable_grad():
                self.again(*args)
        except _Done:
            pass
        self.recomputed[walk] = count
        if not backward_inside:
            self._check(walk, count)

    def _check(self, walk: int, count: int) -> None:
        if count != len(self.tickets):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.tickets)}\n"
                f"Number of tensors saved during recomputation: {count}.\n{_TIP}"
            )
        different = []
        for place, (reference, known) in enumerate(zip(self.tickets, self.known)):
            ticket = reference()
            value = None if ticket is None else ticket.values[walk]
            if value is not None and self.facts(value) != known:
                different.append(
                    f"tensor at position {place}:\nsaved metadata: {known}\nrecomputed metadata: {self.facts(value)}\n"
                )
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                f"during the forward pass.\n{''.join(different)}.\n{_TIP}"
            )

    def _explained(self, error: CheckpointError) -> CheckpointError:
        forward, again = ("\n".join(f"  {i}: {text}" for i, text in enumerate(log)) for log in self._logs())
        return CheckpointError(
            f"{str(error).replace(_TIP, '').rstrip()}\n\nTensors saved during the original forward:\n{forward}\n\n"
            f"Tensors saved during recomputation:\n{again}"
        )

    def _logs(self) -> tuple[list[str], list[str]]:
        return self.saved_at, self.saved_again_at


def _where(tensor: Tensor) -> str:
    """What is saved, and the line of the user's code that had it saved."""
    inside = str(__file__).rpartition("/utils/")[0]
    frames = [f for f in traceback.extract_stack() if not f.filename.startswith(inside)]
    place = f"{frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}" if frames else "unknown"
    return f"{_shape_and_dtype(tensor)} at {place}"


def _shape_and_dtype(tensor: Tensor) -> dict[str, Any]:
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}  # type: ignore[attr-defined]


#: What is compared of a tensor saved in forward and in recomputation.
_CHECKS: dict[str, Callable[[Tensor], Any]] = {"default": _shape_and_dtype, "none": lambda _: None}


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Call the function, keeping its arguments instead of what it saves; backward calls it again.

    `preserve_rng_state=False` lets it draw other random numbers then. `context_fn` gives contexts for the two calls.
    With `use_reentrant=True` an inner backward does it, and `autograd.grad` and `inputs=` are RuntimeErrors. Raises
    CheckpointError in backward if the second call saves other tensors than the first.
    """
    if use_reentrant is None:
        warnings.warn(f"torch.utils.checkpoint: {_UNSAID}", stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    debug = debug if _Overrides.debug is None else _Overrides.debug
    if debug and context_fn is not noop_context_fn:
        raise ValueError("debug=True is incompatible with non-default context_fn")
    if determinism_check not in _CHECKS:
        raise ValueError(f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}")
    forward_context, recompute_context = context_fn()
    if not is_grad_enabled():
        return function(*args, **kwargs)
    if any(isinstance(a, Tensor) and a.is_inference() for a in args):
        raise RuntimeError(errors.INFERENCE_SAVED)
    numbers = get_rng_state() if preserve else None

    def again(*inputs: Any) -> None:
        with _random_numbers(numbers), recompute_context:
            function(*inputs, **kwargs)

    stops = early_stop if _Overrides.early_stop is None else _Overrides.early_stop
    region = _Region(again, args, stops, _CHECKS[determinism_check], debug)
    with saved_tensors_hooks(region.pack, region.unpack), forward_context:
        result = function(*args, **kwargs)
        region.complete = True
    if not region.complete:
        raise RuntimeError(_SUPPRESSED)
    return result


# -- with re-entry ----------------------------------------------------------------------------------------------------


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs outside their graph; those that require grad do so as leaves. Raises RuntimeError for no tuple."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple(x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs)


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn if no input requires grad."""
    if not any(x.requires_grad for x in inputs if isinstance(x, Tensor)):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)


class CheckpointFunction(Function):
    """The region as one node: its backward computes it again with a graph, and runs that graph's backward."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.numbers = get_rng_state() if preserve_rng_state else None
        ctx.others = [None if isinstance(a, Tensor) else a for a in args]
        ctx.is_tensor = [isinstance(a, Tensor) for a in args]
        ctx.save_for_backward(*[a for a in args if isinstance(a, Tensor)])
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        if state.walk is not None and state.walk.asked:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        saved = iter(ctx.saved_tensors)
        inputs = tuple(next(saved) if is_tensor else x for is_tensor, x in zip(ctx.is_tensor, ctx.others))
        leaves = detach_variable(inputs)
        with _random_numbers(ctx.numbers), enable_grad():
            outputs = ctx.run_function(*leaves)
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        pairs = [(o, g) for o, g in zip(outputs, grad_outputs) if isinstance(o, Tensor) and o.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *[x.grad if isinstance(x, Tensor) else None for x in leaves])


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Call the functions one after the other, checkpointing them in `segments` parts; the last part is not."""
    if use_reentrant is None:
        warnings.warn(f"torch.utils.checkpoint.checkpoint_sequential: {_UNSAID}", stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)
    length = len(steps) // segments
    for start in range(0, length * (segments - 1), length):
        part = _one_after_the_other(steps[start : start + length])
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _one_after_the_other(steps[length * (segments - 1) :])(input)


def _one_after_the_other(steps: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def run(input: Any) -> Any:
        for step in steps:
            input = step(input)
        return input

    return run
