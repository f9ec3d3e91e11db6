"""Why an engine's operator misses the aim of 2 ulp in float64; what is not named here has no reason yet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: The aim, in ulp of float64.
AIM = 2.0

_SAVED = (
    "the derivative is told from the result, which is what torch saves: where that has rounded to its limit, "
    "what is left of the derivative is lost"
)
_ROOTS = "near the roots on the negative axis two large terms cancel: the absolute error stays small"
_FAR = "far from 0 the phase is that of a rounded argument"

#: By label, for values and gradients.
REASONS: Mapping[str, str] = MappingProxyType({})
