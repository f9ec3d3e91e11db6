"""The memory that tensors share, as torch shows it: where it begins and how many bytes it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff._core.geometry import CPU
from autodiff._core.tensor import Tensor


class UntypedStorage:
    """A tensor's whole memory as bytes, to be read; tensors that are views of each other have the same."""

    def __init__(self, array: Any) -> None:
        whole = array
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        self._array = whole

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return int(self._array.__array_interface__["data"][0])

    def nbytes(self) -> int:
        """How many bytes there are."""
        return int(self._array.nbytes)

    size = __len__ = nbytes

    def element_size(self) -> int:
        """1: it is told in bytes."""
        return 1

    def tolist(self) -> list[int]:
        """Every byte."""
        return list(self._array.tobytes())

    def __getitem__(self, place: Any) -> Any:
        found = self._array.tobytes()[place]
        return found if isinstance(found, int) else list(found)

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    @property
    def device(self) -> Any:
        """The CPU."""
        return CPU

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False

    def __repr__(self) -> str:
        lines = "\n ".join(map(str, self.tolist()))
        return f" {lines}\n[torch.storage.UntypedStorage(device=cpu) of size {self.nbytes()}]"


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory that it shares with its views, as bytes."""
    return UntypedStorage(self.memory())
