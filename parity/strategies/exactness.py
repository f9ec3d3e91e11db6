"""How many bits behind the point the result of an exact operator may need; knows which operators multiply."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from parity.strategies.item import Item, Unfit

_PRODUCTS = frozenset(
    ["mul", "matmul", "mm", "bmm", "mv", "dot", "outer", "einsum", "nn.functional.linear", "addmm", "addcmul", "lerp"]
)
_SQUARES = frozenset(["square", "nn.functional.mse_loss"])
#: Their second derivatives are computed by divisions, also in torch, and so are not exact.
LONG_PRODUCTS = frozenset(["prod", "cumprod"])
#: Operators whose second derivatives are quotients that cancel, which torch rounds.
ROUNDED_SECOND = LONG_PRODUCTS | {"copysign"}
#: Of complex numbers these need a square root, or in torch a division.
REAL_ONLY = LONG_PRODUCTS | {"abs", "sgn"}
_SHARED = frozenset(["amax", "amin", "max", "min", "maximum", "minimum"])


def bits_after(op: str, values: Mapping[str, Any]) -> int:
    """The bits of a result, given the operator's arguments by name; Unfit where it would not be exact."""
    of = [_bits(value) for value in values.values()]
    most = max(of, default=0)
    if op in REAL_ONLY and any(type(v) is Item and v.kind == "c" for v in values.values()):
        raise Unfit
    if op in _PRODUCTS:
        return sum(of)
    if op in _SQUARES:
        return 2 * most + (_mean(values) if values.get("reduction", "mean") == "mean" and op != "square" else 0)
    if op in LONG_PRODUCTS:
        array = values["input"].array
        axis = values.get("dim")
        count = int(array.size if axis is None or array.ndim == 0 else array.shape[axis])
        if count > 8:
            raise Unfit
        return most * count
    if op == "mean":
        return most + _mean(values)
    if op == "frexp":
        return most + 4
    if op in ("div", "floor_divide"):
        return _bits(values["input"]) + 2
    if op == "pow":
        return _bits(values["input"]) * int(values["exponent"])
    if op in _SHARED:
        return most + 1
    if op in ("add", "sub") and "alpha" in values:
        return most + 1
    return most


def _mean(values: Mapping[str, Any]) -> int:
    array, axis = values["input"].array, values.get("dim")
    if axis is None or array.ndim == 0:
        count = array.size
    else:
        count = math.prod(array.shape[n] for n in (axis if isinstance(axis, tuple) else (axis,)))
    if count < 1 or count & (count - 1):
        raise Unfit
    return int(count).bit_length() - 1


def _bits(value: Any) -> int:
    if type(value) is Item:
        return value.bits
    if type(value) is float:
        return 0 if value == int(value) else 1 if value * 2 == int(value * 2) else 4
    if isinstance(value, (tuple, list)):
        return max(map(_bits, value), default=0)
    return 0
