"""tinygrad: a lazy graph; torch's names on `Tensor`, derivatives of any order by `Tensor.gradient`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import tinygrad
from tinygrad.helpers import DEV

from parity.engines.adapters.tinygrad_rows import ROWS
from parity.engines.dialect import Dialect
from parity.engines.functional import Functional, Recorded
from parity.engines.protocol import Array


class Tinygrad(Functional):
    def __init__(self) -> None:
        try:
            (tinygrad.Tensor([1.0]) + 1).tolist()
        except Exception:  # no device that can compile: the one that needs no compiler
            DEV.value = "PYTHON"
        super().__init__("tinygrad", version("tinygrad"), Dialect(ROWS, {"Tensor": tinygrad.Tensor}))

    def own(self, array: Array) -> Any:
        return tinygrad.Tensor(np.array(array, order="C"))

    def array(self, value: Recorded) -> Array:
        """As NumPy has it; its 32-bit indices are a convention."""
        found = value.value.numpy()
        return found.astype(np.int64) if found.dtype.kind in "iu" else found  # type: ignore[no-any-return]

    def inexact(self, value: Any) -> bool:
        return bool(value.is_floating_point())

    def vjp(self, function: Callable[..., Any], primals: Sequence[Any], cotangents: Sequence[Any]) -> Sequence[Any]:
        outputs = function(*primals)
        found = [output.gradient(*primals, gradient=seed) for output, seed in zip(outputs, cotangents, strict=True)]
        return [sum(parts[1:], start=parts[0]) for parts in zip(*found)]


parity_engine = Tinygrad
