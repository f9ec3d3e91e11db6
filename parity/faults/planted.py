"""Faults as data: what is made wrong, in which class, and who is to be blamed; plants and finds nothing.

A rule's change works on arrays and on an engine's tensors alike (a second derivative is taken of what it returns), a
kernel's on arrays alone. Names of operators are those of the engine's rules and kernels; what an engine has not is
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Part = Callable[..., Any]
Change = Callable[[Part], Part]
Kind = Literal["rule", "kernel", "mechanism"]

#: The classes of fault, as the table shows them.
CLASSES = (
    "wrong sign", "wrong factor", "wrong axis",
    "upstream gradient ignored", "upstream gradient squared", "upstream gradient modified in place",
    "overwritten instead of accumulated", "broadcasting not undone",
    "wrong share at ties", "outside the subgradient at a kink", "nan at a smooth point",
    "overflow in an untaken branch", "cancellation", "lower precision", "wrong dtype", "wrong shape",
    "stale saved value", "view not linked to its base", "repeated index loses duplicates",
    "right only for squares", "inverse permutation", "missing None", "second order dropped", "error not raised",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One part of an engine, made wrong."""

    family: str
    title: str
    kind: Kind
    #: The operator or the mechanism.
    name: str
    change: Change
    input: int = 0
    #: Public operators that are served by this part, or mechanisms: one of them must be blamed.
    blamed: tuple[str, ...] = ()
    #: What it must shrink to.
    steps: int = 2

    @property
    def place(self) -> str:
        return f"{self.name}, input {self.input}" if self.kind == "rule" else f"{self.kind} {self.name}"


def rule(family: str, title: str, name: str, input: int, change: Change, *blamed: str, steps: int = 2) -> Fault:
    return Fault(family, title, "rule", name, change, input, blamed or (name,), steps)


def kernel(family: str, title: str, name: str, change: Change, *blamed: str, steps: int = 2) -> Fault:
    return Fault(family, title, "kernel", name, change, 0, blamed or (name,), steps)


def mechanism(family: str, title: str, name: str, change: Change, *blamed: str, steps: int = 4) -> Fault:
    return Fault(family, title, "mechanism", name, change, 0, blamed or (name,), steps)


# -- changes that fit many parts --------------------------------------------------------------------------------------


def times(factor: float) -> Change:
    """What the part says, times a number."""
    return each(lambda value: value * factor)


def plus(term: float) -> Change:
    """What the part says and a number more: for rules that say 0, which no factor changes."""
    return each(lambda value: value + term)


def each(wrong: Callable[[Any], Any]) -> Change:
    """A part of several results is wrong in each."""

    def made(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)([made(part) for part in value])
        return None if value is None else wrong(value)

    return lambda part: lambda *args, **params: made(part(*args, **params))


def instead(formula: Part) -> Change:
    """Another formula in its place."""
    return lambda part: formula


def given(change: Callable[[Any], Any]) -> Change:
    """The rule, given another gradient."""
    return lambda rule: lambda g, *saved: rule(change(g), *saved)


def written_over(rule: Part) -> Part:
    """The rule is right, but leaves twice the gradient behind it."""

    def writing(g: Any, *saved: Any) -> Any:
        result = rule(g, *saved)
        result = result + 0 if result is g else result
        g *= 2
        return result

    return writing


def cut(value: Any) -> Any:
    """Without its history, where it is a tensor."""
    return value.detach() if hasattr(value, "detach") else value


def constant(rule: Part) -> Part:
    """What the rule was given is taken for constants: the second derivative forgets it."""
    return lambda *saved: rule(*[cut(value) for value in saved])


def of_constants(rule: Part) -> Part:
    """Only the incoming gradient is differentiated any further."""
    return lambda g, *saved: rule(g, *[cut(value) for value in saved])


def nothing(part: Part) -> Part:
    return lambda *args, **params: None


def in_dtype(name: str) -> Change:
    """The result in another dtype."""
    return each(lambda value: value.astype(name))


def through(name: str, only: str) -> Change:
    """Computed in a narrower dtype, for arrays of one dtype."""

    def change(kernel: Part) -> Part:
        def narrow(x: Any, *rest: Any, **params: Any) -> Any:
            if x.dtype != only:
                return kernel(x, *rest, **params)
            return kernel(x.astype(name), *rest, **params).astype(only)

        return narrow

    return change


def floating(formula: Part) -> Change:
    """Another formula where the (first) array is of floating point."""
    return lambda kernel: (
        lambda x, *rest, **params: formula(x, *rest, **params) if x.dtype.kind == "f" else kernel(x, *rest, **params)
    )


def without_keepdim(result: Any, params: Mapping[str, Any]) -> Any:
    return result if params.get("keepdim") else result.squeeze(params["dims"])


def next_axis(kernel: Part) -> Part:
    """Along the dimension after the one that was asked for."""

    def moved(x: Any, *rest: Any, **params: Any) -> Any:
        if x.ndim < 2:
            return kernel(x, *rest, **params)
        if "dim" in params:
            return kernel(x, *rest, **{**params, "dim": (params["dim"] + 1) % x.ndim})
        return kernel(x, *rest, **{**params, "dims": tuple((d + 1) % x.ndim for d in params["dims"])})

    return moved


# -- formulas of single faults ----------------------------------------------------------------------------------------


def first_of_leading(sum_to: Part) -> Part:
    """Of extra leading axes only the first slice arrives."""

    def change(g: Any, shape: Sequence[int]) -> Any:
        while len(g.shape) > max(len(shape), 1):
            g = g[0]
        return sum_to(g, shape)

    return change


def first_of_size_one(sum_to: Part) -> Part:
    """Along axes of size 1 only the first slice arrives."""

    def change(g: Any, shape: Sequence[int]) -> Any:
        if len(g.shape) == len(shape):
            for axis, (have, want) in enumerate(zip(g.shape, shape)):
                if have != want == 1:
                    g = g[tuple([slice(None)] * axis + [slice(0, 1)])]
        return sum_to(g, shape)

    return change


def mean_of_all(sum_to: Part) -> Part:
    """A 0-dim operand gets the mean instead of the sum."""

    def change(g: Any, shape: Sequence[int]) -> Any:
        summed = sum_to(g, shape)
        count = int(np.prod(g.shape))
        return summed if len(shape) or count < 2 else summed / count

    return change


def scattered(shape: Sequence[int], index: Any, g: Any, dim: int) -> Any:
    """Written, not added: of equal indices the last wins."""
    out = np.zeros(shape, g.dtype)
    if not out.ndim:
        return g
    np.put_along_axis(out, index, g, dim)
    return out


def selected(shape: Sequence[int], index: Any, g: Any, dim: int) -> Any:
    out = np.zeros(shape, g.dtype)
    if not out.ndim:
        return g.reshape(())
    np.moveaxis(out, dim, 0)[np.asarray(index)] = np.moveaxis(g, dim, 0)
    return out


def var_by_squares(x: Any, dims: Any, correction: float, keepdim: bool, **_: Any) -> Any:
    n = float(np.prod([x.shape[d] for d in dims]))
    square = (x * x).mean(axis=dims, keepdims=keepdim) - x.mean(axis=dims, keepdims=keepdim) ** 2
    return (np.maximum(square, 0) * (n / max(n - correction, 1e-300))).astype(x.dtype)


def unshifted(x: Any, dims: Any, keepdim: bool) -> Any:
    return np.log(np.exp(x).sum(axis=dims, keepdims=keepdim)).astype(x.dtype)


def softmax_unshifted(x: Any, dims: Any) -> Any:
    e = np.exp(x)
    return (e / e.sum(axis=dims, keepdims=True)).astype(x.dtype)


def last_of_equals(argmax: Part) -> Part:
    def last(x: Any, **params: Any) -> Any:
        dim = params.get("dim")
        if not x.ndim or dim is None:
            return argmax(x, **params)
        return x.shape[dim] - 1 - argmax(np.flip(x, dim), **params)

    return last


def zeros(unreached: Part) -> Part:
    return lambda input: cut(input) * 0


FAULTS: tuple[Fault, ...] = (
    # a wrong sign, factor, axis
    rule("wrong sign", "sin's derivative negated", "sin", 0, times(-1)),
    rule("wrong sign", "sub adds its second gradient", "sub", 1, times(-1)),
    rule("wrong sign", "div: sign of the quotient rule", "div", 1, times(-1)),
    rule("wrong factor", "tanh × 1.0001", "tanh", 0, times(1.0001)),
    rule("wrong factor", "mm, second factor × 1.0001", "mm", 1, times(1.0001), "mm", "matmul"),
    rule("wrong factor", "mse_loss forgets the 2", "mse_loss", 0, times(0.5), "nn.functional.mse_loss"),
    kernel("wrong factor", "the value of erf × (1 + 10⁻⁶)", "erf", times(1 + 1e-6), "erf"),
    kernel("wrong axis", "softmax along the next axis", "softmax", next_axis, "softmax", "nn.functional.softmax"),
    rule(
        "wrong axis", "cumsum's gradient runs along the next axis", "cumsum", 0,
        lambda rule: lambda g, dim, reverse: rule(g, (dim + 1) % max(len(g.shape), 1), reverse),
    ),
    rule(
        "wrong axis", "cumsum's gradient runs forward, too", "cumsum", 0,
        lambda rule: lambda g, dim, reverse: rule(g, dim, not reverse),
    ),
    # the incoming gradient
    rule("upstream gradient ignored", "sigmoid as if g were 1", "sigmoid", 0, given(lambda g: g * 0 + 1)),
    rule("upstream gradient ignored", "logsumexp as if g were 1", "logsumexp", 0, given(lambda g: g * 0 + 1)),
    rule("upstream gradient squared", "softplus × g once more", "softplus", 0, given(lambda g: g * g),
         "nn.functional.softplus"),
    rule("upstream gradient squared", "gather × g once more", "gather", 0, given(lambda g: g * g)),
    rule("upstream gradient modified in place", "tanh doubles g afterwards", "tanh", 0, written_over),
    rule("upstream gradient modified in place", "mm doubles g between its two gradients", "mm", 0, written_over,
         "mm", "matmul"),
    rule("upstream gradient modified in place", "mean doubles g afterwards", "mean_all", 0, written_over, "mean"),
    # the tape
    mechanism("overwritten instead of accumulated", "the last gradient wins", "accumulation",
              instead(lambda held, arriving: arriving), steps=2),
    mechanism("overwritten instead of accumulated", "the first gradient wins", "accumulation",
              instead(lambda held, arriving: held), steps=2),
    mechanism("broadcasting not undone", "leading axis: the first slice", "broadcasting", first_of_leading, steps=2),
    mechanism("broadcasting not undone", "axis of size 1: the first slice", "broadcasting", first_of_size_one,
              steps=2),
    mechanism("broadcasting not undone", "0-dim operand: the mean", "broadcasting", mean_of_all, steps=2),
    mechanism("broadcasting not undone", "not undone at all", "broadcasting", instead(lambda g, shape: g), steps=2),
    # ties and kinks
    rule("wrong share at ties", "maximum: all to the first", "maximum", 0,
         instead(lambda g, input, other: g * (input >= other))),
    kernel("wrong share at ties", "amax: all to each", "ties",
           instead(lambda x, out, dims, nan: np.where(x == out, 1, np.inf).astype(x.dtype)),
           "amax", "amin", "max", "min"),
    kernel("wrong share at ties", "argmax: the last of equals", "argmax", last_of_equals),
    rule("outside the subgradient at a kink", "abs has slope 2 at 0", "abs", 0,
         lambda rule: lambda g, input: rule(g, input) + g * 2 * (input == 0)),
    rule("outside the subgradient at a kink", "clamp has slope 2 at its ends", "clamp_to_numbers", 0,
         lambda rule: lambda g, input, low, high: rule(g, input, low, high) * (
             1 + (input == low) * 1.0 + (input == high) * 1.0
         ), "clamp", "clamp_min", "clamp_max"),
    # smooth points that look singular, untaken branches, lost digits
    rule("nan at a smooth point", "x**n as n·xⁿ/x", "pow", 0,
         instead(lambda input, other: input**other * other / input), "pow"),
    rule("nan at a smooth point", "the product's gradient as out/x", "prod_all", 0,
         instead(lambda g, input, out, input_shape: g * out / input), "prod"),
    rule("overflow in an untaken branch", "softplus as e/(1 + e)", "softplus", 0,
         instead(lambda g, input, beta, threshold: g * (2.718281828459045 ** (input * beta))
                 / (1 + 2.718281828459045 ** (input * beta))), "nn.functional.softplus"),
    rule("overflow in an untaken branch", "where multiplies by its mask", "where", 1,
         instead(lambda g, condition: g * condition), "where", "renorm"),
    kernel("overflow in an untaken branch", "logsumexp without its shift", "logsumexp", floating(unshifted)),
    kernel("overflow in an untaken branch", "softmax without its shift", "softmax", floating(softmax_unshifted),
           "softmax", "nn.functional.softmax"),
    kernel("cancellation", "log1p as log(1 + x)", "log1p", floating(lambda x: np.log(1 + x))),
    kernel("cancellation", "expm1 as exp(x) - 1", "expm1", floating(lambda x: np.exp(x) - 1)),
    kernel("cancellation", "var as E[x²] - E[x]²", "var", floating(var_by_squares)),
    kernel("cancellation", "sigmoid' as exp(-x) · s² of overflowing parts", "sigmoid",
           floating(lambda x: np.exp(x) / (1 + np.exp(x)))),
    # precision, dtype, shape
    kernel("lower precision", "sum of float64 in float32", "sum", through("float32", "float64")),
    kernel("lower precision", "mean of float32 in float16", "mean", through("float16", "float32")),
    rule("lower precision", "erf with 2/√π to eight digits", "erf", 0, times(1.1283792 / 1.1283791670955126)),
    rule("lower precision", "exp2 with ln 2 to four digits", "exp2", 0, times(0.6931 / 0.6931471805599453)),
    kernel("wrong dtype", "argmax answers in int32", "argmax", in_dtype("int32")),
    kernel("wrong dtype", "eq answers in float32", "eq", in_dtype("float32")),
    kernel("wrong dtype", "mean of float32 in float64", "mean", in_dtype("float64")),
    kernel("wrong shape", "amax ignores keepdim", "amax",
           lambda amax: lambda x, **params: amax(x, **{**params, "keepdim": False})),
    kernel("wrong shape", "mv gives a column", "mv", lambda mv: lambda a, b: mv(a, b)[..., None], "mv", "matmul"),
    # saved values, views
    mechanism("stale saved value", "what was written since is used all the same", "versions", nothing, "versions"),
    mechanism("stale saved value", "what is overwritten is not copied", "copies", nothing, "versions"),
    mechanism("view not linked to its base", "views know no base", "views", nothing, "views"),
    mechanism("view not linked to its base", "views are not told of writes", "staleness", nothing, "views"),
    kernel("view not linked to its base", "transpose copies", "transpose",
           lambda transpose: lambda x, **params: transpose(x, **params).copy(), "transpose", "swapaxes", "movedim"),
    # places
    kernel("repeated index loses duplicates", "gather's gradient", "gather_back",
           instead(lambda g, index, shape, dim: scattered(shape, index, g, dim)), "gather", "cummax", "cummin"),
    kernel("repeated index loses duplicates", "index_select's gradient", "select_back",
           instead(lambda g, index, shape, dim: selected(shape, index, g, dim)), "index_select"),
    rule("right only for squares", "mm: the second factor is not transposed", "mm", 0,
         instead(lambda g, mat2: g @ mat2), "mm", "matmul"),
    rule("right only for squares", "bmm: the first factor is not transposed", "bmm", 1,
         instead(lambda g, input: input @ g), "bmm", "matmul"),
    rule("inverse permutation", "permute goes on instead of back", "permute", 0,
         lambda rule: lambda g, dims: rule(g, tuple(int(i) for i in np.argsort(dims)))),
    rule("inverse permutation", "sort's gradient is sorted again", "sort", 0,
         lambda rule: lambda g, indices, input_shape, dim: rule(g, by_argsort(indices, dim), input_shape, dim)),
    # what is not there
    mechanism("missing None", "zeros for what no output depends on", "unreached", zeros, "unreached", steps=2),
    rule("missing None", "where has no second gradient", "where", 2, nothing),
    rule("second order dropped", "tanh's slope taken for a constant", "tanh", 0, of_constants),
    rule("second order dropped", "mm's factors taken for constants", "mm", 0, of_constants, "mm", "matmul"),
    rule("second order dropped", "softmax's whole gradient taken for a constant", "softmax", 0, constant,
         "softmax", "nn.functional.softmax"),
    mechanism("error not raised", "a leaf that requires grad is written", "writing", nothing, "writing"),
)  # fmt: skip


def by_argsort(indices: Any, dim: int) -> Any:
    """The inverse permutation along a dimension, of an array or of a tensor."""
    return indices.argsort(dim) if len(indices.shape) else indices
