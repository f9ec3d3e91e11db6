"""One value of a program in the making, and what its elements tell; knows domains, no operator."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.program import Array
from parity.strategies.dtypes import KIND_OF_CHAR
from parity.strategies.shapes import Shape

#: Smooth values outside of these are not computed with any further: programs stay well conditioned.
HUGE, SMALL = 1e4, 1e-4
#: How near a smooth value may come to a kink, to a pole or to the end of a domain.
MARGIN = 1e-2
#: Exact values need at most this many bits, so that gradients still fit float32's 24.
EXACT_BITS = 14
_INF = float("inf")


class Unfit(Exception):
    """The operator cannot be drawn here; another one can."""


class Item:
    """A value of the draft: the engine's tensor, its array, and what is known of it."""

    __slots__ = (
        "array", "bits", "flat", "free", "high", "kind", "leaf", "loose", "low", "ndim", "number", "output",
        "requires_grad", "shape", "tensor", "used",
    )  # fmt: skip

    def __init__(
        self,
        tensor: Any,
        array: Array,
        requires_grad: bool,
        number: int,
        output: int | None,
        leaf: bool,
        bits: int,
    ) -> None:
        self.tensor = tensor
        self.array = array
        self.requires_grad = requires_grad
        self.number = number
        self.output = output
        self.leaf = leaf
        #: Exact regime: how many bits behind the point the values may need.
        self.bits = bits
        self.kind = KIND_OF_CHAR[array.dtype.char]
        self.shape: Shape = array.shape
        self.ndim = array.ndim
        self.used = False
        #: Whether its strides may be others in another engine: torch carries the layout of operands over.
        self.loose = False
        #: Whether nothing can be made of it: it is defined up to a factor only, or its tensor has another shape by now.
        self.free = False
        self.flat: list[Any] | None = None
        self.low = self.high = 0.0

    def look(self) -> list[Any]:
        """The elements as a list; sets `low` and `high`, which are nan if anything is."""
        flat = self.flat
        if flat is None:
            flat = self.flat = self.array.ravel().tolist()
            if not flat:
                self.low, self.high = _INF, -_INF
            elif self.kind == "c":
                with np.errstate(over="ignore"):
                    largest = float(np.abs(self.array).max())  # of the largest numbers infinite
                self.low, self.high = -largest, largest
            else:
                total = sum(flat)
                if total != total:
                    self.low = self.high = total
                else:
                    self.low, self.high = min(flat), max(flat)
        return flat

    def moderate(self) -> bool:
        """Whether a smooth program may compute with it: finite, not huge, not vanishing."""
        flat = self.look()
        return not flat or (-HUGE < self.low and self.high < HUGE and (self.high > SMALL or self.low < -SMALL))

    def within(self, limits: Mapping[str, Any]) -> bool:
        """Whether every element lies in the domain, with some margin to its ends, poles and kinks."""
        flat = self.look()
        get = limits.get
        if (end := get("above")) is not None and not self.low > end + MARGIN:
            return False
        if (end := get("below")) is not None and not self.high < end - MARGIN:
            return False
        if get("nonzero") and self.low < MARGIN and self.high > -MARGIN and any(abs(x) < MARGIN for x in flat):
            return False
        for kink in get("kinks", ()):
            reaches = self.low < kink + MARGIN and self.high > kink - MARGIN
            if reaches and (self.kind == "c" or any(abs(x - kink) < MARGIN for x in flat)):
                return False
        if get("distinct"):
            ordered = sorted(map(abs, flat) if self.kind == "c" else flat)
            if any(b - a < MARGIN for a, b in itertools.pairwise(ordered)):
                return False
        return not (get("spread") and not (self.high - self.low > 0.1))


def exactly(item: Item) -> bool:
    """Whether the values fit the bits that keep later results exact."""
    item.look()
    if item.kind in "bui":
        return -4096 < item.low and item.high < 4096
    return item.bits < EXACT_BITS and max(-item.low, item.high, 0.0) * 2.0**item.bits < 2.0**EXACT_BITS
