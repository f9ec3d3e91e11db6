"""What an engine may offer, each capability a small Protocol; and what running a program leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

import numpy as np

Array = np.ndarray[Any, Any]
#: What one step leaves: an array, or one per output of a step that has several; None where it never ran.
Value = Array | tuple[Array, ...] | None


@runtime_checkable
class Values(Protocol):
    """Forward values: the least that an engine offers."""

    name: str
    version: str

    def tensor(self, array: Array, requires_grad: bool) -> Any:
        """A leaf that takes over `array`, strides included."""
        ...

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        """One step; arguments are the engine's own tensors and plain Python values."""
        ...

    def array(self, value: Any) -> Array:
        """The value of a tensor as an array, never a copy that hides its dtype."""
        ...

    def dtype(self, name: str) -> Any:
        """The engine's dtype of that name."""
        ...

    def supports(self, op: str, spelling: str = "function") -> bool:
        """Whether the engine has this operator at all."""
        ...


@runtime_checkable
class Gradients(Protocol):
    """Derivatives of outputs with respect to inputs; functional engines record and replay."""

    def grad(
        self, outputs: Sequence[Any], inputs: Sequence[Any], seeds: Sequence[Any], create_graph: bool
    ) -> list[Any | None]:
        """One gradient per input, None where no output depends on it."""
        ...

    def requires_grad(self, value: Any) -> bool: ...


@runtime_checkable
class Stream(Protocol):
    """An engine whose random numbers are the reference's, word for word; whoever has others does without this."""

    def seed(self, number: int) -> None:
        """Start the stream anew, as the reference's `manual_seed` does."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the derivative of one operator with respect to one input stands."""

    op: str
    input: int | str
    file: str
    line: int


@runtime_checkable
class Rules(Protocol):
    """An engine that can say where a rule stands and replace it: for blame and for planted faults."""

    def rules(self) -> list[Rule]:
        """Every rule of the engine."""
        ...

    def rule(self, op: str, input: int | str) -> Rule | None:
        """The rule that serves `op`, None if there is none of its own (a composition)."""
        ...

    def replaced(
        self, op: str, input: int | str, change: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> AbstractContextManager[None]:
        """While it lasts, the rule is `change(rule)`; the changed rule is called with the rule's own arguments."""
        ...


Change = Callable[[Callable[..., Any]], Callable[..., Any]]


@runtime_checkable
class Parts(Protocol):
    """An engine whose kernels and tape can be replaced too: for planted faults and mutants.

    Mechanisms are parts of the tape, replaced like rules. An engine has those that `mechanisms()` names; a node is
    whatever its `grad_fn` is, with torch's attributes (an accumulator's `variable`, `metadata`).

    - *gradients*: accumulation (held, arriving) -> sum; broadcasting (gradient, shape) -> gradient; unreached (input)
      -> gradient of what no output depends on;
    - *memory*: views (view, base, ...) links them; staleness (memory) tells its views of a write; versions (node)
      raises if what it saved was written; counting (memory) raises the version; copies (node, before) keeps what is
      about to be overwritten, copied (array) -> copy of that; writing (tensor, ...) raises where nothing may be
      written; rebinding (target, result) gives what was written its place in the graph;
    - *walks* (roots, keep_graph=, create_graph=, targets=, accumulate=, recording=) -> gradient by place, one backward
      pass; roots are pairs of a place, whose `source()` is its node and output, and a gradient;
    - *leaves*: settling (accumulator, gradient, create_graph) adds to `.grad`; own memory (array) -> copy that no one
      else holds; after accumulation (add, tell) calls the sum and then the hooks;
    - *hooks*: hook order (table) -> the hooks as they will be called; calling hooks (hook, create_graph, *given) ->
      what it returns; hanging hooks (hooks, table, hook) -> handle; removing hooks (handle); prehooks (node, hook) ->
      handle;
    - *nodes*: node names (node) -> torch's name of the operation; keeping (...) -> what a node keeps of its operands,
      results and parameters, as a tuple;
    - *tensors*: retaining (tensor), that is retain_grad; retained (tensor) -> whether a write takes it along;
      detaching (tensor) -> tensor; requiring (tensor, flag) -> tensor;
    - *regions*: entering regions (region, recording, inference) switches; leaving regions (region, type, error,
      traceback) switches back.
    """

    def kernels(self) -> dict[str, Callable[..., Any]]:
        """What computes each operator, arrays in and arrays out, by the engine's name of the operator."""
        ...

    def replaced_kernel(self, op: str, change: Change) -> AbstractContextManager[None]:
        """While it lasts, the operator computes with `change(kernel)`."""
        ...

    def mechanisms(self) -> tuple[str, ...]: ...

    def replaced_mechanism(self, name: str, change: Change) -> AbstractContextManager[None]:
        """While it lasts, the mechanism is `change(mechanism)`."""
        ...

    def sources(self) -> list[ModuleType]:
        """The modules whose functions are the engine's formulas and kernels."""
        ...


class Unsupported(Exception):
    """An engine was asked for something that it has not: the program is not compared, and nobody is wrong."""


#: The same as the type of a recorded error.
UNSUPPORTED = Unsupported.__name__


@dataclass(frozen=True, slots=True)
class Raised:
    """An error that a program ended in: its type by name, its message, and when ("step 3", "backward", "second")."""

    type: str
    message: str
    moment: str


@dataclass(slots=True)
class Run:
    """What one engine made of a program."""

    engine: str
    values: list[Value] = field(default_factory=list)
    #: Per value (per output of a step that has several): whether it requires grad.
    requires_grad: list[bool | tuple[bool, ...]] = field(default_factory=list)
    #: For each value after the inputs, the lowest number of an earlier value whose memory it shares, else None.
    aliases: list[int | None] = field(default_factory=list)
    #: Values that are conjugated lazily: some operators resolve them first, and so copy where they else give a view.
    lazy: list[int] = field(default_factory=list)
    #: One per input that requires grad.
    gradients: list[Array | None] = field(default_factory=list)
    second: list[Array | None] = field(default_factory=list)
    #: Inputs whose memory holds other values after the run than before it.
    touched: list[int] = field(default_factory=list)
    #: Values whose incoming gradient, as it was handed in, holds other values after the backward pass.
    seeds_touched: list[int] = field(default_factory=list)
    error: Raised | None = None
    #: Filled by `Traced` only: the gradient at each value, for localisation.
    intermediate: list[Array | None] | None = None
