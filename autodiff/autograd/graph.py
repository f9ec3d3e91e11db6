"""torch.autograd.graph: nodes and their hooks, places in the graph, and what is done with what is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autodiff._core.edges import GradientEdge, edge_of
from autodiff._core.modes import state, unusual
from autodiff._core.node import Node, RemovableHandle, place_of
from autodiff._core.tensor import Tensor

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
    "set_warn_on_accumulate_grad_stream_mismatch",
]

Gradients = Sequence["Tensor | None"]


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the tensor's gradient arrives: backward and grad take it in the tensor's stead.

    Raises RuntimeError for a tensor that requires no grad.
    """
    return edge_of(tensor)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Tell autograd that the memory was written by other means."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        t.storage().touch()


class saved_tensors_hooks:
    """While it lasts, what operators save is given to `pack_hook`, and got back by `unpack_hook` when it is needed.

    Of nested ones the innermost counts. Raises RuntimeError where `disable_saved_tensors_hooks` is in force.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if not callable(self.pack_hook) or not callable(self.unpack_hook):
            raise TypeError("saved_tensors_hooks: expected two callables")
        if state.no_packing is not None:
            raise RuntimeError(state.no_packing)
        state.packing = (*state.packing, (self.pack_hook, self.unpack_hook))
        unusual.append("packing")

    def __exit__(self, *_: object) -> None:
        state.packing = state.packing[:-1]
        unusual.remove("packing")


class save_on_cpu(saved_tensors_hooks):
    """Keep what is saved in the memory of the CPU: where it is anyway."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        # Outside the graph: a result that kept itself would be a cycle.
        super().__init__(lambda tensor: tensor.detach(), lambda kept: kept)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """While it lasts, saved-tensors hooks are an error with this message."""
    if state.packing:
        raise RuntimeError(error_message)
    before, state.no_packing = state.no_packing, error_message
    try:
        yield
    finally:
        state.no_packing = before


class _Copies:
    """What was saved inside `allow_mutation_on_saved_tensors`."""

    def __init__(self) -> None:
        self.open = True

    def pack(self, tensor: Tensor) -> Tensor:
        return tensor.clone()

    def unpack(self, kept: Tensor) -> Tensor:
        if not self.open:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was "
                "originally recorded."
            )
        return kept

    def clear(self) -> None:
        """For torch's sake: copies go with the graph that holds them."""


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_Copies]:
    """While it lasts, tensors that were saved may be changed in place: backward sees them as they were.

    What is saved is copied at once. Raises AssertionError for a backward after its end.
    """
    copies = _Copies()
    with saved_tensors_hooks(copies.pack, copies.unpack):
        try:
            yield copies
        finally:
            copies.open = False


class _Handles:
    """Several hooks that are removed together."""

    def __init__(self, handles: Iterable[RemovableHandle]) -> None:
        self._handles = tuple(handles)

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def __enter__(self) -> _Handles:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[[Gradients], None] | Callable[[Tensor], None],
    *,
    mode: str = "all",
) -> _Handles:
    """Call `fn` in each backward once: with all the tensors' gradients, or ("any") with the first that is ready.

    A tensor that the backward does not reach has None among them.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    assert all(t.requires_grad for t in tensors), "Expected gradient function to be set"
    # By number: a hook that held the nodes it hangs on would be a cycle.
    keys = [place_of(t._node)[0].key for t in tensors]
    # By walk: the gradients that came, by place among the tensors; and how many will.
    arrived: dict[int, dict[int, Tensor | None]] = {}
    expected: dict[int, int] = {}

    def hook_of(index: int) -> Callable[[Tensor], None]:
        def hook(grad: Tensor) -> None:
            # A walk belongs to one thread, so its entries do, too.
            walk = state.walk
            mine = arrived.setdefault(walk.number, {})
            first = not mine
            mine[index] = grad
            if first:
                expected[walk.number] = walk.taking_part(keys)
            complete = len(mine) == expected[walk.number]
            if complete:
                del arrived[walk.number], expected[walk.number]
            if mode == "any" and first:
                fn(grad)  # type: ignore[arg-type]
            elif mode == "all" and complete:
                fn([mine.get(i) for i in range(len(keys))])  # type: ignore[arg-type]

        return hook

    return _Handles(t.register_hook(hook_of(i)) for i, t in enumerate(tensors))


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """For torch's sake: there are no streams here."""
