"""torch under its own functional transforms: `torch.func.vjp` in place of the tape, nested for second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parity.engines import reference
from parity.engines.dialect import PLAIN, Dialect
from parity.engines.functional import Functional, Recorded
from parity.engines.protocol import Array
from parity.program import Step


class TorchFunc(Functional):
    def __init__(self) -> None:
        self.torch = reference.load()
        super().__init__("torch.func", self.torch.version, Dialect({}, {}))

    def supports(self, op: str, spelling: str = "function") -> bool:
        return spelling in PLAIN and op != "setitem" and self.torch.supports(op, spelling)

    def takes(self, step: Step) -> bool:
        return self.supports(step.op, step.spelling)

    def dtype(self, name: str) -> Any:
        return self.torch.dtype(name)

    def own(self, array: Array) -> Any:
        return self.torch.tensor(array, False)

    def array(self, value: Recorded) -> Array:
        return self.torch.array(value.value)

    def inexact(self, value: Any) -> bool:
        return bool(value.is_floating_point() or value.is_complex())

    def perform(self, op: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], spelling: str) -> Any:
        return self.torch.call(op, args, dict(kwargs), spelling)

    def vjp(self, function: Callable[..., Any], primals: Sequence[Any], cotangents: Sequence[Any]) -> Sequence[Any]:
        pull = self.torch.module.func.vjp(function, *primals)[1]
        return pull(tuple(cotangents))  # type: ignore[no-any-return]


parity_engine = TorchFunc
