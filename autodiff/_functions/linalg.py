"""Determinants, powers, exponentials and products of matrices and vectors in torch.linalg, with torch's signatures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes, errors
from autodiff._core.function import function
from autodiff._core.matrices import (
    Tolerance,
    check_floating,
    check_kernel,
    check_matrix,
    check_same_dtype,
    check_square,
    tolerances,
)
from autodiff._core.promotion import guarded
from autodiff._core.registry import FUNCTIONS, ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.matmul import vdot
from autodiff._kernels import decompositions, lapack
from autodiff._kernels.flags import anyway

LinalgSlogdet = named("linalg_slogdet", "sign", "logabsdet")
Slogdet = named("slogdet", "sign", "logabsdet")

# -- determinants -------------------------------------------------------------------------------------------------


def _factors(name: str, A: Tensor, half: bool = True) -> tuple[Any, Any]:
    check_square(name, A)
    check_floating(name, A, half)
    check_kernel("lu_cpu", A)
    return lapack.lu(A._array)[:2]


@function("linalg", out="same")
def det(A: Tensor) -> Tensor:
    """The determinant; its gradient at a singular matrix is made of the cofactors."""
    return ops.det(A, *_factors("linalg.det", A))  # type: ignore[no-any-return]


@function("", name="det")
def root_det(input: Tensor) -> Tensor:
    """`linalg.det` under its old name."""
    return det(input)  # type: ignore[no-any-return]


@function("linalg", out=True)
def slogdet(A: Tensor) -> Any:
    """The determinant's sign (of complex matrices a number of size 1) and the logarithm of its size."""
    return LinalgSlogdet(*ops.slogdet(A, *_factors("linalg.slogdet", A, half=False)))


@function("", name="slogdet", out=True)
def root_slogdet(input: Tensor) -> Any:
    """`linalg.slogdet` under its old name."""
    return Slogdet(*slogdet(input))


@function("")
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant; nan where that is negative."""
    sign, size = ops.slogdet(input, *_factors("logdet", input, half=False))
    if input._array.dtype.kind == "c":
        return ops.log(sign) + size  # type: ignore[no-any-return]
    return ops.where(sign == -1, math.nan, size)  # type: ignore[no-any-return]


# -- functions of matrices ----------------------------------------------------------------------------------------


@function("linalg", out="same")
def matrix_power(input: Tensor, n: int) -> Tensor:
    """The product of `n` factors; of the inverse for a negative n."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    check_square("linalg.matrix_power", input)
    if n == 0:
        one = np.broadcast_to(decompositions.identity_like(input._array), input._array.shape)
        return ops.copy(ops.clone(input), wrap(one.copy()))  # type: ignore[no-any-return]
    if n == 1:
        return ops.contiguous(input)  # type: ignore[no-any-return]
    base = getattr(ops, "linalg.inv")(input) if n < 0 else input
    n = abs(n)
    if n == 3:
        return ops.matmul(ops.matmul(base, base), base)  # type: ignore[no-any-return]
    result: Tensor | None = None
    while True:
        if n % 2:
            result = base if result is None else ops.matmul(result, base)
        n //= 2
        if not n:
            assert result is not None
            return result
        base = ops.matmul(base, base)


@function("", name="matrix_power", out="same")
def root_matrix_power(input: Tensor, n: int) -> Tensor:
    """The product of `n` factors; of the inverse for a negative n."""
    return matrix_power(input, n)  # type: ignore[no-any-return]


@function("linalg", out=True)
def matrix_exp(input: Tensor) -> Tensor:
    """The sum of A**n / n!."""
    check_square("linalg.matrix_exp", input)
    check_floating("linalg.matrix_exp", input, half=True)
    return ops.matrix_exp(input)  # type: ignore[no-any-return]


@function("", name="matrix_exp")
def root_matrix_exp(input: Tensor) -> Tensor:
    """The sum of A**n / n!."""
    return matrix_exp(input)  # type: ignore[no-any-return]


@function("linalg", out="discrete")
def matrix_rank(
    input: Tensor,
    tol: Tolerance = None,
    hermitian: bool = False,
    *,
    atol: Tolerance = None,
    rtol: Tolerance = None,
) -> Tensor:
    """How many singular values are larger than max(atol, rtol · the largest); `tol` is absolute, and alone."""
    check_matrix("torch.linalg.matrix_rank", input, "input")
    d = input._array.dtype
    if d.kind not in "fc" or dtypes.is_half(d):
        raise RuntimeError("This function doesn't handle types other than float and double")
    absolute, relative = (tol, 0.0) if tol is not None else tolerances(input, atol, rtol)
    absolute = absolute._array if isinstance(absolute, Tensor) else absolute
    return wrap(anyway(decompositions.rank, input._array, absolute, relative, bool(hermitian)))


# -- products -----------------------------------------------------------------------------------------------------


@function("linalg")
def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0 to N - 1 of each element, along a new last dimension."""
    d = x._array.dtype
    if d.kind == "b" or dtypes.is_half(d):
        raise RuntimeError(
            f"linalg.vander supports floating point, complex, and integer tensors, but got {dtypes.title(d)}"
        )
    count = N if N is not None else x._array.shape[-1] if x._array.ndim else 1
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    ndim = x._array.ndim
    column = ops.unsqueeze(x, dim=ndim)
    powers = FUNCTIONS["cumprod"].public(ops.expand(column, shape=(*x._array.shape, count - 1)), ndim)
    return ops.cat(wrap(np.ones(column._array.shape, powers._array.dtype)), powers, dim=ndim)  # type: ignore[no-any-return]


@function("linalg", out="same")
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sum of conj(x) · y along a dimension."""
    check_floating("linalg.vecdot", x, half=True)
    check_same_dtype("linalg.vecdot", x, y, ("x", "y"))
    if x._array.ndim == y._array.ndim == 1:
        return vdot(x, y)  # whatever dim says
    # torch conjugates when it is read: to write to x is to write to what was saved.
    product = guarded(ops.conj(x), x) * y if x._array.dtype.kind == "c" else x * y
    place = arguments.dim(dim, product._array.ndim)
    return ops.sum(product, dims=(place,) if product._array.ndim else (), keepdim=False)  # type: ignore[no-any-return]


#: C++'s names of dtypes, by NumPy's letters, as one message has them.
_C_NAMES = {
    "e": "c10::Half", "f": "float", "d": "double", "F": "c10::complex<float>", "D": "c10::complex<double>",
    "l": "long int", "i": "int", "h": "short int", "b": "signed char", "B": "unsigned char", "?": "bool",
}  # fmt: skip


def _order(sizes: Sequence[int]) -> list[list[int]]:
    """Where to split each run of a product of matrices, so that it costs least (Cormen et al., 15.2).

    Of two ways that cost the same the first split is taken; of three matrices, as in torch, the last.
    """
    count = len(sizes) - 1
    first = -1 if count == 3 else 1
    cost = [[0] * count for _ in range(count)]
    split = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i][j], last = min(
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k * first) for k in range(i, j)
            )
            split[i][j] = last * first
    return split


def _multiplied(matrices: Sequence[Tensor], split: list[list[int]], i: int, j: int) -> Tensor:
    if i == j:
        return matrices[i]
    k = split[i][j]
    right = _multiplied(matrices, split, k + 1, j)  # torch's compiler takes the last argument first
    return ops.mm(_multiplied(matrices, split, i, k), right)  # type: ignore[no-any-return]


@function("linalg", out="same")
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices in the cheapest order; the ends may be vectors."""
    given = list(tensors)
    if len(given) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(given)}")
    row, column = given[0]._array.ndim == 1, given[-1]._array.ndim == 1
    shape: list[int] = []
    if row:
        given[0] = ops.unsqueeze(given[0], dim=0)
    elif given[0]._array.ndim == 2:
        shape.append(given[0]._array.shape[0])
    if column:
        given[-1] = ops.unsqueeze(given[-1], dim=1)
    elif given[-1]._array.ndim == 2:
        shape.append(given[-1]._array.shape[1])
    for i, x in enumerate(given):
        if x._array.ndim != 2:
            which = "the first and last" if i in (0, len(given) - 1) else "all"
            sort = "1D or 2D" if i in (0, len(given) - 1) else "2D"
            raise RuntimeError(f"multi_dot(): {which} tensors must be {sort} but got {x._array.ndim}D")
        if x._array.dtype != given[0]._array.dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{_C_NAMES[given[0]._array.dtype.char]} and tensor {i} {_C_NAMES[x._array.dtype.char]}"
            )
        if i and given[i - 1]._array.shape[1] != x._array.shape[0]:
            a, b = list(given[i - 1]._array.shape), list(x._array.shape)
            raise RuntimeError(f"multi_dot(): tensors {i - 1} and {i} with shapes {a} and {b} cannot be multiplied")
    sizes = [given[0]._array.shape[0], *(x._array.shape[1] for x in given)]
    product = _multiplied(given, _order(sizes), 0, len(given) - 1)
    return ops.view(product, shape=tuple(shape))  # type: ignore[no-any-return]


def _cross(name: str, input: Tensor, other: Tensor, dim: int) -> Tensor:
    a, b = input._array, other._array
    if a.ndim != b.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = arguments.dim(dim, a.ndim)
    if a.shape[d] != 3 or b.shape[d] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[d]} and {b.shape[d]}"
        )
    if a.dtype.kind == "b":
        raise NotImplementedError("\"cross\" not implemented for 'Bool'")
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(a.shape, b.shape)) from None
    if a.dtype is not b.dtype:
        raise RuntimeError(f"expected scalar type {dtypes.title(a.dtype)} but found {dtypes.title(b.dtype)}")
    return ops.cross(input, other, dim=d)  # type: ignore[no-any-return]


@function("linalg", out="same")
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product along a dimension of size 3."""
    return _cross("linalg.cross", input, other, dim)


@function("", name="cross", out="same")
def root_cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along a dimension of size 3, by default the first that there is."""
    if dim is None:
        three = [d for d, n in enumerate(input._array.shape) if n == 3]
        if not three:
            raise RuntimeError("no dimension of size 3 in input")
        dim = three[0]
    return _cross("cross", input, other, dim)


@function("linalg")
def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A view of the diagonals of the last two dimensions."""
    ndim = A._array.ndim
    return ops.diagonal(A, offset=offset, dim1=arguments.dim(dim1, ndim), dim2=arguments.dim(dim2, ndim))  # type: ignore[no-any-return]
