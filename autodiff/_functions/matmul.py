"""Products of matrices and vectors with torch's signatures and its checks of shapes."""

from __future__ import annotations

import math

import numpy as np

from autodiff._core import arguments, dtypes, errors
from autodiff._core.function import function
from autodiff._core.inplace import reshape_in_place
from autodiff._core.modes import state
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.conversion import contiguous
from autodiff._functions.shape import reshaped

#: What C++ calls the dtypes, by torch's names.
C_NAMES = {
    "Float": "float", "Double": "double", "Long": "long int", "Int": "int", "Short": "short int", "Char": "signed char",
    "Byte": "unsigned char", "Half": "c10::Half", "BFloat16": "c10::BFloat16", "Bool": "bool",
    "ComplexFloat": "c10::complex<float>", "ComplexDouble": "c10::complex<double>",
}  # fmt: skip


def _check_dtypes(x: Tensor, y: Tensor, kernel: str = "addmm_impl_cpu_") -> None:
    a, b = x._array.dtype, y._array.dtype
    if a is not b and (kernel != "bmm" or a.kind != "b"):
        if kernel != "addmm_impl_cpu_":
            raise RuntimeError(f"expected scalar type {dtypes.title(a)} but found {dtypes.title(b)}")
        names = (C_NAMES[dtypes.title(d)] for d in (a, b))
        raise RuntimeError("expected m1 and m2 to have the same dtype, but got: {} != {}".format(*names))
    if a.kind == "b":
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


def _times(x: tuple[int, ...], y: tuple[int, ...]) -> str:
    return f"({x[0]}x{x[1]} and {y[0]}x{y[1]})"


@function(out="same")
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    a, b = input._array.shape, mat2._array.shape
    if len(a) != 2:
        raise RuntimeError("self must be a matrix")
    if len(b) != 2:
        raise RuntimeError("mat2 must be a matrix")
    if a[1] != b[0]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied {_times(a, b)}")
    _check_dtypes(input, mat2)
    return ops.mm(input, mat2)  # type: ignore[no-any-return]


@function(out="same")
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Products of the matrices of two batches, which do not broadcast."""
    a, b = input._array.shape, mat2._array.shape
    for place, shape in (("1", a), ("2", b)):
        if len(shape) != 3:
            raise RuntimeError(f"batch{place} must be a 3D tensor")
    if a[0] != b[0] or a[2] != b[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a[0]}, {a[2]}] "
            f"but got: [{b[0]}, {b[1]}]."
        )
    _check_dtypes(input, mat2, "bmm")
    return ops.bmm(input, mat2)  # type: ignore[no-any-return]


@function(out="same")
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector."""
    a, b = input._array.shape, vec._array.shape
    if len(a) != 2 or len(b) != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {len(a)}, {len(b)}")
    if a[1] != b[0]:
        raise RuntimeError(f"size mismatch, got input ({a[0]}), mat ({a[0]}x{a[1]}), vec ({b[0]})")
    _check_dtypes(input, vec, "addmv_impl_cpu")
    return ops.mv(input, vec)  # type: ignore[no-any-return]


@function(out="same")
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements, without conjugation."""
    _check_vectors(input, tensor)
    return ops.dot(input, tensor)  # type: ignore[no-any-return]


def _check_vectors(input: Tensor, tensor: Tensor) -> None:
    """Raise unless both are vectors of one length and one dtype."""
    a, b = input._array.shape, tensor._array.shape
    if len(a) != 1 or len(b) != 1:
        raise RuntimeError(f"1D tensors expected, but got {len(a)}D and {len(b)}D tensors")
    if a != b:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same number of elements, "
            f"but got {a[0]} and {b[0]} elements respectively"
        )
    if input._array.dtype is not tensor._array.dtype:
        d, e = (dtypes.title(x._array.dtype) for x in (input, tensor))
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {d} and {e}")
    if input._array.dtype.kind == "b":
        raise NotImplementedError("\"dot\" not implemented for 'Bool'")


@function(out=True, aliases=("ger",))
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of one vector with one of the other."""
    for name, x in (("self", input), ("vec2", vec2)):
        if x._array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x._array.ndim}-D")
    return ops.mul(ops.view(input, shape=(input._array.size, 1)), vec2)  # type: ignore[no-any-return]


def _counts(input: Tensor, other: Tensor) -> int:
    """How often torch counts the write into `out`: it squeezes what a vector times a matrix left there."""
    return 2 if (input._array.ndim, other._array.ndim) == (1, 2) and not state.inference else 1


@function("", "linalg", out="same", counts=_counts)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product by the number of dimensions: vectors, matrices, or batches of matrices, which broadcast."""
    if not isinstance(input, Tensor) or not isinstance(other, Tensor):
        bad, place = (
            (input, "'input' (position 1)") if not isinstance(input, Tensor) else (other, "'other' (position 2)")
        )
        raise TypeError(f"matmul(): argument {place} must be Tensor, not {type(bad).__name__}")
    x, y = input._array, other._array
    a, b = x.shape, y.shape
    m, n = len(a), len(b)
    if m == 2 and n == 2:
        if a[1] == b[0] and x.dtype is y.dtype and x.dtype.kind != "b":
            return ops.mm(input, other)  # type: ignore[no-any-return]
        return mm(input, other)  # type: ignore[no-any-return]
    if not m or not n:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {m}D and {n}D")
    if m == 1 and n == 1:
        return dot(input, other)  # type: ignore[no-any-return]
    if m == 2 and n == 1:
        return mv(input, other)  # type: ignore[no-any-return]
    if m == 1 and n == 2:
        row = mm(ops.unsqueeze(input, dim=0), other)
        return reshape_in_place(row, lambda product: ops.squeeze1(product, dims=(0,)))
    if _folds(input, other):
        return _folded(input, other)
    if m == n == 3 and a[0] != b[0]:
        # Where one batch is repeated, its gradient is better a product than a sum of products.
        if a[0] == 1 and input._node is not None:
            return matmul(ops.squeeze1(input, dims=(0,)), other)  # type: ignore[no-any-return]
        if b[0] == 1 and other._node is not None:
            return matmul(input, ops.squeeze1(other, dims=(0,)))  # type: ignore[no-any-return]
    return _batches(input, other)


def _folds(input: Tensor, other: Tensor) -> bool:
    """Whether batches times one matrix or vector (or the other way round) are one product of theirs, laid in rows.

    They are, though that takes a copy, where the one requires grad: its gradient is then made without a batch of it.
    """
    first = input._array.ndim >= other._array.ndim
    many, one = (input, other) if first else (other, input)
    if many._array.ndim < 3 or one._array.ndim > 2:
        return False
    if one._node is not None:
        return True
    if input._array.ndim == 2:
        return False
    x = many._array if first else many._array.swapaxes(-1, -2)
    return not x.size or all(x.strides[i] == x.strides[i + 1] * x.shape[i + 1] for i in range(x.ndim - 2))


def _folded(input: Tensor, other: Tensor) -> Tensor:
    turned = other._array.ndim > input._array.ndim
    many, one = (_turned(other), input) if turned else (input, other)
    if turned and one._array.ndim == 2:
        one = ops.t(one)
    shape = many._array.shape
    rows = reshaped(many, (math.prod(shape[:-1]), shape[-1]))
    if one._array.ndim == 1:
        return ops.unflattened(mv(rows, one), shape=shape[:-1])  # type: ignore[no-any-return]
    product: Tensor = ops.unflattened(mm(rows, one), shape=(*shape[:-1], one._array.shape[1]))
    return contiguous(_turned(product)) if turned else product  # type: ignore[no-any-return]


def _turned(x: Tensor) -> Tensor:
    return ops.transpose(x, dim0=x._array.ndim - 2, dim1=x._array.ndim - 1)  # type: ignore[no-any-return]


def _batches(input: Tensor, other: Tensor) -> Tensor:
    a, b = input._array.shape, other._array.shape
    vector = len(b) == 1
    n, k = (a[-2] if len(a) > 1 else 1), a[-1]
    inner = b[:1] if vector else b[-2:]
    try:
        lead = np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(a[:-2], b[:-2])) from None
    count = math.prod(lead)
    left = _spread(input, (*lead, n, k), (count, n, k))
    right = _spread(other, (*lead, *inner), (count, *inner))
    if vector:
        right = ops.unsqueeze(right, dim=2)
    product = bmm(left, right)
    if vector:
        product = ops.squeeze1(product, dims=(2,))
    shape = (*lead, *a[-2:-1], *b[-1:]) if len(b) > 1 else (*lead, *a[-2:-1])
    return ops.unflattened(product, shape=shape)  # type: ignore[no-any-return]


def _spread(x: Tensor, expanded: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    """A factor as one batch of matrices: always a view or a copy, which keeps its place should x be detached."""
    if x._array.shape != expanded:
        x = ops.expand(x, shape=expanded)
    if x._array.shape != shape:
        return reshaped(x, shape)
    return ops.view(x, shape=shape) if x._node is not None else x  # type: ignore[no-any-return]


@function(out="same")
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements, the first conjugated."""
    _check_vectors(input, other)
    return ops.vdot(input, other)  # type: ignore[no-any-return]


def expands(input: Tensor, room: tuple[int, ...]) -> None:
    """Raise unless the input expands to the product's shape."""
    shape = input._array.shape
    if len(shape) > len(room):
        raise RuntimeError(
            f"expand(torch.{dtypes.title(input._array.dtype)}Tensor{{{list(shape)}}}, size={list(room)}): the number "
            f"of sizes provided ({len(room)}) must be greater or equal to the number of dimensions in the tensor "
            f"({len(shape)})"
        )
    lead = len(room) - len(shape)
    for i, n in enumerate(shape):
        if n not in (1, room[i + lead]):
            raise RuntimeError(
                f"The expanded size of the tensor ({room[i + lead]}) must match the existing size ({n}) at "
                f"non-singleton dimension {i + lead}.  Target sizes: {list(room)}.  Tensor sizes: {list(shape)}"
            )


@function(out="same")
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products along both last dimensions; with a number, the product."""
    a, b = input._array.shape, other._array.shape
    if not a or not b:
        return ops.mul(input, other)  # type: ignore[no-any-return]
    if input._array.dtype is not other._array.dtype:
        raise RuntimeError("both inputs should have same dtype")
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    if a[-1] == 1:
        input = ops.clone(input)  # torch sums over its last dimension beforehand: what it keeps is no view
    input, other = (ops.permute(x, dims=tuple(range(x._array.ndim))) for x in (input, other))
    m, n, k = math.prod(a[:-1]), math.prod(b[:-1]), a[-1]
    if m == n == 1:
        product = dot(reshaped(input, (k,)), reshaped(other, (k,)))
    else:
        product = mm(reshaped(input, (m, k)), ops.t(reshaped(other, (n, k))))
    return ops.view(product, shape=(*a[:-1], *b[:-1]))  # type: ignore[no-any-return]


@function()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal; integers become int64."""
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input._array.ndim}")
    if input._array.dtype.kind == "b":
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    return ops.trace(input)  # type: ignore[no-any-return]


def _rowlike(bias: Tensor) -> bool:
    """Whether a bias goes into one product with the weight, however many dimensions the input has."""
    array = bias._array
    return array.ndim > 0 and array.size == array.shape[-1] and bool(array.flags.c_contiguous)


@function("nn.functional")
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias, row by row of however many dimensions."""
    a, b = input._array.shape, weight._array.shape
    if not a or not b:
        raise RuntimeError(f"both arguments to linear need to be at least 1D, but they are {len(a)}D and {len(b)}D")
    if len(b) == 1:
        if bias is None:
            return matmul(input, weight)  # type: ignore[no-any-return]
        if len(a) == 2:
            raise RuntimeError("mat2 must be a matrix, got 1-D tensor")
        return ops.add(matmul(input, weight), bias)  # type: ignore[no-any-return]
    if len(b) != 2 or a[-1] != b[1]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied {_times((math.prod(a[:-1]), a[-1]), b[::-1])}")
    _check_dtypes(input, weight)
    if bias is not None and len(a) != 2 and not (_rowlike(bias) and input._array.flags.c_contiguous):
        _check_dtypes(bias, weight)
        return ops.add(linear(input, weight), bias)  # type: ignore[no-any-return]
    rows = input if len(a) == 2 else reshaped(input, (math.prod(a[:-1]), a[-1]))
    if bias is None:
        out = ops.linear(rows, weight)
    else:
        _check_dtypes(bias, weight)
        expands(bias, (rows._array.shape[0], b[0]))
        out = ops.linear_with_bias(bias, rows, weight)
    if len(a) == 2:
        return out  # type: ignore[no-any-return]
    if bias is not None:
        return ops.view(out, shape=(*a[:-1], b[0]))  # type: ignore[no-any-return]
    if len(a) == 1:
        return reshape_in_place(out, lambda row: ops.squeeze1(row, dims=(0,)))
    return ops.unflattened(out, shape=(*a[:-1], b[0]))  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Each output a weight matrix between a row of input1 and one of input2, plus the bias."""
    a, b, w = (x._array for x in (input1, input2, weight))
    if not a.dtype == b.dtype == w.dtype:
        names = [dtypes.title(x.dtype).lower() for x in (a, b, w)]
        raise RuntimeError(
            "All tensors must have the same dtype, got input1: {}, input2: {}, weight: {}".format(*names)
        )
    if a.ndim != b.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {a.ndim} and {b.ndim}")
    for i, (m, n) in enumerate(zip(a.shape[:-1], b.shape[:-1])):
        if m != n:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {i}: got {m} and {n}")
    for number, x, place in ((1, a, 1), (2, b, 2)):
        if x.shape[-1] != w.shape[place]:
            raise RuntimeError(
                f"bilinear(): input{number} size does not match weight size: got {x.shape[-1]} but expected "
                f"{w.shape[place]}"
            )
    if bias is not None and bias._array.shape[:1] != w.shape[:1]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias._array.shape[0]} but expected {w.shape[0]}"
        )
    rows, columns = (
        reshaped(x, arguments.filled_in((-1, x._array.shape[-1]), x._array.size)) for x in (input1, input2)
    )
    result = ops.view(ops.trilinear(rows, weight, columns), shape=(*a.shape[:-1], w.shape[0]))
    return result if bias is None else ops.add(result, bias)  # type: ignore[no-any-return]
