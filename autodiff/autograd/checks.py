"""What gradcheck checks, one function a check, and what it says of a failure: which, where and by how much.

Every text begins with torch's; what follows names the input, the element, both values and what was allowed.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff import autograd
from autodiff._core.tensor import Tensor, wrap
from autodiff.autograd import jacobians
from autodiff.autograd.cases import Case, Settings, by_input_parts, by_output_parts, index_of, random_like
from autodiff.autograd.conduct import (
    check_batched_gradients,
    check_batched_tangents,
    check_missing_gradients,
    check_missing_tangents,
    check_proportional,
)
from autodiff.autograd.gradcheck import GradcheckError
from autodiff.autograd.jacobians import Array, Function, as_tuple, moving


def check(func: Function, inputs: Any, *asked: Any) -> None:
    """Run every check that the `Settings` made of `asked` ask for. Raises GradcheckError at the first that fails."""
    settings = Settings(*asked)
    given = as_tuple(inputs)
    _check_inputs(given)
    case = Case(func, given, settings)
    outputs = as_tuple(func(*given))
    recorded = [o for o in outputs if isinstance(o, Tensor) and o.requires_grad]
    if settings.check_backward_ad:
        for part in by_output_parts(case, outputs):
            _check_reverse(part)
    if settings.check_forward_ad:
        for part in by_input_parts(case):
            _check_forward(part)
            if settings.check_undefined_grad:
                check_missing_tangents(part)
    if settings.check_batched_forward_grad:
        check_batched_tangents(case)
    if settings.check_backward_ad:
        for i, o in enumerate(recorded if settings.check_batched_grad else ()):
            check_batched_gradients(case, i, o)
        check_proportional(case, recorded)
        if settings.check_undefined_grad:
            check_missing_gradients(case)


def as_gradient(func: Function, inputs: Any, grad_outputs: Any, stepped: bool) -> tuple[Function, tuple[Any, ...]]:
    """The function's gradient as a function of its inputs and of the incoming gradients, and these at its point.

    Without `grad_outputs` they are random in (-1, 1), not contiguous if `stepped`.
    """
    given = as_tuple(inputs)
    if grad_outputs is None:
        recorded = [o for o in as_tuple(func(*given)) if isinstance(o, Tensor) and o.requires_grad]
        random = np.random.default_rng(0)
        seeds = tuple(random_like(random, o, stepped).requires_grad_() for o in recorded)
    else:
        seeds = as_tuple(grad_outputs)
    count, needed = len(seeds), [isinstance(x, Tensor) and x.requires_grad for x in (*given, *seeds)]

    def gradient(*arguments: Any) -> tuple[Tensor, ...]:
        # Forward mode gives them as tensors that do not require grad.
        own = [x.requires_grad_() if n else x for x, n in zip(arguments, needed)]
        point, weights = own[: len(own) - count], own[len(own) - count :]
        outputs = [o for o in as_tuple(func(*point)) if isinstance(o, Tensor) and o.requires_grad]
        wanted = [x for x, n in zip(point, needed) if n]
        found = autograd.grad(outputs, wanted, weights, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradient, (*given, *seeds)


# -- what can be checked ----------------------------------------------------------------------------------------------


def _check_inputs(inputs: tuple[Any, ...]) -> None:
    some = False
    for i, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        some = True
        array = x.memory()
        if array.dtype.itemsize != (16 if array.dtype.kind == "c" else 8):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=4,
            )
        if any(stride == 0 and n > 1 for stride, n in zip(array.strides, array.shape)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous "
                "on the input before passing it to gradcheck."
            )
    if not some:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the "
            f"{len(inputs)} given have requires_grad=True."
        )


# -- derivatives against differences ----------------------------------------------------------------------------------


def _check_reverse(case: Case) -> None:
    recorded = _recorded(case)
    if not recorded:
        _check_constant(case)
        return
    if case.settings.fast_mode:
        _check_projections(case, recorded)
        return
    numerical = {i: jacobians.by_differences(case.func, case.inputs, i, case.settings.eps) for i in case.places}
    for number, (k, o) in enumerate(recorded):
        for j, (i, analytical) in enumerate(zip(case.places, _analytical(case, o))):
            _compare(case, analytical, numerical[i][k], (number, k, o), (j, i), "backward mode")


def _recorded(case: Case) -> list[tuple[int, Tensor]]:
    """The outputs that require grad, each with its number among those that may."""
    return [(k, o) for k, o in enumerate(moving(as_tuple(case.func(*case.inputs)))) if o.requires_grad]


def _check_constant(case: Case) -> None:
    for i in case.places:
        for k, found in enumerate(jacobians.by_differences(case.func, case.inputs, i, case.settings.eps)):
            if np.any(found != 0):
                j, m = np.unravel_index(np.argmax(np.abs(found)), found.shape)
                at = index_of(j, case.inputs[i])
                raise GradcheckError(
                    "Numerical gradient for function expected to be zero: no output requires grad, and yet output "
                    f"{k} at flat index {m} changes with input {i} at {at}, at the rate {found[j, m]:.8g}"
                )


def _analytical(case: Case, o: Tensor) -> list[Array]:
    """The Jacobians of one output by every input in reverse mode, taken twice: they must be the same."""
    once, twice = jacobians.by_reverse(o, case.wanted), jacobians.by_reverse(o, case.wanted)
    for x, i, rows in zip(case.wanted, case.places, once):
        for row in rows:
            if row is not None and row.shape != x._array.shape:
                raise GradcheckError(
                    f"Analytical gradient has incorrect size: {list(row.shape)} for input {i} of {list(x._array.shape)}"
                )
            if row is not None and row.dtype != x._array.dtype and case.settings.check_grad_dtypes:
                raise GradcheckError(f"Gradient has dtype mismatch: {row.dtype} for input {i} of {x._array.dtype}")
    for i, x, a, b in zip(case.places, case.wanted, once, twice):
        _check_reentrant(case, i, x, _stacked(x, a), _stacked(x, b))
    return [_stacked(x, rows) for x, rows in zip(case.wanted, once)]


def _stacked(x: Tensor, rows: Sequence[Array | None]) -> Array:
    size = x._array.size
    columns = [np.zeros(size, x._array.dtype) if row is None else row.reshape(-1) for row in rows]
    return np.stack(columns, 1) if columns else np.zeros((size, 0), x._array.dtype)


def _check_reentrant(case: Case, i: int, x: Tensor, a: Array, b: Array) -> None:
    apart = np.abs(a - b)
    if apart.size and not np.all((apart <= case.settings.nondet_tol) | ((a != a) & (b != b))):
        j, m = np.unravel_index(np.argmax(np.where(apart == apart, apart, np.inf)), apart.shape)
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
            "different values, although analytical gradient matches numerical gradient. The tolerance for "
            f"nondeterminism was {case.settings.nondet_tol}. For input {i} at {index_of(j, x)} it gave {a[j, m]}, then "
            f"{b[j, m]}: {apart[j, m]:.3g} apart. If that is to be expected, say so by nondet_tol"
        )


def _check_forward(case: Case) -> None:
    outputs = _recorded(case)
    if not outputs:
        _check_constant(case)
        return
    if case.settings.fast_mode:
        _check_directions(case, outputs)
        return
    for j, i in enumerate(case.places):
        numerical = jacobians.by_differences(case.func, case.inputs, i, case.settings.eps)
        columns = jacobians.by_forward(case.func, case.inputs, i)
        for number, (k, o) in enumerate(outputs if columns else ()):
            analytical = np.stack([_tangent(case, *column[k]) for column in columns])
            _compare(case, analytical, numerical[k], (number, k, o), (j, i), "forward mode")


def _tangent(case: Case, o: Tensor, t: Tensor | None) -> Array:
    if t is None:
        return np.zeros(o._array.size, o._array.dtype)
    if case.settings.check_grad_dtypes and t.is_complex() != o.is_complex():  # type: ignore[attr-defined]
        raise GradcheckError(f"Forward AD gradient has dtype mismatch: {t.dtype} for an output of {o.dtype}")
    return np.array(t._array).reshape(-1)


# -- a random projection instead of the whole -------------------------------------------------------------------------


def _direction(random: np.random.Generator, x: Tensor) -> list[Array]:
    """Random and positive, of length 1; for a complex tensor one for each part."""
    found = [random.random(x._array.size) for _ in range(2 if x._array.dtype.kind == "c" else 1)]
    return [v / (np.linalg.norm(v) or 1) for v in found]


def _check_projections(case: Case, outputs: Sequence[tuple[int, Tensor]]) -> None:
    random, s = np.random.default_rng(0), case.settings
    u = {i: _direction(random, case.inputs[i]) for i in case.places}
    v = {k: _direction(random, o)[0] for k, o in outputs}
    moved = {i: jacobians.along(case.func, case.inputs, i, u[i], s.eps) for i in case.places}
    for number, (k, o) in enumerate(outputs):
        seed = v[k].reshape(o._array.shape).astype(o._array.dtype)
        once, twice = (jacobians.gradients((o,), case.wanted, (seed,)) for _ in range(2))
        for j, (i, x, a, b) in enumerate(zip(case.places, case.wanted, once, twice)):
            _check_reentrant(case, i, x, _stacked(x, [a]), _stacked(x, [b]))
            g = np.zeros(x._array.size) if a is None else a.reshape(-1)
            analytical = g.real @ u[i][0] + 1j * (g.imag @ u[i][1]) if len(u[i]) == 2 else g @ u[i][0]
            numerical = v[k] @ moved[i][k]
            allowed = s.atol * sum(part.sum() for part in u[i]) * v[k].sum() + s.rtol * abs(numerical)
            if not abs(analytical - numerical) <= allowed:
                heading = _mismatch(case, number, j, numerical, analytical, "backward mode")
                whole = jacobians.by_differences(case.func, case.inputs, i, s.eps)[k]
                raise GradcheckError(heading + _in_slow_mode(case, _analytical(case, o)[j], whole, (k, o), i))


def _check_directions(case: Case, outputs: Sequence[tuple[int, Tensor]]) -> None:
    random, s = np.random.default_rng(0), case.settings
    for j, i in enumerate(case.places):
        (u,) = _direction(random, case.inputs[i])
        numerical = jacobians.along(case.func, case.inputs, i, [u], s.eps)
        tangent = u.reshape(case.inputs[i]._array.shape).astype(case.inputs[i]._array.dtype)
        moved = jacobians.tangents_of(case.func, case.inputs, {i: tangent})
        for number, (k, o) in enumerate(outputs):
            analytical = _tangent(case, *moved[k])
            allowed = s.atol * u.sum() + s.rtol * np.abs(numerical[k])
            if not np.all(np.abs(analytical - numerical[k]) <= allowed):
                heading = _mismatch(case, number, j, wrap(numerical[k]), wrap(analytical), "forward mode")
                columns = jacobians.by_forward(case.func, case.inputs, i)
                slow = np.stack([_tangent(case, *column[k]) for column in columns])
                whole = jacobians.by_differences(case.func, case.inputs, i, s.eps)[k]
                raise GradcheckError(heading + _in_slow_mode(case, slow, whole, (k, o), i))


def _in_slow_mode(case: Case, analytical: Array, numerical: Array, output: tuple[int, Tensor], i: int) -> str:
    text = (
        "\nThe above quantities relating the numerical and analytical jacobians are computed in fast mode. Below, both "
        f"are computed in slow mode:\n\nNumerical:\n {wrap(numerical)}\nAnalytical:\n{wrap(analytical)}\n\nThe max "
        f"per-element difference (slow mode) is: {np.abs(analytical - numerical).max()}.\n"
    )
    worst = _worst(case, analytical, numerical, output, i)
    return text + (
        worst or "Fast gradcheck failed but element-wise differences are small: it might have passed in slow mode.\n"
    )


# -- what is said of a difference -------------------------------------------------------------------------------------


def _compare(
    case: Case,
    analytical: Array,
    numerical: Array,
    output: tuple[int, int, Tensor],
    place: tuple[int, int],
    mode: str,
) -> None:
    """`output`: its number among those that require grad, and among all, and itself; `place` likewise of the input."""
    number, k, o = output
    worst = _worst(case, analytical, numerical, (k, o), place[1])
    if worst:
        text = _mismatch(case, number, place[0], wrap(numerical), wrap(analytical), mode)
        raise GradcheckError(text + f"check: {mode} against central differences (eps {case.settings.eps})\n" + worst)


def _mismatch(case: Case, number: int, j: int, numerical: Any, analytical: Any, mode: str) -> str:
    forward = mode == "forward mode"
    what = "inputs" if forward else "outputs"
    halved = (case.places[j] if forward else number) in case.halved
    prefix = f"While considering the {case.part} part of complex {what} only, " if halved else ""
    how = "computed with forward mode " if forward else ""
    return (
        f"{prefix}Jacobian {how}mismatch for output {number} with respect to input {j},\n"
        f"numerical:{numerical}\nanalytical:{analytical}\n"
    )


def _worst(case: Case, analytical: Array, numerical: Array, output: tuple[int, Tensor], i: int) -> str:
    """Where they are furthest beyond what is allowed; empty if nowhere."""
    s = case.settings
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(analytical - numerical)
        allowed = s.atol + s.rtol * np.abs(numerical)
        same = (apart <= allowed) | (analytical == numerical)
        beyond = np.where(same, -1.0, np.where(apart == apart, apart - allowed, np.inf))
    if same.all():
        return ""
    j, m = np.unravel_index(np.argmax(beyond), beyond.shape)
    k, o = output
    return (
        f"worst: input {i} at {index_of(j, case.inputs[i])}, output {k} at {index_of(m, o)}: "
        f"numerical {numerical[j, m]:.8g}, analytical {analytical[j, m]:.8g}, {apart[j, m]:.3g} apart where "
        f"{allowed[j, m]:.3g} is allowed (atol {s.atol} + rtol {s.rtol} * |numerical|); "
        f"{np.count_nonzero(~same)} of {same.size} elements are off\n"
    )
