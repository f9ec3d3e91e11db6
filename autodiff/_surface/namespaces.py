"""The public functions of each torch-like namespace, computed from the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff._core.dtypes import Default
from autodiff._core.promotion import foreign, plain
from autodiff._core.registry import FUNCTIONS, PRIMITIVES
from autodiff._core.tensor import Tensor, wrap
from autodiff._surface.given import checked
from autodiff._surface.methods import PUBLIC_KINDS, described
from autodiff._surface.out import Writing, with_out
from autodiff._surface.signatures import LateSignature


def names(namespace: str) -> dict[str, Callable[..., Any]]:
    """Name to public function for one namespace: "" is the root, "nn.functional", "linalg" ..."""
    found: dict[str, Callable[..., Any]] = {}
    for p in PRIMITIVES.values():
        for home in p.public if p.kind in PUBLIC_KINDS else ():
            space, _, name = home.rpartition(".")
            if space == namespace and home not in FUNCTIONS:
                public = pointwise(name, p)
                if "out" in p.spellings:
                    # torch's kernels that keep the dtype write no other.
                    exact = "same" in p.spellings or (p.kind == "pointwise" and not p.computes and len(p.inputs) == 1)
                    compares = f"_{p.name}_written" in PRIMITIVES
                    public = with_out(public, Writing(name, p.kind != "discrete", exact=exact, compares=compares))
                found[name] = public
    for f in FUNCTIONS.values():
        if namespace in f.namespaces and not f.short.startswith("_"):
            # torch's errors call linalg.det `linalg_det`.
            prefix = f"{namespace}_" if namespace in ("linalg", "special", "fft") else ""
            public = checked(prefix + f.short, f.public)
            if f.out:
                words = f.out.split() if isinstance(f.out, str) else ()
                writing = Writing(
                    f.short,
                    differentiable="discrete" not in words,
                    new="new" in words,
                    exact="same" in words,
                    alike="alike" in words,
                    refusal=TypeError if "joining" in words else RuntimeError,
                    counts=f.counts,
                )
                public = with_out(public, writing)
            for name in (f.short, *f.aliases):
                found[name] = public
    return dict(sorted(found.items()))


#: In-place methods that torch's root has as functions too.
_WRITING = """
    abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ as_strided_ asin_ asinh_ atan_ atanh_
    ceil_ clamp_ clamp_max_ clamp_min_ clip_ conj_physical_ cos_ cosh_ deg2rad_ detach_ erf_ erfc_ exp2_ exp_ expm1_
    fill_ fix_ floor_ frac_ gcd_ i0_ index_put_ lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_
    rad2deg_ reciprocal_ resize_as_ round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_ trunc_ xlogy_ zero_
"""


def in_place() -> dict[str, Callable[..., Tensor]]:
    """Name to function for the methods with a trailing underscore that the root has as functions: `neg_(x)`."""
    return {name: _of_a_tensor(name, getattr(Tensor, name)) for name in _WRITING.split()}


def _of_a_tensor(name: str, method: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method as a function, whose first argument is called `input` and must be a Tensor."""

    def public(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not isinstance(input, Tensor):
            raise TypeError(_not_a_tensor(name, input))
        return method(input, *args, **kwargs)

    public.__signature__ = LateSignature(method, _of_input)  # type: ignore[attr-defined]
    public.__name__ = public.__qualname__ = name
    public.__doc__ = f"`Tensor.{name}` as a function: writes into `input`, which it returns."
    return public


def _of_input(method: inspect.Signature) -> inspect.Signature:
    """A method's signature as a function's."""
    first, *rest = method.parameters.values()
    return inspect.Signature([first.replace(name="input"), *rest], return_annotation="Tensor")


def pointwise(name: str, p: Any) -> Callable[..., Any]:
    """The public function of a pointwise primitive: torch's check of its first argument, then the hot path."""
    op = p.op
    if len(p.inputs) == 1:

        def public(input: Tensor) -> Tensor:
            if not isinstance(input, Tensor):
                raise TypeError(_not_a_tensor(name, input))
            return op(input)  # type: ignore[no-any-return]

    else:

        def public(input: Tensor, other: Any) -> Tensor:  # type: ignore[misc]
            if not isinstance(input, Tensor) and not isinstance(other, Tensor):
                if p.numbers != "both" or foreign(input) or foreign(other):
                    raise TypeError(_not_a_tensor(name, input))
                input = wrap(np.asarray(input, Default.of_number(plain(input))))
            return op(input, other)  # type: ignore[no-any-return]

    if p.inputs[0] != "input":
        public = _renamed(public, p.inputs)
    public.__name__ = public.__qualname__ = name
    public.__doc__ = described(name, p)
    return public


def _renamed(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """The same function, its operands under other names."""
    usual = dict(zip(names, inspect.signature(function).parameters))

    def public(*given: Any, **named: Any) -> Tensor:
        if missing := [n for n in names[len(given) :] if n not in named]:
            listed = ", ".join(f'"{n}"' for n in missing)
            raise TypeError(f"{public.__name__}() missing {len(missing)} required positional arguments: {listed}")
        return function(*given, **{usual.get(n, n): x for n, x in named.items()})  # type: ignore[no-any-return]

    parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names]
    public.__signature__ = inspect.Signature(parameters, return_annotation="Tensor")  # type: ignore[attr-defined]
    return public


def _not_a_tensor(name: str, given: object) -> str:
    return f"{name}(): argument 'input' (position 1) must be Tensor, not {type(given).__name__}"
