"""How derivatives behave, whatever their values: in batches, of zeros, and where a gradient or a tangent is missing."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff import autograd
from autodiff._core.node import Node
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff.autograd import jacobians
from autodiff.autograd.cases import Case, index_of, largest, random_like
from autodiff.autograd.gradcheck import GradcheckError
from autodiff.autograd.jacobians import Array, as_tuple

UNDEFINED = (
    "Expected all input grads to be undefined or zero when all output grads are undefined or zero, but that of input "
)
BREAKING = (
    "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break "
    "existing callers of this function. If this is true for you, you can call this function with "
    '"check_undefined_grad=False" to disable the feature'
)


# -- gradients in batches ---------------------------------------------------------------------------------------------


def _mapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of one sample as one of stacked samples, each by itself."""

    def over(*stacked: Tensor) -> tuple[Tensor, ...]:
        samples = [function(*[ops.select(x, dim=0, index=n) for x in stacked]) for n in range(len(stacked[0]))]
        return tuple(ops.stack(*parts, dim=0) for parts in zip(*samples))

    return over


def _check_batch(case: Case, function: Callable[..., Any], like: Tensor, what: str, said: Callable[[int], str]) -> None:
    random = np.random.default_rng(0)
    samples = [random_like(random, like, False) for _ in range(2)]
    expected = [np.stack([r._array for r in shards]) for shards in zip(*[function(x) for x in samples])]
    try:
        found = _mapped(function)(wrap(np.stack([x._array for x in samples])))
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
    def vjp(v: Tensor) -> list[Tensor]:
        found = autograd.grad((output,), case.wanted, (v,), retain_graph=True, allow_unused=True)
        return [wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, case.wanted)]

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

        def jvp(t: Tensor, i: int = i) -> list[Tensor]:
            pairs = jacobians.tangents_of(case.func, case.inputs, {i: t._array})
            return [wrap(np.zeros_like(o._array)) if moved is None else moved.detach() for o, moved in pairs]

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
    _undefined("all", case, lambda: _pulled_by_nothing(case, outputs))
    for missing in range(len(outputs) if len(outputs) > 1 else 0):
        given = [o for o in as_tuple(case.func(*case.inputs)) if isinstance(o, Tensor) and o.requires_grad]
        rest = [o for k, o in enumerate(given) if k != missing]
        seeds = [np.zeros(o._array.shape, o._array.dtype) for o in rest]
        _undefined(
            f"that of output {missing}",
            case,
            lambda rest=rest, seeds=seeds: list(  # type: ignore[misc]
                zip(case.places, jacobians.gradients(rest, case.wanted, seeds))
            ),
        )


def _undefined(which: str, case: Case, gradients: Callable[[], list[tuple[Any, Array | None]]]) -> None:
    try:
        found = gradients()
    except RuntimeError as error:
        warnings.warn(BREAKING, stacklevel=6)
        raise GradcheckError(
            f"Expected backward function to handle undefined output grads: with {which} undefined it raised {error}"
        ) from error
    for i, g in found:
        if g is not None and np.any(g != 0):
            warnings.warn(BREAKING, stacklevel=6)
            x = wrap(g)
            raise GradcheckError(f"{UNDEFINED}{i}{largest(g, x)}, with {which} undefined")


def _pulled_by_nothing(case: Case, outputs: Sequence[Tensor]) -> list[tuple[Any, Array | None]]:
    """What the Functions that no gradient reaches make of it; the engine's own operators pass nothing on."""
    accumulators = {x._node: i for x, i in zip(case.wanted, case.places)}
    found: list[tuple[Any, Array | None]] = []
    seen: set[Node] = set()
    stack = [o._node for o in outputs if o._node is not None]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if not hasattr(node, "function"):
            stack += [edge for edge in node.edges if edge is not None]
            continue
        for edge, g in zip(node.edges, _by_nothing(node)):
            if edge is not None and g is not None:
                found.append((accumulators.get(edge, "an inner Function"), np.array(g)))
            elif edge is not None:
                stack.append(edge)
    return found


def _by_nothing(node: Any) -> list[Any]:
    likes = node.like if node.results > 1 else [node.like]
    shapes = [like if isinstance(like, tuple) else ((), like) for like in likes]
    given = [np.zeros(shape, dtype) if node.materializes else None for shape, dtype in shapes]
    return list(node.pull(given if node.results > 1 else given[0], None, False))


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
