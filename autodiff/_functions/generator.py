"""Who draws: generators, the one for all who name none, and its seed and state. Knows no distribution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff._core.function import function
from autodiff._core.geometry import device as Device
from autodiff._core.modes import state
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels import mersenne
from autodiff._kernels.mersenne import Mersenne


class Generator:
    """A stream of random numbers of its own, torch's bit for bit: its state is torch's state."""

    __slots__ = ("_own",)

    def __init__(self, device: Any = "cpu") -> None:
        if (kind := Device(device).type) != "cpu":
            raise RuntimeError(f"Cannot get {kind.upper()} generator: numbers are drawn on the CPU alone")
        self._own: Mersenne | None = Mersenne()

    @property
    def stream(self) -> Mersenne:
        """The words themselves."""
        return mersenne.default() if self._own is None else self._own

    @property
    def device(self) -> Device:
        """Where it draws: the CPU, there is no other."""
        return Device("cpu")

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream anew, at a place that the seed decides, and give the generator back."""
        if isinstance(seed, float) or not hasattr(seed, "__index__"):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        self.stream.start(checked_seed(seed))
        return self

    def seed(self) -> int:
        """Start the stream anew at a place nobody knows, and say which seed leads there."""
        self.stream.start(mersenne.unpredictable())
        return self.stream.seed

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return self.stream.seed

    def get_state(self) -> Tensor:
        """Everything that decides what comes next, in torch's 5056 bytes."""
        return wrap(np.frombuffer(self.stream.state(), np.uint8).copy())

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on from a state, of this module or of torch."""
        if not isinstance(new_state, Tensor) or new_state._array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        self.stream.restore(np.ascontiguousarray(new_state._array).tobytes())
        return self

    def clone_state(self) -> Generator:
        """Another generator at the same place of the same stream."""
        other = Generator()
        other._own = self.stream.copy()
        return other

    def get_offset(self) -> int:
        """Raises RuntimeError: only generators on other devices have an offset."""
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> Generator:
        """Raises RuntimeError: only generators on other devices have an offset."""
        raise RuntimeError("CPU Generator does not use offset")


def _shared() -> Generator:
    found = Generator.__new__(Generator)
    found._own = None
    return found


default_generator = _shared()


def checked_seed(seed: Any) -> int:
    """A seed as an int. Raises ValueError beyond 64 bits."""
    seed = int(seed)
    if not -(2**63) <= seed < 2**64:
        raise ValueError("Overflow when unpacking long long")
    return seed


def stream_of(generator: Generator | None, name: str) -> Mersenne:
    """The stream that a function draws from. Raises TypeError for what is no generator.

    And RuntimeError under a vmap that allows no random operators.
    """
    if any(level.randomness == "error" for level in state.maps):
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap"
        )
    if generator is None:
        return mersenne.default()
    if not isinstance(generator, Generator):
        raise TypeError(
            f"{name}(): argument 'generator' must be torch.Generator or None, not {type(generator).__name__}"
        )
    return generator.stream


@function("", "random", method=False)
def manual_seed(seed: Any) -> Generator:
    """Start the stream of all anew: the same seed gives the same numbers, torch's."""
    return default_generator.manual_seed(checked_seed(seed))


@function("", "random", method=False)
def seed() -> int:
    """Start the stream of all anew at a place nobody knows, and say which seed leads there."""
    return default_generator.seed()


@function("", "random", method=False)
def initial_seed() -> int:
    """The seed that the stream of all started from."""
    return default_generator.initial_seed()


@function("", "random", method=False)
def get_rng_state() -> Tensor:
    """Where the stream of all is, in torch's 5056 bytes."""
    return default_generator.get_state()


@function("", "random", method=False)
def set_rng_state(new_state: Tensor) -> None:
    """Let the stream of all go on from a state, of this module or of torch."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """While it lasts, what is drawn does not move the stream of all: it goes on afterwards where it was."""
    if not enabled:
        yield
        return
    before = default_generator.stream.state()
    try:
        yield
    finally:
        default_generator.stream.restore(before)


function("random", method=False)(fork_rng)
