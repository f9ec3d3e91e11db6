"""Python's operators on Tensor: reflected, in place, comparisons, indexing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff._core.hot import binary, by_number
from autodiff._core.inplace import assign, check_cast, check_overlap
from autodiff._core.overwrite import overwrite
from autodiff._core.promotion import attempted, foreign
from autodiff._core.registry import FUNCTIONS, PRIMITIVES, ops
from autodiff._core.tensor import Tensor
from autodiff._surface.methods import over

#: Python's name of an operator and ours, for those that have reflected and in-place forms.
ARITHMETIC = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow", "matmul": "matmul",
    "floordiv": "floor_divide", "mod": "remainder",
    "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}  # fmt: skip
#: Reflected forms that are operators of their own; of a sum or a product the tensor comes first all the same.
REFLECTED = {"sub": "_rsub_from_number", "add": "add", "mul": "mul"}
COMPARISONS = {n: n for n in ("eq", "ne", "lt", "le", "gt", "ge")}
UNARY = {"neg": "neg", "abs": "abs"}


def attach() -> None:
    """Give Tensor its operators, as far as the registry has them."""
    for symbol, name in (ARITHMETIC | COMPARISONS).items():
        operator = _operator(name)
        if operator is None:
            continue
        setattr(Tensor, f"__{symbol}__", operator)
        if symbol in COMPARISONS:
            continue
        if symbol == "truediv":
            reflected = _over(Tensor.__mul__)
        else:
            reflected = _operator(REFLECTED[symbol]) if symbol in REFLECTED else _reflected(operator)
        setattr(Tensor, f"__r{symbol}__", reflected)
        if symbol != "matmul":
            setattr(Tensor, f"__i{symbol}__", _augmented(name, operator, over(name)))
    for form in ("", "r", "i"):  # by Python 2's name, too, as in torch
        setattr(Tensor, f"__{form}div__", getattr(Tensor, f"__{form}truediv__"))
    for symbol, name in UNARY.items():
        setattr(Tensor, f"__{symbol}__", getattr(ops, name))


def _operator(name: str) -> Callable[..., Any] | None:
    """Python's own form of a function: NotImplemented for what is no operand, so that the other side has its turn."""
    p = PRIMITIVES.get(name)
    # The strict primitive serves first: its hot path takes numbers on either side.
    if p is not None and p.kind == "pointwise":
        return binary(p, attempted)
    if p is not None and p.kind == "parametric":
        return by_number(p, _attempt(getattr(ops, name)))
    if p is not None and p.kind == "discrete":
        return _attempt(p.op)
    return _attempt(FUNCTIONS[name].public) if name in FUNCTIONS else None


def _attempt(operator: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def attempt(input: Any, other: Any) -> Any:
        # Two Tensors, the usual, are not asked.
        if (type(other) is not Tensor and foreign(other)) or (type(input) is not Tensor and foreign(input)):
            return NotImplemented
        return operator(input, other)

    return attempt


def _reflected(operator: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: operator(other, self)


def _over(times: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A number over a tensor, which torch takes as a reciprocal times the number, rounded twice."""

    def over(self: Tensor, other: Any) -> Any:
        return NotImplemented if foreign(other) else times(ops.reciprocal(self), other)

    return over


def _augmented(
    name: str, operator: Callable[..., Any], kernel: Callable[..., Any] | None
) -> Callable[[Tensor, Any], Tensor]:
    def augmented(self: Tensor, other: Any) -> Tensor:
        if foreign(other):
            return NotImplemented  # type: ignore[no-any-return]
        check_overlap(self, (other,))
        if kernel is not None and overwrite(self, kernel, (other,)):
            return self
        try:
            return assign(self, lambda before: operator(before, other), (other,), name=name)
        except NotImplementedError:
            check_cast(self, (other,))
            raise

    return augmented
