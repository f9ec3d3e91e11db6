"""The kinds of primitive, and what each derives from a row. Knows no operator by name.

pointwise   kernel, partial derivatives       -> vjp = g * conj(d), broadcasting, promotion, numbers on either side
linear      kernel, adjoint                   -> vjp = the adjoint; a view replays itself
bilinear    kernel, two adjoints              -> both vjps
reduction   kernel, rule on the kept shape    -> dims and keepdim
fused       kernel, gradient's kernel         -> vjp = that kernel, an operator of its own
general     kernel, a vjp per input           -> nothing hidden
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autodiff._core import batching, dtypes
from autodiff._core.apply import general_operator, one_input_operator
from autodiff._core.batched import Batched
from autodiff._core.hot import binary, by_number, unary
from autodiff._core.modes import state
from autodiff._core.node import Hooks
from autodiff._core.primitive import Formula, Primitive, Unread, parameters
from autodiff._core.promotion import check_numbers, explained, guarded, no_operand, plain, refuse
from autodiff._core.registry import PRIMITIVES, ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels.brain import IN_USE, rounding
from autodiff._kernels.flags import SILENT, loud, quiet

Kernel = Callable[..., Any]
#: torch's node of what it records though it has no derivative.
NOT_IMPLEMENTED = "torch::autograd::NotImplemented"


def _primitive(*args: Any, **kwargs: Any) -> Primitive:
    p = Unread(*args, **kwargs)
    one = len(p.inputs) == len(p.outputs) == 1 and len(p.formulas) <= 1 and not p.variadic and not p.multiplies
    p.op = p.general = one_input_operator(p) if one else general_operator(p)
    return p


def pointwise(
    name: str,
    kernel: Kernel,
    *partials: Formula | str | float,
    computes: str = "float",
    refuses: str = "",
    refusal: str = "",
    node: str | None = None,
    spellings: str = "inplace out",
    public: str = "",
    numbers: str = "either",
    check: Callable[[Sequence[Any]], None] | None = None,
    apart: tuple[Formula, ...] = (),
) -> Primitive:
    """An operator of one or two operands, element by element, spelled besides function and method as torch has it.

    `public` names the places where it is found, if it is not the root alone: "special.entr", "i0 special.i0".
    `numbers` says which operand may be a Python number, `refusal` what torch says in words of its own to the dtypes
    that it `refuses`, `apart` its formulas where hooks look on (see Primitive).

    A partial derivative is a constant, the name of an operand or "out", "1/" before such a name, or a formula of
    these. Where multiplying is not the way (a mask over an infinite gradient, a fused kernel), a formula that begins
    with `g` is the whole rule.
    """
    two = len(partials) == 2
    rules = [starts_with_g(f) for f in partials if callable(f)]
    p = _primitive(
        name,
        kernel,
        partials,
        inputs=("input", "other") if two else ("input",),
        kind="pointwise",
        computes=computes,
        refuses=refuses,
        multiplies=not any(rules),
        node=node,
        check=check,
        apart=apart,
    )
    p.spellings = frozenset(spellings.split())
    p.public = tuple(public.split()) or p.public
    p.numbers = numbers
    p.refusal = refusal
    p.op = binary(p) if two else unary(p)
    return p


def undifferentiable(name: str, kernel: Kernel, *, operator: str, **row: Any) -> Primitive:
    """A pointwise operator whose result requires grad though torch has no derivative: asking for it raises.

    `operator` is what torch calls it in that message.
    """

    refuse = _unimplemented(operator)
    p = pointwise(name, kernel, refuse, refuse, node=NOT_IMPLEMENTED, **row)
    return _undefined(p)


def unimplemented(
    name: str, kernel: Kernel, *, operator: str, inputs: str, without: str = "", outputs: str = "out"
) -> Primitive:
    """Any other operator whose result requires grad though torch has no derivative; `operator` as above.

    Inputs `without` gradient are no part of that.
    """
    refuse, names = _unimplemented(operator), inputs.split()
    formulas = [None if n in without.split() else refuse for n in names]
    p = general(name, kernel, *formulas, inputs=tuple(names), outputs=tuple(outputs.split()), node=NOT_IMPLEMENTED)
    return _undefined(p)


def _undefined(p: Primitive) -> Primitive:
    p.undefined, op = True, p.op

    @wraps(op)
    def noted(*operands: Any, **params: Any) -> Any:
        result = op(*operands, **params)
        parts = result if isinstance(result, tuple) else (result,)
        if any(isinstance(part, Tensor) and part._node is not None for part in parts):
            Hooks.hung += 1  # its node has its turn before all others
        return result

    p.op = noted
    return p


def _unimplemented(operator: str) -> Formula:
    def refuse(g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{operator} is not implemented")

    return refuse


def underived(what: str) -> Formula:
    """The rule of a derivative that torch does not have: it raises, and says so of `what`."""

    def refuse(g: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{what}' is not implemented.")

    return refuse


def without_derivative_in_place(name: str) -> None:
    """The pointwise operator `name` has a derivative, but written into its own input torch has none for it."""
    p = PRIMITIVES[name]
    refuse, title = underived(f"inplace version of {name}"), p.title.removesuffix("0") + "1"
    p.written = pointwise(f"_{name}_written", p.kernel, refuse, node=title)


def without_negation(name: str) -> None:
    """torch's derivative by the second operand negates the first as it was given: of a bool one it refuses."""
    p = PRIMITIVES[name]

    def refuse(g: Any) -> Any:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )

    p.of_bool = pointwise(f"_{name}_of_bool", p.kernel, refuse, refuse, node=p.title, computes=p.computes)


def starts_with_g(formula: Any) -> bool:
    """Whether a formula is a rule, which is given the incoming gradient."""
    return formula.__code__.co_varnames[:1] == ("g",)  # type: ignore[no-any-return]


def parametric(name: str, kernel: Kernel, partial: Formula, otherwise: Kernel, *, node: str | None = None) -> Primitive:
    """A pointwise operator of a tensor and a Python number `other`; `otherwise` takes all other operands.

    A partial derivative that begins with `g` is the whole rule, as of `pointwise`.
    """
    whole = starts_with_g(partial)
    p = _primitive(
        name, kernel, (partial, None), inputs=("input", "other"), kind="parametric", multiplies=not whole, node=node
    )
    p.op = by_number(p, otherwise)
    return p


def discrete(
    name: str,
    kernel: Kernel,
    operands: int = 2,
    refuses: str = "",
    spellings: str = "inplace out",
    *,
    computes: str = "",
    inputs: str = "input other",
    public: str = "",
    numbers: str = "either",
) -> Primitive:
    """An operator whose result has no derivative: promoted like pointwise ones, never recorded.

    Its result is bool or integer, or a float that torch does not differentiate; `inputs` are torch's names.
    """
    p = _primitive(
        name, kernel, (), inputs=inputs.split()[:operands], kind="discrete", refuses=refuses, computes=computes
    )
    p.spellings = frozenset(spellings.split())
    p.public = tuple(public.split()) or p.public
    p.numbers = numbers

    def run(*given: Any) -> Any:
        if state.maps and any(isinstance(x, Batched) for x in given):
            return batching.run(p, batching.promoted(given), {})
        arrays = [
            x._array if isinstance(x, Tensor) else x if operands == 1 or isinstance(x, np.ndarray) else plain(x)
            for x in given
        ]
        target = arrays[0].dtype if len(arrays) == 1 else None
        if target is None:
            check_numbers(p, given)
            try:
                target = dtypes.result_type(arrays)
            except AttributeError:
                raise no_operand(p, given) from None
        if refuses:
            refuse(p, target)
        if computes:
            target = dtypes.floating(target)
        if computes or len(arrays) == 2:
            arrays = [_bring(a, target) for a in arrays]
        token = quiet(SILENT)
        try:
            out = (rounding(kernel) if IN_USE else kernel)(*arrays)
        except (ValueError, TypeError) as error:
            raise explained(p, given, error) from None
        finally:
            loud(token)
        return wrap(out) if any(isinstance(x, Tensor) for x in given) else out

    if operands == 1:

        def op(input: Any) -> Any:
            return run(input)

    else:

        def op(input: Any, other: Any) -> Any:  # type: ignore[misc]
            return run(input, other)

    p.op = op
    return p


def linear(
    name: str, kernel: Kernel, adjoint: Formula, *, view: bool = False, node: str | None = None, onto: Any = None
) -> Primitive:
    """A linear operator of one tensor and its adjoint; `onto` as in `Primitive`."""
    return _primitive(name, kernel, (adjoint,), inputs=("input",), kind="linear", view=view, node=node, onto=onto)


def showing(p: Primitive) -> Primitive:
    """What this operator makes within a formula is its input in another geometry: to write to that makes it stale."""
    op = p.op

    def shown(x: Any) -> Any:
        made = op(x)
        return guarded(made, x) if made.__class__ is x.__class__ is Tensor and made is not x else made

    p.op = shown
    return p


def bilinear(
    name: str,
    kernel: Kernel,
    left: Formula,
    right: Formula,
    *,
    inputs: tuple[str, str] = ("input", "mat2"),
    node: str | None = None,
) -> Primitive:
    """An operator that is linear in each of two tensors."""
    p = _primitive(name, kernel, (left, right), inputs=inputs, kind="bilinear", node=node)
    p.op = binary(p)
    return p


def beside(name: str, *inputs: str, node: str, dropped: str = "", constants: tuple[str, ...] = ()) -> Primitive:
    """What a backward kernel of torch's gives, `found` here by several operators, as one result of all it was given.

    It depends on all of `inputs`, if by name only, and its node keeps them, but for `dropped`, the incoming gradient
    and `constants`, which have no gradients.
    """

    def passed(g: Any, *kept: Any) -> Any:
        return g

    def nothing(g: Any, *kept: Any) -> None:
        return None

    passed.wants = nothing.wants = ("grad", *[n for n in inputs if n != dropped], *constants)  # type: ignore[attr-defined]
    return general(
        name,
        lambda found, *kept: found,
        passed,
        None,
        *[nothing] * len(inputs),
        *[None] * len(constants),
        inputs=("found", "grad", *inputs, *constants),
        node=node,
    )


def general(
    name: str,
    kernel: Kernel,
    *formulas: Formula | None,
    inputs: tuple[str, ...] | None = None,
    outputs: tuple[str, ...] = ("out",),
    view: bool = False,
    variadic: bool = False,
    materializes: bool = True,
    node: str | None = None,
    onto: Any = None,
    diagonal: bool = False,
    hooked: tuple[int, int] | None = None,
    apart: tuple[Formula, ...] = (),
) -> Primitive:
    """Any other operator: a vjp per input, None where there is none.

    `onto`, `diagonal`, `hooked` and `apart` as in `Primitive`.
    """
    if inputs is None:
        inputs = parameters(kernel)[: len(formulas)]
    return _primitive(
        name,
        kernel,
        formulas,
        inputs=inputs,
        outputs=outputs,
        view=view,
        variadic=variadic,
        materializes=materializes,
        node=node,
        onto=onto,
        diagonal=diagonal,
        hooked=hooked,
        apart=apart,
    )


def fused(
    name: str,
    kernel: Kernel,
    backward: Kernel,
    *curvatures: Formula,
    sees: str = "input",
    inputs: tuple[str, ...] = ("input",),
    node: str | None = None,
) -> Primitive:
    """An operator of one tensor whose gradient is one kernel, `backward(g, x, *others, **parameters)`, linear in g.

    That kernel is the operator `_name_backward`, recorded under `create_graph` as torch records it, its derivative by
    x being the `curvature`: a formula of g, grad, x and the parameters, or nothing where the pieces are straight.
    `sees`: x is the "input", or the result ("out"), as torch's in-place forms have it. Further `inputs` have no
    derivative.
    """
    back = f"_{name.lstrip('_')}_backward"
    others = inputs[1:]
    names = parameters(getattr(kernel, "__wrapped__", kernel))[len(inputs) :]
    p = _primitive(
        name, kernel, (_calls(back, (sees, *others), names), *(None for _ in others)), inputs=inputs, node=node
    )
    seen = "input" if sees == "input" else "result"
    _primitive(
        back,
        backward,
        (_calls(back, (seen, *others), names), *(curvatures or (_straight,)), *(None for _ in others)),
        inputs=("grad", seen, *others),
        node=p.title.replace("Backward", "BackwardBackward"),
    )
    return p


def _straight(g: Any) -> Any:
    return ops.zeros_like(g)


def _calls(name: str, tensors: tuple[str, ...], names: tuple[str, ...]) -> Formula:
    """The rule that hands g and what it saw to an operator."""
    count = len(tensors)

    def rule(g: Any, *values: Any) -> Any:
        return getattr(ops, name)(g, *values[:count], **dict(zip(names, values[count:])))

    rule.wants = (*tensors, *names)  # type: ignore[attr-defined]
    rule.source = name  # type: ignore[attr-defined]
    return rule


def reduction(name: str, kernel: Kernel, rule: Formula | None, *, node: str | None = None) -> Primitive:
    """A reduction over `dims` (a tuple, never empty for sized inputs) with `keepdim`.

    The rule sees `g` and `out` with the reduced dimensions kept at size 1.
    """
    if rule is None:
        return _primitive(name, kernel, (), inputs=("input",), kind="reduction")
    names = parameters(rule)
    wants = tuple(dict.fromkeys((*names, "dims", "keepdim")))
    places = [wants.index(n) for n in names]
    at_dims, at_keep = wants.index("dims"), wants.index("keepdim")
    at_out = names.index("out") if "out" in names else None

    def kept(g: Any, *values: Any) -> Any:
        arguments = [values[i] for i in places]
        if not values[at_keep]:
            g = ops.keep_dims(g, dims=values[at_dims])
            if at_out is not None:
                arguments[at_out] = ops.keep_dims(arguments[at_out], dims=values[at_dims])
        return rule(g, *arguments)

    kept.wants = wants  # type: ignore[attr-defined]
    kept.source = rule  # type: ignore[attr-defined]
    return _primitive(name, kernel, (kept,), inputs=("input",), kind="reduction", node=node)


def _bring(x: Any, target: np.dtype[Any]) -> Any:
    if isinstance(x, (np.ndarray, np.generic)):
        return x if x.dtype is target else dtypes.converted(x, target)
    # As in torch a number wraps in the integers that it is compared with: NumPy would compare it as it is.
    return np.asarray(x).astype(target) if target.kind in "iu" else x
