"""Forward lines of comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity.truth.balls import arb, equal, less
from parity.truth.scalar import either, real
from parity.truth.table import NoTruth, forward, line


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


def _finite(answer: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """A predicate of finite numbers; of others balls know nothing."""

    def ask(x: Any) -> bool:
        if not x.is_finite():
            raise NoTruth("a special value is asked for")
        return answer(x)

    spread = real(ask, 1)
    return lambda input: spread(input).astype(bool)


def _negative(x: Any) -> bool:
    if equal(x, arb(0)):
        raise NoTruth("a ball does not know the sign of zero")
    return less(x, arb(0))


for _name in ("isnan", "isinf", "isposinf", "isneginf"):
    line(_name, _finite(lambda x: False))
line("isfinite", _finite(lambda x: True))
line("isreal", _finite(lambda x: equal(x.imag, arb(0))))
line("signbit", either(lambda input: np.asarray(input).astype(np.int64) < 0, _finite(_negative)))


@forward("isclose")
def _(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    near = real(lambda a, b: equal(a, b) or not less(atol + abs(b) * arb(rtol), abs(a - b)), 2)
    return near(input, other).astype(bool)
