"""torch.autograd.grad_mode: recording switched on and off."""

from __future__ import annotations

from autodiff._core.modes import enable_grad, inference_mode, no_grad, set_grad_enabled, state

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_multithreading_enabled",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


class set_multithreading_enabled:
    """For torch's sake: backward runs in the calling thread, whatever is said here. A call at once, or a context."""

    def __init__(self, mode: bool) -> None:
        self.mode = mode
        self._before = state.multithreading
        state.multithreading = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        state.multithreading = self._before


def is_multithreading_enabled() -> bool:
    """What `set_multithreading_enabled` was last told in this thread."""
    return state.multithreading
