"""Normalisations with torch's signatures."""

from __future__ import annotations

from typing import Any

from autodiff._core import dtypes
from autodiff._core.arguments import whole
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


@function("nn.functional")
def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """input with mean 0 and variance 1 over its last dimensions, then times weight plus bias."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            "layer_norm(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            + type(normalized_shape).__name__
        )
    tail = tuple([whole(n, "normalized_shape") for n in normalized_shape])
    shape, d = input._array.shape, input._array.dtype
    if not tail:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, x in (("weight", weight), ("bias", bias)):
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
    if d.kind != "f":
        raise NotImplementedError(f"\"LayerNormKernelImpl\" not implemented for '{dtypes.title(d)}'")
    if any(x is not None and x._array.dtype is not d for x in (weight, bias)):
        raise RuntimeError(f"mixed dtype (CPU): expect parameter to have scalar type of {dtypes.title(d)}")
    dims = tuple(range(len(shape) - len(tail), len(shape)))
    return ops.layer_norm(input, weight, bias, dims=dims, eps=eps)  # type: ignore[no-any-return]
