"""The words in which the catalogue's rows are written; names kinds of argument and draws none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.catalogue.spec import Argument, OpSpec

POINTWISE = "function method inplace out"


def op(
    name: str,
    *arguments: Argument,
    tags: str = "",
    dtypes: str = "hf",
    critical: tuple[float, ...] = (),
    stress: tuple[tuple[float, float], ...] = (),
    orders: int = 2,
    spellings: str = "function method",
    gauge: Mapping[int, int] | None = None,
    note: str = "",
) -> OpSpec:
    """A row; its family is the name of the module that it stands in."""
    return OpSpec(
        name,
        "",
        arguments,
        frozenset(tags.split()),  # type: ignore[arg-type]
        dtypes,
        critical,
        stress,
        orders,
        frozenset(spellings.split()),
        gauge or {},
        note,
    )


def real(name: str, **limits: Any) -> Argument:
    """A tensor of any shape; `above below nonzero` bound its domain, `kinks` are points to stay away from.

    `ndim`, `min_ndim`, `max_ndim` bound its dimensions, `kinds` the dtype kinds if they are not the row's;
    `distinct` and `spread` ask for elements apart from one another, `result_above` for a result that is not
    degenerate (all in the smooth regime only); `settled` for strides that every engine has, `sized` for one with
    elements, `constant` for one that requires no grad, `sign` for one whose zeros are given, not computed, `pairs` for
    a last dimension of two numbers that lie side by side. `grid` rounds smooth values to its multiples, `least` is
    where integers begin if not where the floats do.
    """
    return Argument(name, "tensor", limits=limits)


def beside(name: str, **limits: Any) -> Argument:
    """A tensor that broadcasts with the tensors before it.

    It has the first one's dtype if it is `matching`; if it is `alike`, both are complex or both are not.
    """
    return Argument(name, "beside", limits=limits)


def operand(name: str, **limits: Any) -> Argument:
    """A tensor that broadcasts with those before it, or a number; `dyadic` numbers serve the exact regime.

    `usual` are numbers that programs write most often, and formulas treat apart. Beside complex tensors some are
    complex, unless it is `real`.
    """
    return Argument(name, "operand", limits=limits)


def mask(name: str) -> Argument:
    """A boolean tensor that broadcasts to the tensors before it, or that they broadcast to."""
    return Argument(name, "mask")


def number(name: str, low: float = -2.0, high: float = 2.0, **limits: Any) -> Argument:
    return Argument(name, "number", limits={"low": low, "high": high, **limits})


def option(name: str, kind: str = "number", **limits: Any) -> Argument:
    """An argument that may be left out, and is passed by its name."""
    return Argument(name, kind, optional=True, keyword=True, limits=limits)


def bound(name: str, *values: float, needed: bool = False) -> Argument:
    """One of a few numbers, or a tensor that broadcasts with those before it; by its name."""
    limits = {"choices": values, "needed": needed}
    return Argument(name, "bound", optional=True, keyword=True, limits=limits)


def choice(name: str, *values: Any, needed: bool = False) -> Argument:
    """One of a few constants, by its name; may be left out unless it is `needed`."""
    return Argument(name, "choice", optional=True, keyword=True, limits={"values": values, "needed": needed})


def dim(name: str = "dim", *, optional: bool = False, **limits: Any) -> Argument:
    """One dimension of the first tensor, from either end."""
    return Argument(name, "dim", optional=optional, limits=limits)


def dims(name: str = "dim", **limits: Any) -> Argument:
    """One or several dimensions of the first tensor, or all by leaving it out; `single` allows one only."""
    return Argument(name, "dims", optional=True, limits=limits)


def keepdim() -> Argument:
    """Whether reduced dimensions stay with size 1; needs a dimension in most operators."""
    return Argument("keepdim", "keepdim", optional=True, keyword=True)


def argument(name: str, kind: str, **limits: Any) -> Argument:
    """An argument of a kind that needs no word of its own."""
    return Argument(name, kind, limits=limits)
