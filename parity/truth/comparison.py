"""Forward lines of comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity.truth.balls import equal, less
from parity.truth.scalar import either, real
from parity.truth.table import line


def _relation(names: str, discrete: Callable[..., Any], decide: Callable[[Any, Any], bool]) -> None:
    spread = real(decide, 2)
    line(names, either(discrete, lambda a, b: spread(a, b).astype(bool)))


# Decisions come from the balls, never from what the reference recorded: truth owes nothing to either side.
_relation("eq", np.equal, equal)
_relation("ne not_equal", np.not_equal, lambda a, b: not equal(a, b))
_relation("lt less", np.less, less)
_relation("gt greater", np.greater, lambda a, b: less(b, a))
_relation("le less_equal", np.less_equal, lambda a, b: not less(b, a))
_relation("ge greater_equal", np.greater_equal, lambda a, b: not less(a, b))
