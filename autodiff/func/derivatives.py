"""Transforms of functions into their derivatives: grad, vjp, jvp, linearize. Knows pytrees and messages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.forward import close_level, open_level
from autodiff._core.levels import Transform, pulled
from autodiff._core.modes import state
from autodiff._core.tensor import Tensor, wrap
from autodiff.func.pytrees import Spec, flatten, mapped, unflatten

Argnums = int | tuple[int, ...]


def entered(transform: Transform, tree: Any) -> tuple[list[Tensor], Any]:
    """The tensors of a nested argument as leaves of a transform, alone and in their places."""
    leaves, spec = flatten(tree)
    for x in leaves:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
    inner = [transform.enter(x) for x in leaves]
    return inner, unflatten(inner, spec)


def left(transform: Transform, tree: Any, outer_grad: bool | None = None) -> Any:
    """A nested result as it is outside of the transform."""
    return mapped(lambda x: transform.leave(x, outer_grad) if isinstance(x, Tensor) else x, tree)


def zeros_for(x: Tensor) -> Tensor:
    """The gradient of what nothing depends on."""
    return wrap(np.zeros(x._array.shape, x._array.dtype))


def parted(api: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    """What a function is differentiated by, and what it returned besides. Raises RuntimeError for another form."""
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(f"{api}: output of function f should be a tuple: (output, aux) if has_aux is True")
    for x in flatten(result[1])[0]:
        if not isinstance(x, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(x)}")
    return result


def only_tensors(api: str, call: str, tree: Any, *, some: bool = True) -> tuple[list[Tensor], Spec]:
    """The tensors of a nested result. Raises RuntimeError for anything else in it, or if it is empty."""
    leaves, spec = flatten(tree)
    if some and not leaves:
        raise RuntimeError(f"{api}: Expected f to be a function that has non-empty output (got output = {tree})")
    for x in leaves:
        if not isinstance(x, Tensor):
            raise RuntimeError(f"{api}: expected {call} to return only tensors, got unsupported type {type(x)}")
    return leaves, spec


# -- arguments by number ------------------------------------------------------------------------------------------


def numbers(argnums: Any, count: int) -> tuple[int, ...]:
    """Arguments counted from the front. Raises RuntimeError as torch does."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    given = (argnums,) if isinstance(argnums, int) else argnums
    if not given:
        raise RuntimeError("argnums must be non-empty")
    for n in given:
        if not isinstance(n, int):
            raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(n)} in {argnums}")
        if not -count <= n < count:
            raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")
    found = tuple([n % count for n in given])
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return found


def chosen(args: tuple[Any, ...], argnums: Any) -> Any:
    """The arguments of these numbers: one, or a tuple of them."""
    found = tuple([args[n] for n in numbers(argnums, len(args))])
    return found[0] if isinstance(argnums, int) else found


def replaced(args: tuple[Any, ...], argnums: Any, given: Any) -> tuple[Any, ...]:
    """All arguments, those of these numbers exchanged."""
    new = dict(zip(numbers(argnums, len(args)), (given,) if isinstance(argnums, int) else given))
    return tuple([new.get(n, a) for n, a in enumerate(args)])


# -- backward -----------------------------------------------------------------------------------------------------


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of the scalar that `func` returns, and that scalar.

    `argnums`: by which arguments, nested as these are. With `has_aux` `func` returns a pair, and the second of it comes
    with the value, undifferentiated. Raises RuntimeError where the result is no scalar tensor.
    """
    api = "grad_and_value(f)(*args)"

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with Transform() as transform:
            given = chosen(args, argnums)
            inner, tree = entered(transform, given)
            result = func(*replaced(args, argnums, tree), **kwargs)
            value, aux = parted(api, result, has_aux)
            if not isinstance(value, Tensor):
                raise RuntimeError(f"{api}: Expected f(*args) to return a Tensor, got {type(value)}")
            array = value._array
            if array.ndim:
                raise RuntimeError(
                    f"{api}: Expected f(*args) to return a scalar Tensor, got tensor with {array.ndim} dims. Maybe you "
                    "wanted to use the vjp or jacrev APIs instead?"
                )
            if array.dtype.kind == "c":
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs but got torch.{array.dtype.name}"
                )
            record = transform.records([value], transform.outer_grad)
            seed = wrap(array.dtype.type(1))
            found = pulled([value], [seed], inner, record=record)
        leaves = [zeros_for(x) if g is None else transform.leave(g) for g, x in zip(found, inner)]
        gradient = unflatten(leaves, flatten(given)[1])
        value = transform.leave(value)
        return gradient, ((value, left(transform, aux)) if has_aux else value)

    return wrapped


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of the scalar that `func` returns; arguments as of `grad_and_value`.

    The gradient requires grad only by what `func` captured, or its arguments are, outside. With `has_aux` a pair of
    the gradient and what `func` returned besides.
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """What `func` returns, and a function from a cotangent of that to the gradients by `primals`, a tuple.

    With `has_aux` also what it returned besides. The function may be called again, and under vmap.
    """
    result, pull, aux = pullback(func, primals, has_aux)
    return (result, pull, aux) if has_aux else (result, pull)


def pullback(func: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool = False) -> tuple[Any, Any, Any]:
    """`vjp`, in one form."""
    api = "vjp(f, *primals)"
    with Transform() as transform:
        inner, tree = entered(transform, primals)
        result, aux = parted(api, func(*tree), has_aux)
        outputs, out_spec = only_tensors(api, "f(*primals)", result)
    in_spec = flatten(primals)[1]

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        """The gradients, given one cotangent per result, nested like it. Raises RuntimeError where it does not fit."""
        seeds, spec = flatten(cotangents)
        if spec != out_spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                f"function. cotangents: {spec}, primal output: {out_spec}"
            )
        for i, (seed, output) in enumerate(zip(seeds, outputs)):
            if seed._array.shape != output._array.shape:
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{i}] has a shape of torch.Size({list(seed._array.shape)}) and "
                    f"output[{i}] has a shape of torch.Size({list(output._array.shape)})."
                )
        mode = state.grad if create_graph is None else create_graph
        record = transform.records([*outputs, *seeds], mode)
        found = pulled(outputs, seeds, inner, record=record)
        leaves = [zeros_for(x) if g is None else transform.leave(g, mode) for g, x in zip(found, inner)]
        return unflatten(leaves, in_spec)

    return left(transform, result), pull, left(transform, aux)


# -- forward ------------------------------------------------------------------------------------------------------


def pushforward(
    api: str, func: Callable[..., Any], primals: list[Tensor], spec: Spec, tangents: list[Tensor], has_aux: bool
) -> tuple[Any, list[Tensor | None], Any]:
    """What a function returns, the derivative of each result along the tangents or None, and what came besides."""
    level = open_level()
    try:
        with Transform() as transform:
            with level.outside():
                inner = [transform.copied(x) for x in primals]
            for x, t in zip(inner, tangents):
                level.give(x, t)
            result, aux = parted(api, func(*unflatten(inner, spec)), has_aux)
            moved = [level.tangent(o) for o in only_tensors(api, "f(*primals)", result, some=False)[0]]
    finally:
        close_level(level)
    found = [None if t is None else transform.leave(t) for t in moved]
    return left(transform, result), found, left(transform, aux)


class Push:
    """A function at a point, and the linear function that it is near there, to be asked as often as one likes.

    The gradient by a cotangent is linear in that cotangent, whatever its value: the gradient of this gradient, by a
    dummy cotangent, is the directional derivative. Two walks backward stand in for one forward.
    """

    def __init__(
        self, api: str, func: Callable[..., Any], primals: list[Tensor], spec: Spec, has_aux: bool = False
    ) -> None:
        with Transform() as transform:
            inner = [transform.enter(x) for x in primals]
            result, aux = parted(api, func(*unflatten(inner, spec)), has_aux)
            outputs, self.spec = only_tensors(api, "f(*primals)", result, some=False)
            self._moving = [o for o in outputs if o._node is not None]
            self._dummies = [transform.dummy(o) for o in self._moving]
            found = pulled(self._moving, self._dummies, inner, record=True)
        self._transform, self._gradients, self._outputs = transform, found, outputs
        self.result, self.aux = left(transform, result), left(transform, aux)

    def __call__(self, tangents: list[Tensor]) -> list[Tensor | None]:
        """The derivative along the tangents, per output; None where the output does not depend on the primals."""
        pairs = [(g, t) for g, t in zip(self._gradients, tangents) if g is not None and g._node is not None]
        gradients, seeds = [g for g, _ in pairs], [t for _, t in pairs]
        transform = self._transform
        record = transform.records([*gradients, *seeds], state.grad)
        found = iter(pulled(gradients, seeds, self._dummies, record=record))
        moved = [next(found) if o._node is not None else None for o in self._outputs]
        return [None if x is None else transform.leave(x, state.grad) for x in moved]

    def filled(self, tangents: list[Tensor]) -> Any:
        """The derivative along the tangents, nested like the result, zeros where there is none."""
        found = [zeros_for(o) if t is None else t for t, o in zip(self(tangents), self._outputs)]
        return unflatten(found, self.spec)


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """What `func` returns at `primals`, and its derivative along `tangents`: both tuples, of one structure.

    `strict`: raise RuntimeError if a result does not depend on the primals. With `has_aux` also what it returned
    besides.
    """
    api = "jvp(f, primals, tangents)"
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{api}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    leaves, spec = flatten(primals)
    seeds, seeds_spec = flatten(tangents)
    if spec != seeds_spec:
        raise RuntimeError(
            f"{api}: Expected primals and tangents to have the same python structure. For example, if primals is a "
            f"tuple of 3 tensors, tangents also must be. Got primals with structure {spec} and tangents with structure "
            f"{seeds_spec}"
        )
    for what, given in (("primals", leaves), ("tangents", seeds)):
        if not given:
            raise RuntimeError(f"{api}: Expected {what} to contain at least one Tensor.")
        for x in given:
            if not isinstance(x, Tensor):
                raise RuntimeError(f"{api}: Expected {what} to only contain Tensors, got {type(x)}")
    for x, t in zip(leaves, seeds):
        if x._array.shape != t._array.shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the original Tensor, this is "
                f"not supported. Tensor is of size {list(x._array.shape)} while the given forward gradient is of size "
                f"{list(t._array.shape)}."
            )
    result, moved, aux = pushforward(api, func, leaves, spec, seeds, has_aux)
    outputs, out_spec = flatten(result)
    if strict and any(t is None for t in moved):
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed "
            "with strict=True."
        )
    derivative = unflatten([zeros_for(o) if t is None else t for t, o in zip(moved, outputs)], out_spec)
    return (result, derivative, aux) if has_aux else (result, derivative)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """What `func` returns, and its derivative at this point as a linear function of tangents, one per primal.

    `func` runs once, however often that function is called.
    """
    leaves, spec = flatten(primals)
    push = Push("linearize(f, *primals)", func, leaves, spec)

    def jvp_fn(*tangents: Any) -> Any:
        """The derivative along the tangents. Raises RuntimeError for another structure, shape or dtype."""
        seeds, seeds_spec = flatten(tangents)
        if seeds_spec != spec:
            raise RuntimeError(f"Expected the tangents {seeds_spec} to have the same argspec as the primals {spec}")
        for i, (x, t) in enumerate(zip(leaves, seeds)):
            for what, a, b in (
                ("shape", f"torch.Size({list(t._array.shape)})", f"torch.Size({list(x._array.shape)})"),
                ("dtype", t.dtype, x.dtype),
            ):
                if a != b:
                    raise RuntimeError(
                        f"tangent:{i} with {what} {a} in flattened pytree doesn't match the {what} {b} of the "
                        "corresponding primal."
                    )
        return push.filled(seeds)

    return push.result, jvp_fn
