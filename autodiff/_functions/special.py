"""Special functions whose signature is more than their operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


def _floats(name: str, input: Tensor) -> Tensor:
    """The tensor as real floating point. Raises NotImplementedError for complex ones."""
    d = input._array.dtype
    if d.kind == "c":
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(d)}'")
    return cast(input, dtypes.floating(d))


@function("", "special", inplace=True, out=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)); `eps` keeps x between eps and 1 - eps."""
    if eps is not None and not isinstance(eps, (int, float)):
        raise TypeError(f"logit(): argument 'eps' (position 2) must be float, not {type(eps).__name__}")
    return ops.logit(_floats("logit_cpu", input), eps=None if eps is None or eps < 0 else float(eps))  # type: ignore[no-any-return]


@function("special", out=True)
def ndtr(input: Tensor) -> Tensor:
    """The normal distribution's function. torch keeps a product of the input, so the input may be written after."""
    x = _floats("erf_vml_cpu", input)
    return ops._ndtr(ops.clone(x) if x.requires_grad else x)  # type: ignore[no-any-return]


def _whole(name: str, parameter: str, position: int, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(
            f"{name}(): argument '{parameter}' (position {position}) must be int, not {type(value).__name__}"
        )
    return int(value)


def _polygamma(n: Any, input: Tensor) -> Tensor:
    n = _whole("polygamma", "n", 1, n)
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return ops.polygamma_of(_floats("polygamma", input), n=n)  # type: ignore[no-any-return]


@function("", "special", method=False, out=True)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The nth derivative of digamma."""
    return _polygamma(n, input)


@function("Tensor", name="polygamma", method=True, inplace=True)
def polygamma_method(self: Tensor, n: int) -> Tensor:
    """The nth derivative of digamma."""
    return _polygamma(n, self)


@function(inplace=True, out=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p."""
    return _multivariate("mvlgamma", input, p)


@function("special", out=True)
def multigammaln(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p."""
    return _multivariate("special_multigammaln", input, p)


def _multivariate(name: str, input: Tensor, p: int) -> Tensor:
    p = _whole(name, "p", 2, p)
    if input._array.dtype.kind == "b":
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return ops.mvlgamma(_floats("arange_cpu", input), p=p)  # type: ignore[no-any-return]


def _incomplete(name: str, input: Tensor, other: Tensor) -> Tensor:
    for place, (parameter, x) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{name}(): argument '{parameter}' (position {place}) must be Tensor, not {type(x).__name__}"
            )
    d = dtypes.result_type((input._array, other._array))
    if d.kind != "f":
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{dtypes.title(d)}'")
    return getattr(ops, "_" + name)(cast(input, d), cast(other, d))  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """The lower incomplete gamma function of `other` over gamma(input)."""
    return _incomplete("igamma", input, other)


@function(inplace=True, out=True)
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """The upper incomplete gamma function of `other` over gamma(input)."""
    return _incomplete("igammac", input, other)


@function("special", out=True)
def gammainc(input: Tensor, other: Tensor) -> Tensor:
    """The lower incomplete gamma function of `other` over gamma(input)."""
    return _incomplete("igamma", input, other)


@function("special", out=True)
def gammaincc(input: Tensor, other: Tensor) -> Tensor:
    """The upper incomplete gamma function of `other` over gamma(input)."""
    return _incomplete("igammac", input, other)
