"""Methods of Tensor from the registry: plain, and with a trailing underscore in place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.casting import POLICIES, exempt
from autodiff._core.inplace import (
    assign,
    check_cast,
    check_overlap,
    check_writable,
    refuse_overlap,
    reshape_in_place,
)
from autodiff._core.modes import no_grad
from autodiff._core.overwrite import overwrite, overwrite_own
from autodiff._core.primitive import Primitive
from autodiff._core.registry import FUNCTIONS, PRIMITIVES
from autodiff._core.tensor import Tensor
from autodiff._functions.piecemeal import PIECEMEAL
from autodiff._kernels.geometry import expanded
from autodiff._kernels.overwriting import KERNELS
from autodiff._surface.given import SHOWN, checked

#: Kinds of primitive whose signature is their operands: public without a function of their own.
PUBLIC_KINDS = ("pointwise", "discrete")


def in_place(name: str, operator: Callable[..., Any], memory: bool | str = True) -> Callable[..., Tensor]:
    """The method `name_`: the operator's result written into its first argument.

    `memory`: "overlapping" where operands may share the memory written, "first apart" where all but the first may,
    "apart" where not even all of it.
    """
    kernel = over(name)
    row = PRIMITIVES.get(name)
    numbers = row is None or row.numbers != "neither"
    compares = f"_{name}_written" in PRIMITIVES
    piecemeal = PIECEMEAL.get(name)

    @functools.wraps(operator, SHOWN)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        fits = numbers or (bool(args) and isinstance(args[0], Tensor))
        if kernel is not None and fits and overwrite_own(self, kernel, args, kwargs):
            return self
        if memory == "apart":
            operands = _flat((*args, *kwargs.values()))
            if any(x is self for x in operands):
                refuse_overlap(self)
            check_overlap(self, operands, same=False)
        elif memory != "overlapping":
            check_overlap(self, args[:1] if memory == "first apart" else args)
        if kernel is not None and fits and overwrite(self, kernel, args, kwargs):
            return self
        how: dict[str, Any] = {"name": name}
        if piecemeal is not None and expanded(self._array):
            check_writable(self, (*args, *kwargs.values()), filling=True)
            piecemeal.warn(self)
            how |= {"filling": True, "put": lambda memory: piecemeal.put(memory, *args, **kwargs)}
        try:
            return assign(self, lambda before: operator(before, *args, **kwargs), (*args, *kwargs.values()), **how)
        except NotImplementedError:
            if not compares:
                check_cast(self, (*args, *kwargs.values()))
            raise

    method.__name__ = method.__qualname__ = name + "_"
    method.__doc__ = f"`{name}`, its result written into this tensor, which is returned."
    return method


def _on_a_copy(operator: Callable[..., Any]) -> Callable[..., Any]:
    """A composition that is one node keeps its inside, which must not lie in the memory that is written."""

    @functools.wraps(operator, SHOWN)
    def copied(before: Tensor, *args: Any, **kwargs: Any) -> Any:
        return operator(before.clone(), *args, **kwargs)  # type: ignore[attr-defined]

    return copied


def over(name: str) -> Callable[..., Any] | None:
    """The kernel that writes an operator's result over its first operand: its own, or the row's if NumPy has it."""
    row = PRIMITIVES.get(name)
    own = row.kernel if row is not None and row.kind == "pointwise" and isinstance(row.kernel, np.ufunc) else None
    return KERNELS.get(name, own)


def _flat(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, what lists and tuples hold among them."""
    return tuple([x for a in args for x in (a if isinstance(a, (tuple, list)) else (a,))])


def in_place_unrecorded(name: str, operator: Callable[..., Any]) -> Callable[..., Tensor]:
    """The method `name_` of logic, which torch knows no derivative of and so writes over whatever it is given."""
    method = in_place(name, operator)

    @functools.wraps(method, SHOWN)
    def unrecorded(self: Tensor, *args: Any) -> Tensor:
        with no_grad():
            method(self, *args)
        return self

    return unrecorded


def in_place_view(name: str, operator: Callable[..., Any]) -> Callable[..., Tensor]:
    """The method `name_` of an operator that only views: the tensor takes on the view's geometry."""

    @functools.wraps(operator, SHOWN)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return reshape_in_place(self, lambda before: operator(before, *args, **kwargs))

    method.__name__ = method.__qualname__ = name + "_"
    method.__doc__ = f"`{name}` of this tensor itself, which takes on the geometry and is returned."
    return method


def _written(name: str) -> Callable[[Any, Any], Any] | None:
    """What a comparison writes over its first operand, where that takes part in a graph."""
    rows = [PRIMITIVES.get(f"_{name}{by}_written") for by in ("_number", "")]
    if rows[0] is None:
        return None
    compare = PRIMITIVES[name].op
    return lambda before, other: rows[isinstance(other, Tensor)].op(before, other, compare(before, other))  # type: ignore[union-attr]


def described(name: str, p: Primitive) -> str:
    """The docstring of an operator that is public by its row alone."""
    two = len(p.inputs) == 2
    first = f"torch.{name}({', '.join(p.inputs)}), element by element{', over shapes that broadcast' if two else ''}."
    says = []
    if p.kind == "discrete":
        says.append("The result has no derivative.")
    if p.computes == "float":
        says.append("bool and integer tensors become floating point first.")
    elif p.kind != "discrete":
        says.append("The dtype stays the promoted one." if two else "The dtype stays.")
    if p.refuses:
        kinds = {"b": "bool", "u": "uint8", "i": "integer", "h": "float16", "f": "floating", "c": "complex"}
        says.append(f"Raises for {' and '.join(kinds[k] for k in p.refuses)} tensors, as torch does.")
    if p.kind != "discrete":
        file, line = p.source
        says.append(f"The derivative stands in {'/'.join(file.split('/')[-2:])}, line {line}.")
    return f"{first}\n\n{' '.join(says)}"


def attach() -> None:
    """Give Tensor every method that the registry knows."""
    for name, p in PRIMITIVES.items():
        if p.kind in PUBLIC_KINDS and name in p.public and name not in FUNCTIONS:
            p.op.__name__ = p.op.__qualname__ = name
            p.op.__doc__ = described(name, p)
            written = in_place_unrecorded if name.startswith("logical_") else in_place
            for each in (home for home in p.public if "." not in home):
                setattr(Tensor, each, p.op)
                if "inplace" in p.spellings:
                    setattr(Tensor, each + "_", written(each, _written(name) or p.op))
    for f in FUNCTIONS.values():
        public = checked(f.short, f.public) if f.method or f.inplace else f.public
        for name in (f.short, *f.aliases):
            if f.method:
                setattr(Tensor, name, public)
            if f.inplace == "view":
                setattr(Tensor, name + "_", in_place_view(name, public))
            elif f.inplace:
                operator = public if f.node is None else _on_a_copy(public)
                operator = exempt(operator) if f.name in POLICIES else operator
                setattr(Tensor, name + "_", in_place(name, operator, f.inplace))
