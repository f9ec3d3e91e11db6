"""One adapter for torch and for every module with torch's names; knows names, no maths.

What a module lacks is unsupported, never a failure; only without tensors or gradients it is no engine at all.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

import numpy as np

from parity.engines.protocol import Array, Rule
from parity.errors import UsageError
from parity.spellings import AUGMENTED, OPERATORS

_DUNDERS = {
    **{op: f"__{call.__name__.rstrip('_')}__" for op, (_, call) in OPERATORS.items()},
    "logical_not": "__invert__",
}


class TorchLike:
    """An engine that looks like torch: Values, Gradients, and Rules and Parts where the module's `graph` has them.

    And Stream where it says so itself: `random.STREAM == "torch"` promises torch's random numbers, bit for bit.
    """

    def __init__(self, module: ModuleType, name: str | None = None) -> None:
        self.module: Any = module
        self.name = name or module.__name__
        self.version = str(getattr(module, "__version__", ""))
        self._calls: dict[tuple[str, str], Callable[..., Any]] = {}
        lacking = [
            what
            for what, there in (
                ("tensor or from_numpy", hasattr(module, "tensor") or hasattr(module, "from_numpy")),
                ("autograd.grad or Tensor.backward", self._differentiates()),
            )
            if not there
        ]
        if lacking:
            raise UsageError(f"{self.name} is not like torch: it has no {' and no '.join(lacking)}")
        self._from_numpy = getattr(module, "from_numpy", None) or self._by_copy
        has_grad = hasattr(getattr(module, "autograd", None), "grad")
        self._grad = self._by_autograd if has_grad else self._by_backward
        probe = np.zeros(2, np.float32)
        made = self._from_numpy(probe)
        self.tensor_type: Any = getattr(module, "Tensor", None) or type(made)
        #: Whether arrays handed in and out are the engine's own memory; if not, aliases are unknown.
        self.shares_memory = bool(np.may_share_memory(self.array(made), probe))
        if module.__name__ == "torch" or getattr(getattr(module, "random", None), "STREAM", "") == "torch":
            self.seed: Callable[[int], Any] = module.manual_seed
        if hasattr(getattr(module, "graph", None), "rules"):
            self.rules = self._rules
            self.rule = self._rule
            self.replaced = self._replaced
        if hasattr(getattr(module, "graph", None), "rules_between"):
            self.rules_between = self._rules_between
        if hasattr(getattr(module, "graph", None), "mechanisms"):
            graph = self.module.graph
            self.kernels, self.replaced_kernel = graph.kernels, graph.replaced_kernel
            self.mechanisms, self.replaced_mechanism = graph.mechanisms, graph.replaced_mechanism
            self.sources = graph.sources

    def __repr__(self) -> str:
        return f"TorchLike({self.name} {self.version})".replace(" )", ")")

    # -- Values

    def tensor(self, array: Array, requires_grad: bool) -> Any:
        # As people write one: an engine may hold a number otherwise than an array of no dimension.
        made = (
            self._from_numpy(array)
            if array.ndim
            else self.module.tensor(array.item(), dtype=self.dtype(array.dtype.name))
        )
        if requires_grad:
            made.requires_grad = True
        return made

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        try:
            function = self._calls[op, spelling]
        except KeyError:
            function = self._calls[op, spelling] = self._find(op, spelling)
        return function(*args, **kwargs)

    def array(self, value: Any) -> Array:
        try:
            return np.asarray(value.detach().numpy())
        except RuntimeError:
            return self._resolved(value.detach())
        except AttributeError:
            if isinstance(value, (bool, int, float, complex, np.ndarray, np.generic)):
                return np.asarray(value)
            return np.asarray(value.numpy() if hasattr(value, "numpy") else value.data)

    def dtype(self, name: str) -> Any:
        return getattr(self.module, name)

    def supports(self, op: str, spelling: str = "function") -> bool:
        tensor = self.tensor_type
        last = op.rpartition(".")[2]
        if op == "setitem":
            return hasattr(tensor, "__setitem__")
        if spelling == "operator" or op == "getitem":
            return op in _DUNDERS and _defines(tensor, _DUNDERS[op])
        if spelling == "augmented":
            return op in AUGMENTED and hasattr(tensor, f"__{AUGMENTED[op][1].__name__}__")
        if spelling == "method":
            return hasattr(tensor, last)
        if spelling == "inplace":
            return hasattr(tensor, last + "_")
        function = self._attribute(op)
        return callable(function) and (spelling != "out" or _takes_out(function))

    # -- Gradients

    def grad(
        self, outputs: Sequence[Any], inputs: Sequence[Any], seeds: Sequence[Any], create_graph: bool
    ) -> list[Any | None]:
        return list(self._grad(list(outputs), list(inputs), list(seeds), create_graph))

    def requires_grad(self, value: Any) -> bool:
        return bool(getattr(value, "requires_grad", False))

    # -- what stands behind

    def _attribute(self, op: str) -> Any:
        found = self.module
        for part in op.split("."):
            found = getattr(found, part, None)
        return found

    def _find(self, op: str, spelling: str) -> Callable[..., Any]:
        last = op.rpartition(".")[2]
        if op == "setitem":
            return _assign
        if op == "getitem":
            return operator.getitem
        if spelling == "operator":
            return OPERATORS[op][1]
        if spelling == "augmented":
            return AUGMENTED[op][1]
        if spelling in ("method", "inplace"):
            method = last if spelling == "method" else last + "_"
            return lambda self, *args, **kwargs: getattr(self, method)(*args, **kwargs)
        function = self._attribute(op)
        if function is None:
            raise AttributeError(f"{self.name} has no {op}")
        return function  # type: ignore[no-any-return]

    def _resolved(self, value: Any) -> Array:
        """torch keeps conjugation, negation and known zeros as bits of a tensor; NumPy has no such thing."""
        if getattr(value, "_is_zerotensor", bool)():  # numpy(force=True) would read memory that isn't there
            value = self.module.zeros_like(value)
        # By force: an engine whose detach() records is to be compared, not to stop the comparison.
        return np.asarray(value.resolve_conj().resolve_neg().numpy(force=True))

    def _by_copy(self, array: Array) -> Any:
        return self.module.tensor(array)

    def _differentiates(self) -> bool:
        if hasattr(getattr(self.module, "autograd", None), "grad"):
            return True
        tensor = getattr(self.module, "Tensor", None)
        return hasattr(tensor, "backward") if tensor is not None else hasattr(self.module, "tensor")

    def _by_autograd(
        self, outputs: list[Any], inputs: list[Any], seeds: list[Any], create_graph: bool
    ) -> Sequence[Any | None]:
        return self.module.autograd.grad(  # type: ignore[no-any-return]
            outputs, inputs, grad_outputs=seeds, create_graph=create_graph, allow_unused=True
        )

    def _by_backward(
        self, outputs: list[Any], inputs: list[Any], seeds: list[Any], create_graph: bool
    ) -> Sequence[Any | None]:
        """For engines that only know `backward()`: the gradient of sum(output * seed), read from `.grad`."""
        if create_graph:
            raise NotImplementedError(f"{self.name} has no autograd.grad: no second derivatives")
        for leaf in inputs:
            leaf.grad = None
        total = None
        for output, seed in zip(outputs, seeds, strict=True):
            weighted = (output * seed).sum()
            total = weighted if total is None else total + weighted
        if total is not None:
            total.backward()
        return [leaf.grad for leaf in inputs]

    def _rules(self) -> list[Rule]:
        return [_as_rule(rule) for rule in self.module.graph.rules()]

    def _rule(self, op: str, input: int | str) -> Rule | None:
        found = self.module.graph.rule(op, input)
        return None if found is None else _as_rule(found)

    def _rules_between(self, result: Any, leaf: Any) -> list[Rule]:
        return [_as_rule(rule) for rule in self.module.graph.rules_between(result, leaf)]

    def _replaced(
        self, op: str, input: int | str, change: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> AbstractContextManager[None]:
        return self.module.graph.replaced(op, input, change)  # type: ignore[no-any-return]


def _assign(target: Any, index: Any, value: Any) -> Any:
    target[index] = value
    return target


def _defines(tensor: type, name: str) -> bool:
    """Whether the class has the method for itself: every object can be compared, to no avail."""
    found = getattr(tensor, name, None)
    return found is not None and found is not getattr(object, name, None)


def _takes_out(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built-in functions, torch's among them, do not say
        return True
    return any(p.name == "out" or p.kind is p.VAR_KEYWORD for p in parameters)


def _as_rule(found: Any) -> Rule:
    return Rule(found.op, found.input, found.file, found.line)
