"""How a call may be spelled, and what torch's operators are called; knows no program."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal

Spelling = Literal["function", "method", "operator", "inplace", "augmented", "out"]
SPELLINGS: tuple[Spelling, ...] = ("function", "method", "operator", "inplace", "augmented", "out")

#: What `spelling="operator"` means, by torch's name: the symbol that is printed and the call that is made.
OPERATORS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "add": ("+", operator.add),
    "sub": ("-", operator.sub),
    "mul": ("*", operator.mul),
    "div": ("/", operator.truediv),
    "pow": ("**", operator.pow),
    "matmul": ("@", operator.matmul),
    "neg": ("-", operator.neg),
    "eq": ("==", operator.eq),
    "ne": ("!=", operator.ne),
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
    "floor_divide": ("//", operator.floordiv),
    "remainder": ("%", operator.mod),
    "bitwise_and": ("&", operator.and_),
    "bitwise_or": ("|", operator.or_),
    "bitwise_xor": ("^", operator.xor),
    "bitwise_not": ("~", operator.invert),
    "bitwise_left_shift": ("<<", operator.lshift),
    "bitwise_right_shift": (">>", operator.rshift),
    "getitem": ("[]", operator.getitem),
}

#: What `spelling="augmented"` means: `x += y` and its kin.
AUGMENTED: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "add": ("+=", operator.iadd),
    "sub": ("-=", operator.isub),
    "mul": ("*=", operator.imul),
    "div": ("/=", operator.itruediv),
    "pow": ("**=", operator.ipow),
    "floor_divide": ("//=", operator.ifloordiv),
    "remainder": ("%=", operator.imod),
    "bitwise_and": ("&=", operator.iand),
    "bitwise_or": ("|=", operator.ior),
    "bitwise_xor": ("^=", operator.ixor),
    "bitwise_left_shift": ("<<=", operator.ilshift),
    "bitwise_right_shift": (">>=", operator.irshift),
}
