"""float32 rounded to the eight bits of bfloat16; knows no operator."""

from __future__ import annotations

from typing import Any

import numpy as np


def rounded(array: Any) -> Any:
    """The nearest numbers that bfloat16 has, ties to even, as float32."""
    wide = np.array(array, np.float32, order="C")
    bits = wide.view(np.uint32)
    # What is added carries into the bits that are kept from just above one half, or from one half if they are odd.
    kept = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(wide), wide, kept.view(np.float32))
