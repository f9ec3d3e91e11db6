"""Engines around engines: `Faulty` is wrong in one operator, `Traced` tells the gradient at every value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from parity.engines.protocol import Array
from parity.engines.torchlike import TorchLike
from parity.errors import EngineError


class Around:
    """An engine that passes everything on to another one."""

    def __init__(self, engine: TorchLike) -> None:
        self.engine = engine
        self.name = engine.name
        self.version = engine.version
        self.module = engine.module
        self.tensor_type = engine.tensor_type
        self.shares_memory = engine.shares_memory
        if hasattr(engine, "seed"):
            self.seed = engine.seed

    def tensor(self, array: Array, requires_grad: bool) -> Any:
        return self.engine.tensor(array, requires_grad)

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        return self.engine.call(op, args, kwargs, spelling)

    def array(self, value: Any) -> Array:
        return self.engine.array(value)

    def dtype(self, name: str) -> Any:
        return self.engine.dtype(name)

    def supports(self, op: str, spelling: str = "function") -> bool:
        return self.engine.supports(op, spelling)

    def grad(
        self, outputs: Sequence[Any], inputs: Sequence[Any], seeds: Sequence[Any], create_graph: bool
    ) -> list[Any | None]:
        return self.engine.grad(outputs, inputs, seeds, create_graph)

    def requires_grad(self, value: Any) -> bool:
        return self.engine.requires_grad(value)


class Traced(Around):
    """The same engine; running a program on it also fills `Run.intermediate`."""

    traced = True


class Faulty(Around):
    """The same engine, wrong in one operator: for testing what must notice.

    `change` gets one of the engine's tensors and returns what is to stand in its place: the operator's result
    if `input` is None, else the gradient that its rule hands to that tensor argument (counted from 0). A
    changed gradient goes through the engine's own `autograd.Function`, so it holds in every order.
    """

    def __init__(self, engine: TorchLike, op: str, change: Callable[[Any], Any], *, input: int | None = None) -> None:
        super().__init__(engine)
        self.op = op
        self.input = input
        self.change = change
        if input is not None:
            self._gate = _gate(engine, change)

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        if op != self.op:
            return self.engine.call(op, args, kwargs, spelling)
        if self.input is not None:
            return self.engine.call(op, self._gated(args, spelling), kwargs, spelling)
        result = self.engine.call(op, args, kwargs, spelling)
        if spelling in ("inplace", "augmented", "out") or op == "setitem":
            result[...] = self.change(result)
            return result
        if isinstance(result, (tuple, list)):
            return (self.change(result[0]), *result[1:])
        return self.change(result)

    def _gated(self, args: tuple[Any, ...], spelling: str) -> tuple[Any, ...]:
        tensor = self.engine.tensor_type
        changed, seen = list(args), 0
        for place, arg in enumerate(args):
            parts = arg if isinstance(arg, (tuple, list)) else (arg,)
            if not parts or not all(isinstance(part, tensor) for part in parts):
                continue
            written = place == 0 and (spelling in ("inplace", "augmented") or self.op == "setitem")
            gated = [
                self._gate(part) if number == self.input and not written else part
                for number, part in enumerate(parts, start=seen)
            ]
            seen += len(parts)
            changed[place] = type(arg)(gated) if isinstance(arg, (tuple, list)) else gated[0]
        return tuple(changed)


def _gate(engine: TorchLike, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The identity whose gradient is changed."""
    base: Any = getattr(getattr(engine.module, "autograd", None), "Function", None)
    if base is None:
        raise EngineError(f"{engine.name} has no autograd.Function, through which a gradient is changed")

    class Gate(base):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, value: Any) -> Any:
            return value.view(value.shape)

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return change(gradient)

    return Gate.apply  # type: ignore[no-any-return]
