"""The regions in which a step may stand, by name; each entered and left around one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mode:
    """A context manager of a module like torch: how it is entered, how it is written, what it needs."""

    enter: Callable[[Any, Callable[..., None]], AbstractContextManager[Any]]
    text: str
    needs: str


def _saving(lib: Any, tell: Callable[..., None]) -> AbstractContextManager[Any]:
    """What is saved goes through two hooks: the copy that is kept is no view and knows no graph."""

    def pack(saved: Any) -> Any:
        return saved.detach().clone()

    def unpack(kept: Any) -> Any:
        return kept

    context: AbstractContextManager[Any] = lib.autograd.graph.saved_tensors_hooks(pack, unpack)
    return context


MODES: Mapping[str, Mode] = {
    "no_grad": Mode(lambda lib, tell: lib.no_grad(), "torch.no_grad()", "no_grad"),
    "enable_grad": Mode(lambda lib, tell: lib.enable_grad(), "torch.enable_grad()", "enable_grad"),
    "inference_mode": Mode(lambda lib, tell: lib.inference_mode(), "torch.inference_mode()", "inference_mode"),
    "saved_tensors_hooks": Mode(
        _saving,
        "torch.autograd.graph.saved_tensors_hooks(lambda saved: saved.detach().clone(), lambda kept: kept)",
        "autograd.graph.saved_tensors_hooks",
    ),
}
