"""torch.autograd.forward_ad: one level of forward mode, and tensors that carry a tangent in it.

The machine is `_core.forward`; here are torch's names, its one level at a time, and its refusals.
"""

from __future__ import annotations

from types import TracebackType
from typing import NamedTuple

import numpy as np

from autodiff._core import forward
from autodiff._core.batched import Batched
from autodiff._core.inplace import assign
from autodiff._core.modes import _Mode, state
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class _Current:
    """The level that is open, as in torch one for the whole program."""

    level: forward.Level | None = None


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's two parts: its value, and its tangent or None."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open the level and return its number, 0. Raises RuntimeError if it is open already."""
    if _Current.level is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment: a dual level is open already")
    _Current.level = forward.open_level()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: every tangent given in it is forgotten. Raises RuntimeError for any but the last one."""
    if level not in (None, _number()):
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported: "
            f"level {level} was given, and {_number()} is the last."
        )
    if _Current.level is None:
        raise RuntimeError("Dual level must be a positive number: none is open.")
    closed, _Current.level = _Current.level, None
    forward.close_level(closed)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A view of the tensor that carries the tangent: itself if it is laid out as the tensor, else a copy.

    Differentiable backward. Raises RuntimeError where no level is open, for shapes that differ, and for parts that
    carry a tangent already; ValueError for dtypes that have no derivative.
    """
    number = _number() if level is None else level
    if number < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for what, x in (("primal", tensor), ("tangent", tangent)):
        if not (x.is_floating_point() or x.is_complex()):  # type: ignore[attr-defined]
            raise ValueError(f"Expected {what} to be floating point or complex, but got: {x.dtype}")
    current = _checked(number, "_make_dual")
    if current.tangent(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level "
            f"{number} is not supported."
        )
    forward.check_size(tensor, tangent)
    if current.tangent(tangent) is not None:
        raise RuntimeError(
            f"Setting a forward grad that itself has a forward gradient at the same level {number} is not supported."
        )
    if not _laid_out_alike(tensor, tangent):
        with current.outside():
            tangent = _relaid(tangent, tensor)
    return current.dual(tensor, tangent)


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value, a view without a tangent, and the tangent or None. Differentiable backward."""
    number = _number() if level is None else level
    if number < 0:
        return UnpackedDualTensor(tensor, None)
    current = _checked(number, "_fw_primal")
    with current.outside():
        primal: Tensor = ops.view(tensor, shape=tensor._array.shape)
    current.give(primal, None)
    return UnpackedDualTensor(primal, current.tangent(tensor) if current in state.forward else None)


class dual_level(_Mode):
    """The level as a context or a decorator."""

    def __enter__(self) -> int:  # type: ignore[override]
        return enter_dual_level()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        exit_dual_level()


def _is_fwd_grad_enabled() -> bool:
    """Whether tangents are handed on."""
    return state.hidden is None


class _set_fwd_grad_enabled(_Mode):
    """Switch the handing on of tangents on or off: at once as a call, until its end as a context."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._was = forward.switch_forward(self.mode)

    def _new(self) -> _Mode:
        return _set_fwd_grad_enabled(self.mode)

    def __enter__(self) -> None:
        forward.switch_forward(self.mode)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        forward.switch_forward(self._was)


def _number() -> int:
    return -1 if _Current.level is None else 0


def _checked(number: int, what: str) -> forward.Level:
    if number != _number() or _Current.level is None:
        raise RuntimeError(f"Invalid level given to {what}: {number}, where {_number()} is open")
    return _Current.level


def _laid_out_alike(x: Tensor, tangent: Tensor) -> bool:
    a, b = x._array, tangent._array
    if isinstance(tangent, Batched) or not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return True
    return all(n < 2 or s // a.itemsize == t // b.itemsize for n, s, t in zip(a.shape, a.strides, b.strides))


def _relaid(tangent: Tensor, like: Tensor) -> Tensor:
    """A copy of the tangent in the memory order of its tensor."""
    return assign(wrap(np.zeros_like(like._array, dtype=tangent._array.dtype)), lambda _: tangent)
