"""torch's operators in the words of NumPy and SciPy, for every library that has their names; knows no library.

`np` is the namespace like NumPy, `sp` the one like scipy.special.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from parity.engines.protocol import Unsupported
from parity.engines.tabled import Tabled

#: Functions of one tensor by torch's names; NumPy's where it is another.
_UNARY = (
    "abs ceil floor trunc sign sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh sinc "
    "square reciprocal deg2rad rad2deg isnan isinf isfinite isneginf isposinf signbit logical_not ravel fliplr flipud "
    "asin=arcsin acos=arccos atan=arctan asinh=arcsinh acosh=arccosh atanh=arctanh neg=negative t=transpose "
    "linalg.det linalg.inv inverse=linalg.inv det=linalg.det trace corrcoef argwhere"
)
_BINARY = (
    "maximum minimum fmax fmin atan2=arctan2 hypot logaddexp logaddexp2 copysign heaviside fmod remainder floor_divide "
    "float_power nextafter eq=equal ne=not_equal lt=less le=less_equal gt=greater ge=greater_equal logical_and "
    "logical_or logical_xor matmul mm=matmul bmm=matmul mv=matmul dot inner outer vdot kron isclose linalg.solve"
)
#: Reductions over `axis`.
_REDUCTIONS = "sum mean prod amax=max amin=min any all nansum nanmean"
_SPECIAL_UNARY = (
    "digamma=digamma erf=erf erfc=erfc erfinv=erfinv lgamma=gammaln logit=logit i0=i0 special.entr=entr "
    "special.i0e=i0e special.i1=i1 special.i1e=i1e special.expit=expit sigmoid=expit special.ndtr=ndtr "
    "special.ndtri=ndtri special.log_ndtr=log_ndtr special.bessel_j0=j0 special.bessel_j1=j1 special.bessel_y0=y0 "
    "special.bessel_y1=y1"
)
_SPECIAL_BINARY = "igamma=gammainc igammac=gammaincc xlogy=xlogy special.xlog1py=xlog1py special.zeta=zeta"

_ARITHMETIC = "sum mean prod nansum nanmean add sub mul div pow"
_LOGICAL = frozenset(["logical_not", "logical_and", "logical_or", "logical_xor", "isnan", "isinf", "isfinite"])

_OTHERS: Mapping[str, str] = {
    "add": "input, other, *, alpha=1: input + (other if alpha == 1 else alpha * other)",
    "sub": "input, other, *, alpha=1: input - (other if alpha == 1 else alpha * other)",
    "mul": "input, other: input * other",
    "div": "input, other: input / other",
    "pow": "input, exponent: input ** exponent",
    "rsqrt": "input: 1 / np.sqrt(input)",
    "lerp": "input, end, weight: input + weight * (end - input)",
    "addcmul": "input, tensor1, tensor2, *, value=1: input + value * tensor1 * tensor2",
    "addcdiv": "input, tensor1, tensor2, *, value=1: input + value * tensor1 / tensor2",
    "round": "input: np.round(input)",
    "where": "condition, input, other: np.where(condition, input, other)",
    "clamp": "input, *, min=None, max=None: np.clip(input, min, max)",
    "nan_to_num": "input: np.nan_to_num(input)",
    **{
        op: f"input, dim=None, *, correction=1, keepdim=False: "
        f"np.{op}(input, axis=dim, ddof=correction, keepdims=keepdim)"
        for op in ("std", "var")
    },
    "count_nonzero": "input, dim=None: np.count_nonzero(input, axis=dim)",
    "argmax": "input, dim=None, *, keepdim=False: np.argmax(input, axis=dim, keepdims=keepdim)",
    "argmin": "input, dim=None, *, keepdim=False: np.argmin(input, axis=dim, keepdims=keepdim)",
    "cumsum": "input, dim: np.cumsum(input, axis=dim)",
    "cumprod": "input, dim: np.cumprod(input, axis=dim)",
    "logsumexp": "input, dim, keepdim=False: sp.logsumexp(input, axis=dim, keepdims=keepdim)",
    "quantile": "input, q, dim=None, *, keepdim=False: np.quantile(input, q, axis=dim, keepdims=keepdim)",
    "reshape": "input, shape: np.reshape(input, shape)",
    "transpose": "input, dim0, dim1: np.swapaxes(input, dim0, dim1)",
    "swapaxes": "input, axis0, axis1: np.swapaxes(input, axis0, axis1)",
    "permute": "input, dims: np.transpose(input, dims)",
    "movedim": "input, source, destination: np.moveaxis(input, source, destination)",
    "squeeze": "input: np.squeeze(input)",
    "unsqueeze": "input, dim: np.expand_dims(input, dim)",
    "broadcast_to": "input, size: np.broadcast_to(input, size) if min(size, default=0) >= 0 else NotImplemented",
    "flip": "input, dims: np.flip(input, dims)",
    "roll": "input, shifts, dims: np.roll(input, shifts, dims)",
    "rot90": "input, k=1, dims=(0, 1): np.rot90(input, k, dims)",
    "tile": "input, dims: np.tile(input, dims)",
    "repeat_interleave": "input, repeats, dim=None: np.repeat(input, repeats, axis=dim)",
    "diag": "input, diagonal=0: np.diag(input, diagonal)",
    "diagonal": "input, offset=0, dim1=0, dim2=1: np.diagonal(input, offset, dim1, dim2)",
    "tril": "input, diagonal=0: np.tril(input, diagonal)",
    "triu": "input, diagonal=0: np.triu(input, diagonal)",
    "cat": "tensors, dim=0: np.concatenate(tensors, axis=dim)",
    "stack": "tensors, dim=0: np.stack(tensors, axis=dim)",
    **{op: f"tensors: np.{op}(tensors)" for op in ("hstack", "vstack", "dstack", "column_stack")},
    "tensor_split": "input, indices_or_sections, dim=0: np.array_split(input, indices_or_sections, axis=dim)",
    "select": "input, dim, index: np.take(input, index, axis=dim)",
    "take_along_dim": "input, indices, dim: np.take_along_axis(input, indices, axis=dim)",
    "index_select": "input, dim, index: np.take(input, index, axis=dim)",
    "take": "input, index: np.take(input, index)",
    "getitem": "input, index: input[index]",
    "msort": "input: np.sort(input, axis=0)",
    "diff": "input, n=1, dim=-1: np.diff(input, n, axis=dim)",
    "trapezoid": "y, *, dx=1, dim=-1: np.trapezoid(y, dx=dx, axis=dim)",
    "einsum": "equation, *operands: np.einsum(equation, *operands)",
    "tensordot": "a, b, dims=2: np.tensordot(a, b, dims)",
    "linalg.cross": "input, other, dim=-1: np.cross(input, other, axis=dim)",
    "linalg.slogdet": "A: np.linalg.slogdet(A)",
    "linalg.cholesky": "input: np.linalg.cholesky(input)",
    "linalg.matrix_power": "input, n: np.linalg.matrix_power(input, n)",
    "linalg.pinv": "input: np.linalg.pinv(input)",
    "linalg.eigvalsh": "input: np.linalg.eigvalsh(input)",
    "linalg.svdvals": "A: np.linalg.svd(A, compute_uv=False)",
    "linalg.vector_norm": "input, ord=2, dim=None, keepdim=False: "
    "np.linalg.norm(input if dim is not None else np.ravel(input), ord, axis=dim, keepdims=keepdim)",
    "polygamma": "n, input: sp.polygamma(n, input)",
    "special.polygamma": "n, input: sp.polygamma(n, input)",
    "mvlgamma": "input, p: sp.multigammaln(input, p)",
    "searchsorted": "sorted_sequence, input: np.searchsorted(sorted_sequence, input)",
}


def _named(names: str) -> Iterator[tuple[str, str]]:
    for name in names.split():
        op, _, other = name.partition("=")
        yield op, other or op


NUMPYLIKE: Mapping[str, str] = {
    **{op: f"input: np.{name}(input)" for op, name in _named(_UNARY)},
    **{op: f"input, other: np.{name}(input, other)" for op, name in _named(_BINARY)},
    **{
        op: f"input, dim=None, *, keepdim=False: np.{name}(input, axis=dim, keepdims=keepdim)"
        for op, name in _named(_REDUCTIONS)
    },
    **{op: f"input: sp.{name}(input)" for op, name in _named(_SPECIAL_UNARY)},
    **{op: f"input, other: sp.{name}(input, other)" for op, name in _named(_SPECIAL_BINARY)},
    **_OTHERS,
}

#: What each library makes of truth values and whole numbers in these is a promotion of its own.
_FLOATING = frozenset(
    op
    for op, _ in _named(f"{_UNARY} {_BINARY} {_SPECIAL_UNARY} {_SPECIAL_BINARY} {_ARITHMETIC}")
    if op not in {"t", "ravel", "fliplr", "flipud", "argwhere", "eq", "ne", "lt", "le", "gt", "ge"} | _LOGICAL
)
#: Parameters that name dimensions: torch lets a single number have one.
_DIMS = frozenset(["dim", "dims", "dim0", "dim1", "axis0", "axis1", "source", "destination"])


class NumpyManners(Tabled):
    """What sets every library like NumPy apart from torch: numbers have no dimension, lists are no tuples."""

    def perform(self, op: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], spelling: str) -> Any:
        if op in self.dialect.ops:
            given = self.dialect.row(op).signature.bind(*args, **kwargs).arguments
            if any(given.get(name) is not None for name in _DIMS) and getattr(args[0], "ndim", 1) == 0:
                raise Unsupported(f"{op} along a dimension of a number")
        if op in _FLOATING and any(_discrete(arg) for arg in args):
            raise Unsupported(f"{op} of other than floating numbers")
        exchange = np.asarray if op == "getitem" else tuple
        args = tuple([exchange(arg) if isinstance(arg, list) else arg for arg in args])
        return super().perform(op, args, kwargs, spelling)


def _discrete(value: Any) -> bool:
    return hasattr(value, "dtype") and np.dtype(value.dtype).kind in "biu"
