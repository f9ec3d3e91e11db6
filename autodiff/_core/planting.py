"""Kernels and mechanisms exchanged for a while: how faults are planted in what is no formula. Knows no operator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

from autodiff._core.registry import PRIMITIVES

Change = Callable[[Callable[..., Any]], Callable[..., Any]]

#: What the tape does besides calling formulas: the modules that look a function up, and its name there.
_MECHANISMS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "accumulation": (("_core.graph", "added"), ("_core.step", "added")),
    "broadcasting": (("_core.gradients", "sum_to"),),
    "views": (("_core.views", "attach"),),
    "staleness": (("_core.views", "make_stale"),),
    "versions": (("_core.graph", "check_unwritten"), ("_core.step", "check_unwritten")),
    "copies": (("_core.inplace", "_keep_a_copy"),),
    "writing": (("_core.inplace", "check_writable"), ("_surface.out", "check_writable")),
    "unreached": (("autograd", "unreached"),),
}
#: Where kernels and formulas are written.
_SOURCES = ("_primitives", "_kernels")
#: Kernels that draw random numbers, and doors: no program says what these must do.
_NO_FORMULAS = frozenset(["random", "mersenne", "flags", "scipy_special"])


def kernels() -> dict[str, Callable[..., Any]]:
    """The kernel of every primitive, arrays in and arrays out."""
    return {name: p.kernel for name, p in sorted(PRIMITIVES.items())}


@contextmanager
def replaced_kernel(op: str, change: Change) -> Iterator[None]:
    """While it lasts, the primitive computes with `change(kernel)`; other kernels that call this one do not.

    Raises KeyError for an operator that is no primitive.
    """
    p = PRIMITIVES[op.rpartition(".")[2]]
    before = p.kernel
    # The operators' paths hold the kernel in their closures, where a look-up would cost every call.
    cells = [cell for cell in _cells((p.op, p.general)) if cell.cell_contents is before]
    changed = change(before)
    try:
        p.kernel = changed
        for cell in cells:
            cell.cell_contents = changed
        yield
    finally:
        p.kernel = before
        for cell in cells:
            cell.cell_contents = before


def _cells(functions: tuple[Any, ...]) -> Iterator[Any]:
    """The cells of closures, and of the closures that stand in them."""
    stack, seen = list(functions), set()
    while stack:
        function = stack.pop()
        if not isinstance(function, FunctionType) or id(function) in seen:
            continue
        seen.add(id(function))
        for cell in function.__closure__ or ():
            yield cell
            stack.append(cell.cell_contents)


def mechanisms() -> tuple[str, ...]:
    """What `replaced_mechanism` can replace."""
    return tuple(_MECHANISMS)


@contextmanager
def replaced_mechanism(name: str, change: Change) -> Iterator[None]:
    """While it lasts, a part of the tape is `change(part)`, called with the part's own arguments.

    accumulation (held, arriving) -> sum; broadcasting (gradient, shape) -> gradient of that shape; views (view, base,
    ...) links them; staleness (memory) tells its views that it was written; versions (node) raises if what it saved
    was written; copies (node, before) keeps what is about to be overwritten; writing (tensor) raises where nothing may
    be written; unreached (input) -> its gradient. Raises KeyError for any other name.
    """
    places = [(sys.modules[f"autodiff.{module}"], attribute) for module, attribute in _MECHANISMS[name]]
    before = [getattr(module, attribute) for module, attribute in places]
    changed = change(before[0])
    try:
        for module, attribute in places:
            setattr(module, attribute, changed)
        yield
    finally:
        for (module, attribute), function in zip(places, before):
            setattr(module, attribute, function)


def sources() -> list[ModuleType]:
    """The modules whose functions are the formulas and the kernels, sorted by name."""
    prefixes = tuple(f"autodiff.{package}." for package in _SOURCES)
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith(prefixes) and name.rpartition(".")[2] not in _NO_FORMULAS
    ]
