"""Kernels and mechanisms exchanged for a while: how faults are planted in what is no formula. Knows no operator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from types import FunctionType, ModuleType
from typing import Any

from autodiff._core.registry import PRIMITIVES

Change = Callable[[Callable[..., Any]], Callable[..., Any]]

#: What the tape does besides calling formulas: the modules that look a function up, and its name there; a method is
#: named after its class.
_MECHANISMS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "accumulation": (("_core.graph", "added"), ("_core.step", "added")),
    "broadcasting": (("_core.gradients", "sum_to"),),
    "views": (("_core.views", "attach"),),
    "staleness": (("_core.views", "make_stale"),),
    "versions": (
        ("_core.graph", "check_unwritten"),
        ("_core.step", "check_unwritten"),
        ("_core.slices", "check_unwritten"),
    ),
    "copies": (("_core.inplace", "_keep_a_copy"),),
    "writing": (("_core.inplace", "check_writable"), ("_surface.out", "check_writable")),
    "unreached": (("autograd", "unreached"),),
    "counting": (("_core.node", "Storage.touch"),),
    "copied": (("_core.inplace", "as_it_was"),),
    "keeping": (("_core.apply", "_saved"),),
    "node names": (("_core.node", "PlainNode.name"), ("_core.node", "HotNode.name")),
    "rebinding": (("_core.inplace", "rebind"),),
    "walks": (("_core.graph", "backward"),),
    "settling": (("_core.leaves", "add_to_leaf"), ("_core.observed", "add_to_leaf")),
    "own memory": (("_core.leaves", "in_own_memory"),),
    "after accumulation": (("_core.leaves", "told_after"),),
    "hook order": (("_core.hooks", "in_order"), ("_core.leaves", "in_order")),
    "calling hooks": (("_core.hooks", "called"),),
    "hanging hooks": (("_core.node", "Hooks.add"),),
    "removing hooks": (("_core.node", "RemovableHandle.remove"),),
    "prehooks": (("_core.node", "Node.register_prehook"),),
    "retaining": (("_core.tensor", "Tensor.retain_grad"),),
    "retained": (("_core.tensor", "take_retained"),),
    "detaching": (("_core.tensor", "Tensor.detach"),),
    "requiring": (("_core.tensor", "Tensor.requires_grad_"),),
    "entering regions": (("_core.modes", "_Mode._switch"),),
    "leaving regions": (("_core.modes", "_Mode.__exit__"),),
}
#: Where kernels and formulas are written.
_SOURCES = ("_primitives", "_kernels")
#: Kernels that draw random numbers, and doors: no program says what these must do.
_NO_FORMULAS = frozenset(["random", "mersenne", "flags", "late", "scipy_special"])


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
    was written; copies (node, before) keeps what is about to be overwritten; writing (tensor, ...) raises where nothing
    may be written; unreached (input) -> its gradient. The rest are named, with their arguments, in
    `parity.engines.protocol`. Raises KeyError for any other name.
    """
    places = [_place(module, path) for module, path in _MECHANISMS[name]]
    # A class is asked for what stands in itself: what it inherits is not its own to put back.
    before = [vars(owner)[attribute] for owner, attribute in places]
    changed = change(before[0])
    try:
        for owner, attribute in places:
            setattr(owner, attribute, changed)
        yield
    finally:
        for (owner, attribute), function in zip(places, before):
            setattr(owner, attribute, function)


def _place(module: str, path: str) -> tuple[Any, str]:
    """What holds a function, a module or a class of it, and the name there."""
    holder, _, attribute = path.rpartition(".")
    found = sys.modules[f"autodiff.{module}"]
    return (getattr(found, holder) if holder else found), attribute


def sources() -> list[ModuleType]:
    """The modules whose functions are the formulas and the kernels, sorted by name."""
    found = []
    for package in sorted(_SOURCES):
        folder = import_module(f"autodiff.{package}")
        names = sorted(m.name for m in iter_modules(folder.__path__) if m.name not in _NO_FORMULAS)
        # Some are loaded when they are first needed: now.
        found += [import_module(f"autodiff.{package}.{name}") for name in names]
    return found
