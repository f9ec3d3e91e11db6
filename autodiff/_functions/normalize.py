"""Normalisations with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import whole
from autodiff._core.function import function
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.norms import vector_norm
from autodiff._kernels.brain import BRAIN


def _tail(what: str, input: Tensor, normalized_shape: Any, **given: Tensor | None) -> tuple[int, ...]:
    """The dimensions that are normalised over, which input ends with, and which each parameter given has."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{what}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            + type(normalized_shape).__name__
        )
    tail = tuple([whole(n, "normalized_shape") for n in normalized_shape])
    shape = input._array.shape
    if not tail:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, x in given.items():
        if x is not None and x._array.shape != tail:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(x._array.shape)} and normalized_shape = {list(tail)}"
            )
    if shape[len(shape) - len(tail) :] != tail or len(shape) < len(tail):
        expected = "".join(f", {n}" for n in tail)
        raise RuntimeError(
            f"Given normalized_shape={list(tail)}, expected input with shape [*{expected}], but got input of "
            f"size{list(shape)}"
        )
    return tail


@function("nn.functional")
def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """input with mean 0 and variance 1 over its last dimensions, then times weight plus bias."""
    tail = _tail("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    shape, d = input._array.shape, input._array.dtype
    if weight is not None and weight._array.dtype is not d and d.kind != "f":
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if d.kind != "f":
        raise NotImplementedError(f"\"LayerNormKernelImpl\" not implemented for '{dtypes.title(d)}'")
    if (wide := widened(input, weight, bias)) is not None:
        return cast(layer_norm(wide, normalized_shape, weight, bias, eps), d)
    if any(x is not None and x._array.dtype is not d for x in (weight, bias)):
        wanted = "Float" if d.itemsize <= 4 else dtypes.title(d)
        raise RuntimeError(f"mixed dtype (CPU): expect parameter to have scalar type of {wanted}")
    dims = tuple(range(len(shape) - len(tail), len(shape)))
    return ops.layer_norm(input, weight, bias, dims=dims, eps=eps)  # type: ignore[no-any-return]


@function("", name="layer_norm", method=False)
def root_layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:
    """`nn.functional.layer_norm`; `cudnn_enable` chooses a kernel of a GPU's."""
    return layer_norm(input, normalized_shape, weight, bias, eps)  # type: ignore[no-any-return]


def widened(input: Tensor, *parameters: Tensor | None) -> Tensor | None:
    """Half-precision input in the float32 of the parameters that it is normalized with; None for any other."""
    single, d = np.dtype(np.float32), input._array.dtype
    given = [x._array.dtype for x in parameters if x is not None]
    if (d.char == "e" or d is BRAIN) and given and all(x is single for x in given):
        return cast(input, single)
    return None


@function("nn.functional")
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """input over its p-norm along dimensions, which counts as at least eps."""
    norm = ops.clamp(vector_norm(input, float(p), dim, True), min=eps)
    result = ops.div(input, ops.expand(norm, shape=input._array.shape))
    if out is None:
        return result  # type: ignore[no-any-return]
    return ops.div(input, norm, out=out)  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """input over the root of its mean square over the last dimensions, then times weight."""
    tail = _tail("rms_norm", input, normalized_shape, weight=weight)
    d = input._array.dtype
    if d.kind not in "fc":
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{dtypes.title(d)}'")
    wide = np.dtype(np.float32) if d.char == "e" else d
    x = cast(input, wide)
    ndim = len(input._array.shape)
    mean = ops.mean(ops.square(x), dims=tuple(range(ndim - len(tail), ndim)), keepdim=True)
    result = ops.mul(x, ops.rsqrt(ops.add(mean, float(np.finfo(wide).eps) if eps is None else eps)))
    if not result._array.flags.c_contiguous:
        result = ops.contiguous(result)
    return cast(result if weight is None else ops.mul(result, weight), d)
