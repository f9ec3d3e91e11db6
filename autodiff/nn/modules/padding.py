"""Padding by a constant, by reflection, by repetition, or round the corner."""

from __future__ import annotations

from typing import Any, ClassVar

from autodiff.nn import functional
from autodiff.nn.modules.module import Module


class _Pad(Module):
    """`padding` is one width for all sides, or (left, right, top, bottom, front, back) as far as there are dims."""

    dims: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * (2 * self.dims)

    def forward(self, input: Any) -> Any:
        return functional.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        return functional.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


def _of(base: type[_Pad], kind: str, dims: int, mode: str) -> Any:
    about = {"dims": dims, "mode": mode, "__module__": "autodiff.nn", "__doc__": f"Padding ({mode}) of {dims} dims."}
    return type(f"{kind}Pad{dims}d", (base,), about)


ConstantPad1d, ConstantPad2d, ConstantPad3d = (_of(_ConstantPad, "Constant", n, "constant") for n in (1, 2, 3))
ZeroPad1d, ZeroPad2d, ZeroPad3d = (_of(_ZeroPad, "Zero", n, "constant") for n in (1, 2, 3))
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = (_of(_Pad, "Reflection", n, "reflect") for n in (1, 2, 3))
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = (_of(_Pad, "Replication", n, "replicate") for n in (1, 2, 3))
CircularPad1d, CircularPad2d, CircularPad3d = (_of(_Pad, "Circular", n, "circular") for n in (1, 2, 3))
