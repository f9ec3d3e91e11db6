"""torch's CPU generator: a Mersenne twister and the normal it keeps for later; knows words and states, no distribution.

NumPy's MT19937 is the same recurrence with the same seeding; its import waits for the first draw.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

#: What a new generator of torch's starts from.
FIRST_SEED = 67280421310721
N = 624
#: Words made at once.
PIECE = 16384
#: torch's state: seed, words left, seeded, next word, 624 words in 64 bits each, x, normal kept, rho, whether, then
#: a float32 normal, which no distribution keeps any more, and its flag.
LAYOUT = struct.Struct("<QiiQ4992sdddi4xf?3x")
_LOW = np.uint64(2**53 - 1)


class Mersenne:
    """A stream of 32-bit words, with the second of two normals if it was not asked for yet."""

    __slots__ = ("_engine", "_fresh", "_legacy", "kept", "seed")

    def __init__(self, seed: int = FIRST_SEED) -> None:
        self._engine: Any = np.random.MT19937(0)
        #: The one public door to seeding as in 2002, which torch kept to.
        self._legacy = np.random.RandomState(self._engine)
        self.start(seed)

    def start(self, seed: int) -> None:
        """Begin the stream of this seed: its lowest 32 bits count, as in torch."""
        self.seed = seed % 2**64
        self._legacy.seed(self.seed % 2**32)
        #: Whether nothing was drawn since: torch tells that from the end of a block, NumPy does not.
        self._fresh = True
        self.kept: float | None = None

    def words(self, n: int) -> Any:
        """The next n words, in 64 bits each."""
        if n:
            self._fresh = False
        return self._engine.random_raw(n)

    def pairs(self, n: int) -> Any:
        """n numbers of 64 bits: of two words the earlier one is the higher half."""
        words = self.words(2 * n)
        return words[0::2] << np.uint64(32) | words[1::2]

    def doubles(self, n: int) -> Any:
        """n float64 in [0, 1): the lowest 53 bits of a pair."""
        result = np.empty(n)
        for part in _parts(result):
            pairs = self.pairs(part.size)
            pairs &= _LOW
            np.multiply(pairs, 2.0**-53, out=part, casting="unsafe", dtype=np.float64)
        return result

    def singles(self, n: int) -> Any:
        """n float32 in [0, 1): the lowest 24 bits of a word."""
        result = np.empty(n, np.float32)
        for part in _parts(result):
            words = self.words(part.size).astype(np.uint32)
            words &= np.uint32(2**24 - 1)
            np.multiply(words, np.float32(2.0**-24), out=part, casting="unsafe", dtype=np.float32)
        return result

    # -- the state, in torch's 5056 bytes

    def state(self) -> bytes:
        """Everything that decides what comes next, laid out as torch does."""
        inner = self._engine.state["state"]
        place = 0 if self._fresh else int(inner["pos"])
        left = 1 if self._fresh else N + 1 - place
        key = np.asarray(inner["key"], np.uint64).tobytes()
        kept = 0.0 if self.kept is None else self.kept
        return LAYOUT.pack(self.seed, left, 1, place, key, 0.0, kept, 0.0, self.kept is not None, 0.0, False)

    def restore(self, state: bytes) -> None:
        """Go on from a state of torch's or ours. Raises RuntimeError for bytes that are none."""
        if len(state) != LAYOUT.size:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {LAYOUT.size} but found the input RNG state size to be "
                f"{len(state)}"
            )
        seed, left, seeded, place, key, _, kept, _, keeps, _, _ = LAYOUT.unpack(state)
        if not (seeded == 1 and 0 < left <= N and place <= N):
            raise RuntimeError("Invalid mt19937 state")
        self.seed = seed
        self._fresh = left == 1 and place == 0
        words = np.frombuffer(key, np.uint64).astype(np.uint32)
        self._engine.state = {"bit_generator": "MT19937", "state": {"key": words, "pos": N + 1 - left}}
        self.kept = kept if keeps else None

    def copy(self) -> Mersenne:
        """Another stream at the same place."""
        other = Mersenne()
        other.restore(self.state())
        return other


def _parts(array: Any) -> Iterator[Any]:
    """Pieces small enough for the cache to hold their words until they are numbers."""
    for start in range(0, array.size, PIECE):
        yield array[start : start + PIECE]


def unpredictable() -> int:
    """A seed that nobody knows beforehand, of as many bits as torch takes."""
    return int.from_bytes(os.urandom(7), "little") >> 3


class Default:
    """The stream of all who name no generator; made when first asked for, at a place nobody knows."""

    stream: Mersenne | None = None


def default() -> Mersenne:
    if Default.stream is None:
        Default.stream = Mersenne(unpredictable())
    return Default.stream
