"""Tensors as text, to the letter as torch prints them. Knows nothing of graphs but a node's name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autodiff._core import dtypes
from autodiff._core.dtypes import Default
from autodiff._core.modes import duals
from autodiff._core.tangents import innermost
from autodiff._core.tensor import Tensor


class Options:
    """What set_printoptions changes."""

    precision = 4
    threshold: float = 1000
    edgeitems = 3
    linewidth = 80
    sci_mode: bool | None = None


PROFILES = {"default": (4, 1000, 3), "short": (2, 1000, 2), "full": (4, math.inf, 3)}
options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed: digits, when and how they are cut short, width, scientific notation."""
    if profile is not None:
        options.precision, options.threshold, options.edgeitems = PROFILES[profile]
        options.linewidth = 80
    for name, value in (
        ("precision", precision),
        ("threshold", threshold),
        ("edgeitems", edgeitems),
        ("linewidth", linewidth),
    ):
        if value is not None:
            setattr(options, name, value)
    options.sci_mode = sci_mode


# -- one element ---------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """How every element of a tensor is written, and how wide the widest is."""

    width: int
    write: Callable[[Any], str]


def aligned(form: Callable[[Any], str], values: list[Any]) -> Column:
    """The column in which these values, so written, stand right-aligned."""
    width = max((len(form(v)) for v in values), default=1)
    return Column(width, lambda value: form(value).rjust(width))


def column(shown: Any) -> Column:
    """The common form of the elements shown: whole numbers, fixed point or scientific, as fits them all."""
    if shown.dtype.kind != "f":
        return aligned(str, shown.tolist())
    decisive = shown[np.isfinite(shown) & (shown != 0)].astype(np.float64)
    if not decisive.size:
        # Only zeros and what is not finite: torch sets no width, and writes them as whole numbers.
        return Column(1, _whole)
    low, high = np.abs(decisive).min(), np.abs(decisive).max()
    whole = bool((decisive == np.ceil(decisive)).all())
    with np.errstate(over="ignore"):
        spread = high / low > 1000 or high > 1e8 or (not whole and low < 1e-4)
    scientific = spread if options.sci_mode is None else options.sci_mode
    return aligned(_scientific if scientific else _whole if whole else _fixed, decisive.tolist())


def _scientific(value: float) -> str:
    return f"{value:.{options.precision}e}"


def _fixed(value: float) -> str:
    return f"{value:.{options.precision}f}"


def _whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def complex_column(shown: Any) -> Column:
    """Real and imaginary parts, each in its own column; the whole is not aligned."""
    real, imaginary = column(shown.real), column(shown.imag)

    def write(value: complex) -> str:
        tail = (imaginary.write(value.imag) + "j").lstrip()
        return real.write(value.real) + (tail if tail[0] in "+-" else "+" + tail)

    return Column(real.width + imaginary.width + 1, write)


# -- the nest of brackets ------------------------------------------------------------------------------------


def _ends(n: int, cut: bool) -> Iterator[int | None]:
    """The places shown along a dimension; None stands for those left out."""
    edge = options.edgeitems
    if not cut or n <= 2 * edge:
        yield from range(n)
        return
    yield from range(edge)
    yield None
    yield from range(n - edge, n)


def corners(array: Any) -> Any:
    """The elements that a shortened print shows, flat."""
    for dim, n in enumerate(array.shape):
        if n > 2 * options.edgeitems:
            array = array.take([i for i in _ends(n, True) if i is not None], axis=dim)
    return array.reshape(-1)


def brackets(array: Any, form: Column, indent: int, cut: bool) -> str:
    """The elements in nested brackets, rows wrapped at the line's width."""
    if not array.ndim:
        return form.write(array.item())
    if array.ndim == 1:
        texts = [" ..." if i is None else form.write(array[i].item()) for i in _ends(len(array), cut)]
        a_line = max(1, (options.linewidth - indent) // (form.width + 2))
        lines = [", ".join(texts[i : i + a_line]) for i in range(0, len(texts), a_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    rows = ["..." if i is None else brackets(array[i], form, indent + 1, cut) for i in _ends(len(array), cut)]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


# -- the whole -----------------------------------------------------------------------------------------------


def text(t: Tensor, margin: int = 0) -> str:
    """A tensor as torch's repr: values, then what differs from the usual; `margin`: how much stands before it."""
    prefix = "tensor("
    array = np.asarray(t._array)
    usual = (Default.real, Default.imaginary(), dtypes.int64.numpy, dtypes.bool_.numpy)
    remarks = []
    if not array.size:
        values = "[]"
        if array.ndim != 1:
            remarks.append(f"size={array.shape}")
        if array.dtype != Default.real:
            remarks.append(f"dtype={t.dtype}")
    else:
        cut = array.size > options.threshold
        shown = corners(array) if cut else array.reshape(-1)
        form = complex_column(shown) if array.dtype.kind == "c" else column(shown)
        values = brackets(array, form, len(prefix) + margin, cut)
        if array.dtype not in usual:
            remarks.append(f"dtype={t.dtype}")
    node = t.grad_fn
    if node is not None:
        remarks.append(f"grad_fn=<{node.name().rpartition('::')[2]}>")
    elif t.requires_grad:
        remarks.append("requires_grad=True")
    tangent = innermost(t) if duals else None
    if tangent is not None:
        remarks.append(f"tangent={text(tangent) if tangent._array.ndim else tangent.item()}")
    return with_remarks(prefix + values, remarks, len(prefix)) + ")"


def with_remarks(values: str, remarks: list[str], indent: int) -> str:
    """The remarks after the values, each on a new line where the last one is full."""
    parts = [values]
    # torch counts one more than the last line has, and so do we.
    reached = len(values) - values.rfind("\n") + 1
    for remark in remarks:
        if reached + len(remark) + 2 > options.linewidth:
            parts.append(",\n" + " " * indent + remark)
            reached = indent + len(remark)
        else:
            parts.append(", " + remark)
            reached += len(remark) + 2
    return "".join(parts)
