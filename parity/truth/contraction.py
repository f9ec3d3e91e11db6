"""Forward lines of sums of products over any dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.table import forward


@forward("einsum")
def _(equation: str, *operands: Any) -> Array:
    given = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else list(operands)
    if not all(is_discrete(o) for o in given):
        given = [balls(o) for o in given]
    return np.asarray(np.einsum(equation.replace(" ", ""), *given, optimize=False), dtype=given[0].dtype)
