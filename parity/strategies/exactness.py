"""How many bits behind the point the result of an exact operator may need; knows which operators multiply."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.strategies.item import Item, Unfit

_PRODUCTS = frozenset(
    ["mul", "matmul", "mm", "bmm", "mv", "dot", "outer", "einsum", "nn.functional.linear", "vdot", "inner", "cross",
     "addmm", "addmv", "baddbmm", "addbmm", "addr", "tensordot", "kron", "prelu", "nn.functional.prelu",
     "addcmul", "lerp"]
    + [f"{space}conv{how}{n}d" for space in ("", "nn.functional.") for how in ("", "_transpose") for n in (1, 2, 3)]
    + ["convolution"]
)  # fmt: skip
#: Exact without powers and roots.
_DISTANCES = frozenset(["cdist", "pdist", "nn.functional.pdist"])
#: Losses of a difference: by what its bits are multiplied, and how many more the formula needs.
_LOSSES = {
    "nn.functional.mse_loss": (2, 0),
    "nn.functional.l1_loss": (1, 0),
    "nn.functional.hinge_embedding_loss": (1, 0),
    "nn.functional.margin_ranking_loss": (1, 0),
    "nn.functional.huber_loss": (2, 2),
    "nn.functional.smooth_l1_loss": (2, 2),
}
#: Their second derivatives are computed by divisions, also in torch, and so are not exact.
LONG_PRODUCTS = frozenset(["prod", "cumprod", "scatter_reduce", "index_reduce"])
_REDUCING = frozenset(["scatter_reduce", "index_reduce"])
#: Operators whose second derivatives are quotients that cancel, which torch rounds.
ROUNDED_SECOND = LONG_PRODUCTS | {"copysign"}
#: Of complex numbers these need a square root, or in torch a division.
REAL_ONLY = LONG_PRODUCTS | {"abs", "sgn"}
_SHARED = frozenset(["amax", "amin", "max", "min", "maximum", "minimum", "aminmax", "median", "nanmedian"])
_DRAWN_SLOPES = frozenset(["rrelu", "nn.functional.rrelu"])
_TRAPEZOIDS = frozenset(["trapezoid", "cumulative_trapezoid"])


def bits_after(op: str, values: Mapping[str, Any]) -> int:
    """The bits of a result, given the operator's arguments by name; Unfit where it would not be exact."""
    of = [_bits(value) for value in values.values()]
    most = max(of, default=0)
    if op in REAL_ONLY and any(type(v) is Item and v.kind == "c" for v in values.values()):
        raise Unfit
    if op in _PRODUCTS:
        return sum(of)
    if op == "chain_matmul":
        return sum(map(_bits, values["matrices"]))
    if op == "square":
        return 2 * most
    if op in _DISTANCES and values.get("p", 2.0) not in (0.0, 1.0, math.inf):
        raise Unfit
    if op in _LOSSES:
        return _loss(op, most, values)
    if op in _REDUCING:
        return _reduced(values, most)
    if op in LONG_PRODUCTS:
        array = values["input"].array
        axis = values.get("dim")
        count = int(array.size if axis is None or array.ndim == 0 else array.shape[axis])
        # A zero hides how far the others' product grows, which is what its gradient is.
        grown = np.prod(np.maximum(np.abs(np.asarray(array, np.float64)), 1), axis if array.ndim else None)
        if count > 8 or np.any(grown >= 2.0 ** (24 - most * count)):
            raise Unfit
        return most * count
    if op == "mean":
        return most + _mean(values)
    if op == "nn.functional.leaky_relu":
        if values.get("negative_slope") != 0.5:
            raise Unfit  # 0.01 is no fraction of a power of 2
        return _bits(values["input"]) + 1
    if op in _DRAWN_SLOPES:
        if "upper" not in values:
            raise Unfit  # nor is 1/3
        return _bits(values["input"]) + 4
    if op == "frexp":
        return most + 4
    if op in ("div", "floor_divide"):
        return _bits(values["input"]) + 2
    if op == "pow":
        return _bits(values["input"]) * int(values["exponent"])
    if op in _TRAPEZOIDS:
        return sum(of) + 1
    if op in _SHARED:
        return most + 1
    if op in ("add", "sub", "index_add") and "alpha" in values:
        return most + 1
    return most


def counts_what_is_left_out(op: str, values: Mapping[str, Any]) -> bool:
    """Whether an extreme ties with an input's element that is left out: torch counts that among those that tie."""
    if op not in _REDUCING or values.get("include_self", True) or values["reduce"] not in ("amax", "amin"):
        return False
    extreme = max if values["reduce"] == "amax" else min
    array = np.atleast_1d(values["input"].array)
    return any(array[place] == extreme(found) for place, found in _met(values).items())


def _met(values: Mapping[str, Any]) -> dict[tuple[int, ...], list[Any]]:
    """What is reduced at each place that an index names."""
    whole = values.get("include_self", True)
    array, index = np.atleast_1d(values["input"].array), np.atleast_1d(values["index"].array)
    source = np.atleast_1d(values.get("src", values.get("source")).array)
    axis = values["dim"] % array.ndim
    if index.ndim < source.ndim:
        index = np.broadcast_to(index.reshape([-1 if n == axis else 1 for n in range(source.ndim)]), source.shape)
    met: dict[tuple[int, ...], list[Any]] = {}
    for at in np.ndindex(index.shape):
        place = (*at[:axis], int(index[at]), *at[axis + 1 :])
        met.setdefault(place, [array[place]] if whole else []).append(source[at])
    return met


def _reduced(values: Mapping[str, Any], bits: int) -> int:
    """The bits of what is reduced at positions; Unfit where a gradient would be divided by other than a power of 2."""
    how, met = values["reduce"], _met(values)
    most = max(map(len, met.values()), default=1)
    if how == "prod":
        if most > 6:
            raise Unfit
        return bits * most
    if how == "mean":
        if any(len(found) & (len(found) - 1) for found in met.values()):
            raise Unfit
        return bits + 3
    if how in ("amax", "amin"):
        for found in met.values():
            ties = found.count(max(found) if how == "amax" else min(found))
            if ties & (ties - 1):
                raise Unfit
        return bits + 2
    return bits


def _loss(op: str, most: int, values: Mapping[str, Any]) -> int:
    times, more = _LOSSES[op]
    mean = values.get("reduction", "mean") == "mean"
    if mean and "weight" in values and op != "nn.functional.huber_loss":
        raise Unfit  # divided by the total weight
    weight = _bits(values["weight"]) if "weight" in values else 0
    return times * most + more + weight + (_mean(values) if mean else 0)


def _mean(values: Mapping[str, Any]) -> int:
    array, axis = values["input" if "input" in values else "input1"].array, values.get("dim")
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
        return 0 if math.isinf(value) or value == int(value) else 1 if value * 2 == int(value * 2) else 4
    if isinstance(value, (tuple, list)):
        return max(map(_bits, value), default=0)
    return 0
