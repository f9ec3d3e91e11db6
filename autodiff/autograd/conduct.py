"""How derivatives behave, whatever their values: in batches, of zeros, and where a gradient or a tangent is missing."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff import autograd
from autodiff._core.node import TableNode, likeness, link, new_node
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff.autograd import jacobians
from autodiff.autograd.cases import Case, index_of, largest, random_like
from autodiff.autograd.gradcheck import GradcheckError
from autodiff.autograd.jacobians import as_tuple

UNDEFINED = (
    "Expected all input grads to be undefined or zero when all output grads are undefined or zero, but that of input "
)
BREAKING = (
    "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break "
    "existing callers of this function. If this is true for you, you can call this function with "
    '"check_undefined_grad=False" to disable the feature'
)


# -- gradients in batches ---------------------------------------------------------------------------------------------


def _check_batch(case: Case, function: Callable[..., Any], like: Tensor, what: str, said: Callable[[int], str]) -> None:
    random = np.random.default_rng(0)
    samples = [random_like(random, like, False) for _ in range(2)]
    expected = [np.stack([r._array for r in shards]) for shards in zip(*[function(x) for x in samples])]
    vmap = importlib.import_module("autodiff.func").vmap
    try:
        found = vmap(function)(wrap(np.stack([x._array for x in samples])))
    except RuntimeError as error:
        raise GradcheckError(f"While computing batched gradients, got: {error}\n\n{what}") from error
    for n, (a, b) in enumerate(zip(found, expected)):
        if not np.allclose(a._array, b, rtol=1e-5, atol=1e-8):
            at = np.unravel_index(np.argmax(np.abs(a._array - b)), b.shape)
            raise GradcheckError(
                f"{said(n)}\n\n{what}\n\nGot:\n{a}\n\nExpected:\n{wrap(b)}\nworst: sample {at[0]} at "
                f"{[int(p) for p in at[1:]]}: {a._array[at]} instead of {b[at]}"
            )


def check_batched_gradients(case: Case, number: int, output: Tensor) -> None:
    def vjp(v: Tensor) -> tuple[Tensor, ...]:
        found = autograd.grad((output,), case.wanted, (v,), retain_graph=True, allow_unused=True)
        return tuple(wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, case.wanted))

    _check_batch(
        case,
        vjp,
        output,
        "gradcheck or gradgradcheck failed while testing batched gradient computation. Without this check: "
        "check_batched_grad=False",
        lambda n: f"For output {number} and input {n}:",
    )


def check_batched_tangents(case: Case) -> None:
    for i in case.places:

        def jvp(t: Tensor, i: int = i) -> tuple[Tensor, ...]:
            pairs = jacobians.tangents_of(case.func, case.inputs, {i: t})
            return tuple(ops.zeros_like(o) if moved is None else moved.detach() for o, moved in pairs)

        _check_batch(
            case,
            jvp,
            case.inputs[i],
            "gradcheck failed while testing batched gradient computation with forward-mode AD. Without this check: "
            "check_batched_forward_grad=False",
            lambda n, i=i: f"For output {n} and input {i}:",  # type: ignore[misc]
        )


# -- gradients that are zero or missing -------------------------------------------------------------------------------


def check_proportional(case: Case, outputs: Sequence[Tensor]) -> None:
    """Gradients of zeros are zeros."""
    if not outputs:
        return
    seeds = [np.zeros(o._array.shape, o._array.dtype) for o in outputs]
    for i, x, g in zip(case.places, case.wanted, jacobians.gradients(outputs, case.wanted, seeds)):
        if g is None:
            continue
        if not (np.allclose(g, 0) if case.settings.masked else np.all(g == 0)):
            raise GradcheckError(f"backward not multiplied by grad_output: of zeros, input {i}{largest(g, x)}")
        if g.dtype != x._array.dtype:
            raise GradcheckError(f"grad is incorrect type: {g.dtype} for input {i} of {x._array.dtype}")
        if g.shape != x._array.shape:
            raise GradcheckError(f"grad is incorrect size: {list(g.shape)} for input {i} of {list(x._array.shape)}")


def check_missing_gradients(case: Case) -> None:
    """A backward must take missing gradients for zeros: all of them missing, and each by itself."""
    outputs = [o for o in as_tuple(case.func(*case.inputs)) if isinstance(o, Tensor) and o.requires_grad]
    if not outputs:
        return
    _check_undefined(case, "all", [_hidden(o) for o in outputs])
    for missing in range(len(outputs) if len(outputs) > 1 else 0):
        given = [o for o in as_tuple(case.func(*case.inputs)) if isinstance(o, Tensor) and o.requires_grad]
        _check_undefined(
            case, f"that of output {missing}", [_hidden(o) if k == missing else o for k, o in enumerate(given)]
        )


def _check_undefined(case: Case, which: str, outputs: Sequence[Tensor]) -> None:
    seeds = [np.zeros(o._array.shape, o._array.dtype) for o in outputs]
    try:
        found = jacobians.gradients(outputs, case.wanted, seeds)
    except RuntimeError as error:
        warnings.warn(BREAKING, stacklevel=6)
        raise GradcheckError(
            f"Expected backward function to handle undefined output grads: with {which} undefined it raised {error}"
        ) from error
    for i, x, g in zip(case.places, case.wanted, found):
        if g is not None and np.any(g != 0):
            warnings.warn(BREAKING, stacklevel=6)
            raise GradcheckError(f"{UNDEFINED}{i}{largest(g, x)}, with {which} undefined")


class Undefined(TableNode):
    """In the way of a gradient: passes on that there is none."""

    __slots__ = ()
    title = "UndefinedGrad"

    def pull(self, g: Any, values: Any, create_graph: bool) -> list[Any]:
        return [None]


def _hidden(o: Tensor) -> Tensor:
    """An output whose gradient never arrives at what made it."""
    found = wrap(o._array)
    found._node = link(new_node(Undefined), (o._node,), likeness(o._array))
    return found


def check_missing_tangents(case: Case) -> None:
    """An input without a tangent counts as one whose tangent is zero."""
    random = np.random.default_rng(0)
    tangents = {i: random_like(random, case.inputs[i], False)._array for i in case.places}
    for i in case.places:
        others = {j: t for j, t in tangents.items() if j != i}
        without = tuple(x.detach() if j == i else x for j, x in enumerate(case.inputs))
        zeros = jacobians.tangents_of(case.func, case.inputs, others)
        missing = jacobians.tangents_of(case.func, without, others)
        for k, ((_, a), (o, b)) in enumerate(zip(zeros, missing)):
            if a is not None and b is not None and not np.allclose(a._array, b._array):
                flat = np.argmax(np.abs(a._array - b._array))
                raise GradcheckError(
                    f"Mismatch in tangent values for output with index: {k} when input: {i} has an undefined tangent "
                    f"value. Got: {b} but expected: {a}, which at {index_of(flat, o)} are "
                    f"{np.abs(a._array - b._array).max()} apart"
                )
