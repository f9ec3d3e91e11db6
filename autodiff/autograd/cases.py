"""What one comparison of gradcheck is given: a function at a point, perhaps the parts of a complex one; and places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff._core.tensor import Tensor, wrap
from autodiff.autograd.jacobians import Array, Function, as_tuple, moving


@dataclass(frozen=True)
class Settings:
    """What a check is asked to do: the arguments of `gradcheck`, under torch's names."""

    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    check_undefined_grad: bool
    check_grad_dtypes: bool
    check_batched_grad: bool
    check_batched_forward_grad: bool
    check_forward_ad: bool
    check_backward_ad: bool
    fast_mode: bool
    masked: bool | None

    def __post_init__(self) -> None:
        if not (self.check_forward_ad or self.check_backward_ad):
            raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
        if self.check_batched_grad and not self.check_backward_ad:
            raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
        if self.check_batched_forward_grad and not self.check_forward_ad:
            raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")


@dataclass(frozen=True)
class Case:
    """One function at one point, as one comparison takes it: perhaps a part of what the user gave."""

    func: Function
    inputs: tuple[Any, ...]
    settings: Settings
    #: "real" or "imaginary" where complex outputs (in forward mode inputs) are taken by their parts.
    part: str = ""
    #: The outputs or inputs that are so taken.
    halved: frozenset[int] = frozenset()

    @property
    def places(self) -> list[int]:
        """The inputs by which is differentiated."""
        return [i for i, x in enumerate(self.inputs) if isinstance(x, Tensor) and x.requires_grad]

    @property
    def wanted(self) -> tuple[Tensor, ...]:
        return tuple(self.inputs[i] for i in self.places)


def by_output_parts(case: Case, outputs: tuple[Any, ...]) -> Iterator[Case]:
    """Gradients are those of real functions: complex outputs are checked part by part."""
    recorded = [o for o in outputs if isinstance(o, Tensor) and o.requires_grad]
    if not any(o._array.dtype.kind == "c" for o in moving(outputs)):
        yield case
        return
    halved = frozenset(i for i, o in enumerate(recorded) if o._array.dtype.kind == "c")
    for part, operator in (("imaginary", "imag"), ("real", "real")):

        def func(*inputs: Any, operator: str = operator) -> tuple[Any, ...]:
            found = as_tuple(case.func(*inputs))
            return tuple(getattr(o, operator) if isinstance(o, Tensor) and o.is_complex() else o for o in found)  # type: ignore[attr-defined]

        yield Case(func, case.inputs, case.settings, part, halved)


def by_input_parts(case: Case) -> Iterator[Case]:
    """Tangents of complex inputs are checked in the two directions of their parts, the other part being kept."""
    halved = frozenset(i for i, x in enumerate(case.inputs) if isinstance(x, Tensor) and x._array.dtype.kind == "c")
    if not halved:
        yield case
        return
    for part in ("imaginary", "real"):
        imaginary = part == "imaginary"

        def func(*inputs: Any, imaginary: bool = imaginary) -> tuple[Any, ...]:
            whole = [
                (o.detach().real + x * 1j if imaginary else x + o.detach().imag * 1j) if i in halved else x
                for i, (x, o) in enumerate(zip(inputs, case.inputs))
            ]
            return as_tuple(case.func(*whole))

        halves = tuple(
            wrap(np.array(x._array.imag if imaginary else x._array.real)).requires_grad_(x.requires_grad)
            if i in halved
            else x
            for i, x in enumerate(case.inputs)
        )
        yield Case(func, halves, case.settings, part, halved)


def random_like(random: np.random.Generator, o: Tensor, stepped: bool) -> Tensor:
    shape = o._array.shape
    room = (*shape[:-1], 2 * shape[-1]) if stepped and shape else shape
    values = random.uniform(-1, 1, room)
    if o._array.dtype.kind == "c":
        values = values + 1j * random.uniform(-1, 1, room)
    array = np.asarray(values, o._array.dtype)
    return wrap(array[..., ::2] if room != shape else array)


def index_of(flat: Any, x: Tensor) -> list[int]:
    return [int(n) for n in np.unravel_index(flat, x._array.shape)] if x._array.ndim else []


def largest(g: Array, x: Tensor) -> str:
    flat = np.argmax(np.where(g == g, np.abs(g), np.inf))
    return f" has a gradient of {g.flat[flat]} at {index_of(flat, x)}"
