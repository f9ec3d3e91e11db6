"""torch.autograd.functional: Jacobians, Hessians and their products with vectors, of a function at a point.

Everything is made of backward passes (and of forward mode where it is asked for); knows no operator's derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff import autograd
from autodiff._core.modes import enable_grad, is_grad_enabled, set_grad_enabled
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff.autograd import forward_ad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = tuple[Tensor, ...]
Given = Tensor | tuple[Tensor, ...]
_OUTPUTS = "outputs of the user-provided function"
_NOT_ALLOWED = "This is not allowed in strict mode"


def vjp(
    func: Callable[..., Any], inputs: Given, v: Given | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Given, Given]:
    """The function's value and the product of `v`, shaped like it, with its Jacobian, shaped like the inputs.

    `v` may be left out for a single element. With `strict`, independence of an input raises RuntimeError, which
    otherwise gives zeros; with `create_graph` both results can be differentiated.
    """
    with enable_grad():
        several, point = _tensors(inputs, "inputs", "vjp")
        point = _prepared(point, create_graph, leaves=True)
        many, outputs = _tensors(func(*point), _OUTPUTS, "vjp")
        _check_recorded(outputs, strict)
        if v is None and (len(outputs) != 1 or outputs[0]._array.size != 1):
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single "
                "element."
            )
        weights = None if v is None else _vector(v, outputs, many, "vjp", create_graph)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        grads = _filled(_grad(outputs, point, weights, create_graph), point, strict, create_graph, "back")
    return _given(outputs, many, create_graph), _given(grads, several, create_graph)


def jvp(
    func: Callable[..., Any], inputs: Given, v: Given | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Given, Given]:
    """The function's value and the product of its Jacobian with `v`, which is shaped like the inputs.

    As `vjp` otherwise. It is the gradient of the vjp, which is linear in its vector, by that vector.
    """
    with enable_grad():
        several, point = _tensors(inputs, "inputs", "jvp")
        point = _prepared(point, create_graph, leaves=True)
        direction = _direction(v, point, several, "jvp", create_graph)
        many, outputs = _tensors(func(*point), _OUTPUTS, "jvp")
        _check_recorded(outputs, strict)
        weights = tuple(_blank(o) for o in outputs)
        grads = _grad(outputs, point, weights, True)
        _check_depends(
            grads,
            strict,
            "The gradient with respect to input {i} is independent of the inputs of the user-provided function. "
            f"{_NOT_ALLOWED}.",
        )
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(grads, weights, direction, create_graph)
        products = _filled(found, outputs, strict, create_graph, "back_trick")
    return _given(outputs, many, create_graph), _given(products, many, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Given,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian, of shape output + input: a tuple per output of tuples per input, each level only where given so.

    `strategy` "forward-mode" (with `vectorize`, without `create_graph` and `strict`) takes a pass per element of the
    inputs, "reverse-mode" one per element of the outputs, or with `vectorize` one for all, by vmap. Raises
    AssertionError for any other strategy, NotImplementedError and RuntimeError for what torch does not combine.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            f'Expected strategy to be either "forward-mode" or "reverse-mode", but got {strategy!r}. Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to '
            'use "reverse-mode".'
        )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(_not_together("create_graph=True", 'strategy="forward-mode"'))
        return _columns(func, inputs, strict, vectorize)
    with enable_grad():
        several, point = _tensors(inputs, "inputs", "jacobian")
        point = _prepared(point, create_graph, leaves=True)
        many, outputs = _tensors(func(*point), _OUTPUTS, "jacobian")
        _check_recorded(outputs, strict)
        if vectorize and strict:
            raise RuntimeError(_not_together("strict=True", "vectorize=True"))
        if vectorize:
            table = [_all_rows(o, point, create_graph) for o in outputs]
        else:
            table = [_rows(i, o, point, create_graph, strict) for i, o in enumerate(outputs)]
    return _given(tuple(_given(row, several, create_graph) for row in table), many, True)


def hessian(
    func: Callable[..., Any],
    inputs: Given,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function with one element: per input a tuple per input, of shape input + input.

    It is the Jacobian, by `outer_jacobian_strategy`, of the Jacobian in reverse mode. Raises RuntimeError for a
    function that returns anything else, or, with `strict`, that is linear.
    """
    several, point = _tensors(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            f'Expected strategy to be either "forward-mode" or "reverse-mode", but got {outer_jacobian_strategy!r}.'
        )

    def scalar(*x: Tensor) -> Tensor:
        return ops.reshape(_scalar(func(*x), "hessian", strict), ())  # type: ignore[no-any-return]

    def gradient(*x: Tensor) -> Tensors:
        if outer_jacobian_strategy == "forward-mode":
            x = tuple(t.requires_grad_() for t in x)
        found: Tensors = jacobian(scalar, x, create_graph=True)
        _check_depends(found, strict, _LINEAR)
        return found

    table = jacobian(gradient, point, create_graph, strict, vectorize, outer_jacobian_strategy)
    return table if several else table[0][0]


def vhp(
    func: Callable[..., Any], inputs: Given, v: Given | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensor, Given]:
    """The value of a function with one element, and the product of `v`, shaped like the inputs, with its Hessian."""
    with enable_grad():
        several, point = _tensors(inputs, "inputs", "vhp")
        point = _prepared(point, create_graph, leaves=True)
        direction = _direction(v, point, several, "vhp", create_graph)
        value = _scalar(func(*point), "vhp", strict)
        first = _grad((value,), point, None, True)
        _check_depends(first, strict, _LINEAR)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        products = _filled(_grad(first, point, direction, create_graph), point, strict, create_graph, "double_back")
    return _given((value,), False, create_graph), _given(products, several, create_graph)


def hvp(
    func: Callable[..., Any], inputs: Given, v: Given | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensor, Given]:
    """The value of a function with one element, and the product of its Hessian with `v`; `vhp` is the cheaper one."""
    with enable_grad():
        several, point = _tensors(inputs, "inputs", "hvp")
        point = _prepared(point, create_graph, leaves=True)
        direction = _direction(v, point, several, "hvp", create_graph)
        value = _scalar(func(*point), "hvp", strict)
        first = _grad((value,), point, None, True)
        _check_depends(first, strict, _LINEAR)
        weights = tuple(_blank(x) for x in point)
        second = _grad(first, point, weights, True)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(second, weights, direction, create_graph)
        products = _filled(found, point, strict, create_graph, "double_back_trick")
    return _given((value,), False, create_graph), _given(products, several, create_graph)


# -- what comes in ----------------------------------------------------------------------------------------------------


def _tensors(given: Any, what: str, caller: str) -> tuple[bool, Tensors]:
    """Whether a tuple was given, and its tensors; TypeError for anything else."""
    several = isinstance(given, tuple)
    for i, x in enumerate(given if several else (given,)):
        if not isinstance(x, Tensor):
            which = f"value at index {i}" if several else f"given {what}"
            raise TypeError(
                f"The {what} given to {caller} must be either a Tensor or a tuple of Tensors but the {which} has type "
                f"{type(x)}."
            )
    return several, given if several else (given,)


def _prepared(tensors: Tensors, create_graph: bool, leaves: bool) -> Tensors:
    """New places in the graph for these: connected to the old ones under create_graph, else leaves of their own."""
    return tuple(
        ops.alias(t) if create_graph and t.requires_grad else t.detach().requires_grad_(leaves) for t in tensors
    )


def _vector(v: Any, like: Tensors, several: bool, caller: str, create_graph: bool) -> Tensors:
    found = _prepared(_tensors(v, "v", caller)[1], create_graph, leaves=False)
    if len(found) != len(like):
        if several:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}.")
        raise RuntimeError(f"The given v should contain a single Tensor, but it contains {len(found)}.")
    for i, (x, wanted) in enumerate(zip(found, like)):
        if x._array.shape != wanted._array.shape:
            which = f"Entry {i} in v" if several else "v"
            raise RuntimeError(
                f"{which} has invalid size: should be torch.Size({list(wanted._array.shape)}) but got "
                f"torch.Size({list(x._array.shape)})."
            )
    return found


def _direction(v: Any, point: Tensors, several: bool, caller: str, create_graph: bool) -> Tensors | None:
    if v is not None:
        return _vector(v, point, several, caller, create_graph)
    if len(point) != 1 or point[0]._array.size != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return None


def _blank(like: Tensor) -> Tensor:
    """A place for a vector in which everything is linear: its own value never matters."""
    return ops.zeros_like(like.detach()).requires_grad_()  # type: ignore[no-any-return]


def _scalar(outputs: Any, caller: str, strict: bool) -> Tensor:
    many, tensors = _tensors(outputs, _OUTPUTS, caller)
    _check_recorded(tensors, strict)
    if many:
        raise RuntimeError(f"The function given to {caller} should return a single Tensor, not a tuple")
    if tensors[0]._array.size != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {caller} should contain a single element, but it contains "
            f"{tensors[0]._array.size}"
        )
    return tensors[0]


# -- passes -----------------------------------------------------------------------------------------------------------


def _grad(
    outputs: Sequence[Tensor | None],
    inputs: Tensors,
    weights: Sequence[Tensor] | None,
    create_graph: bool,
    retain_graph: bool | None = None,
) -> tuple[Tensor | None, ...]:
    """Gradients of those outputs that have any; None for an input that nothing depends on."""
    seeds: Sequence[Tensor | None] = [None] * len(outputs) if weights is None else weights
    pairs = [(o, w) for o, w in zip(outputs, seeds) if o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    roots, cotangents = zip(*pairs)
    return autograd.grad(roots, inputs, cotangents, retain_graph, create_graph, allow_unused=True)


def _rows(i: int, output: Tensor, point: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The Jacobian of one output by every input: a backward pass per element."""
    rows: list[list[Tensor]] = [[] for _ in point]
    for element in ops.reshape(output, (-1,)):
        for j, (g, x) in enumerate(zip(_grad((element,), point, None, create_graph, retain_graph=True), point)):
            if g is None and strict:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {j}. {_NOT_ALLOWED}."
                )
            if g is not None and strict and create_graph and not g.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {j}. {_NOT_ALLOWED} when "
                    "create_graph=True."
                )
            rows[j].append(ops.zeros_like(x) if g is None else g)
    shape = output._array.shape
    return tuple(
        ops.reshape(ops.stack(*row, dim=0), (*shape, *x._array.shape)) if row else _empty(shape, x)
        for row, x in zip(rows, point)
    )


def _all_rows(output: Tensor, point: Tensors, create_graph: bool) -> Tensors:
    """The same by one backward pass for all elements; an input that an output does not depend on has zeros."""
    shape, size = output._array.shape, output._array.size
    if not output.requires_grad or not size:
        return tuple(_empty(shape, x) for x in point)
    seeds = wrap(np.eye(size, dtype=output._array.dtype).reshape(size, *shape))
    found = autograd.grad(
        output, point, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True, is_grads_batched=True
    )
    return tuple(
        _empty(shape, x) if g is None else ops.reshape(g, (*shape, *x._array.shape)) for g, x in zip(found, point)
    )


def _empty(shape: tuple[int, ...], x: Tensor) -> Tensor:
    return wrap(np.zeros((*shape, *x._array.shape), x._array.dtype))


def _columns(func: Callable[..., Any], inputs: Given, strict: bool, vectorize: bool) -> Any:
    """The Jacobian in forward mode: a pass per element of the inputs."""
    if strict:
        raise RuntimeError(_not_together("strict=True", 'strategy="forward-mode"'))
    several, point = _tensors(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented for "
            "`vectorize=True`."
        )
    many = True
    columns: list[list[Tensors]] = [[] for _ in point]
    outputs: Tensors = ()
    for j, x in enumerate(point):
        for place in range(x._array.size):
            tangents = [np.zeros(t._array.shape, t._array.dtype) for t in point]
            tangents[j].flat[place] = 1
            many, outputs, moved = _pushed(func, point, [wrap(t) for t in tangents])
            columns[j].append(moved)
    if not any(x._array.size for x in point):
        many, outputs, _ = _pushed(func, point, [ops.zeros_like(x) for x in point])
    table = tuple(
        tuple(_from_columns([c[i] for c in columns[j]], o, x) for j, x in enumerate(point))
        for i, o in enumerate(outputs)
    )
    return _given(tuple(row if several else row[0] for row in table), many, True)


def _pushed(func: Callable[..., Any], point: Tensors, tangents: Sequence[Tensor]) -> tuple[bool, Tensors, Tensors]:
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(x, t) for x, t in zip(point, tangents)]
        many, results = _tensors(func(*duals), "outputs", "jacobian")
        pairs = [forward_ad.unpack_dual(r) for r in results]
    return many, tuple(p.primal for p in pairs), tuple(ops.zeros_like(p) if t is None else t for p, t in pairs)


def _from_columns(columns: list[Tensor], output: Tensor, x: Tensor) -> Tensor:
    if not columns:
        return _empty(output._array.shape, x)
    found = ops.stack(*columns, dim=columns[0]._array.ndim)
    return ops.reshape(found, (*output._array.shape, *x._array.shape))  # type: ignore[no-any-return]


# -- what strict mode refuses, and what goes out ----------------------------------------------------------------------

_LINEAR = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {i} is "
    f"independent of the input. {_NOT_ALLOWED}. You should ensure that your function is twice differentiable and that "
    "the jacobian depends on the inputs (this would be violated by a linear function for example)."
)
#: By the stage of a product of derivatives: what an input that nothing depends on is told.
_INDEPENDENT = {
    "back": f"The output of the user-provided function is independent of input {{i}}. {_NOT_ALLOWED}.",
    "back_trick": "The gradient with respect to the input is independent of entry {i} in the grad_outputs when using "
    f"the double backward trick to compute forward mode gradients. {_NOT_ALLOWED}.",
    "double_back": f"The jacobian of the user-provided function is independent of input {{i}}. {_NOT_ALLOWED}.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {i} in the grad_jacobian. "
    f"{_NOT_ALLOWED} as it prevents from using the double backward trick to replace forward mode AD.",
}


def _not_together(first: str, second: str) -> str:
    return (
        f"torch.autograd.functional.jacobian: `{first}` and `{second}` are not supported together (yet). Please drop "
        "one of the two."
    )


def _check_recorded(outputs: Tensors, strict: bool) -> None:
    for i, o in enumerate(outputs):
        if strict and not o.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in "
                "a differentiable manner from the input when running in strict mode."
            )


def _check_depends(found: Sequence[Tensor | None], strict: bool, otherwise: str) -> None:
    for i, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(_INDEPENDENT["back"].format(i=i))
        if strict and g is not None and not g.requires_grad:
            raise RuntimeError(otherwise.format(i=i))


def _filled(found: Sequence[Tensor | None], like: Tensors, strict: bool, create_graph: bool, stage: str) -> Tensors:
    """Zeros where nothing depends on an input, which strict mode refuses."""
    filled = []
    for i, (g, x) in enumerate(zip(found, like)):
        if g is None and strict:
            raise RuntimeError(_INDEPENDENT[stage].format(i=i))
        if g is not None and strict and create_graph and not g.requires_grad:
            what = "hessian" if stage.startswith("double") else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {i}. {_NOT_ALLOWED} when "
                "create_graph=True."
            )
        filled.append(ops.zeros_like(x.detach()) if g is None else g)
    return tuple(filled)


def _given(tensors: Any, several: bool, create_graph: bool) -> Any:
    """As the caller gave it: a tuple, or its one entry; outside the graph unless that was asked for."""
    found = tuple(t if create_graph else t.detach() for t in tensors)
    return found if several else found[0]
