"""Attention with torch's signature: a composition, which has every order of derivative."""

from __future__ import annotations

import math

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.dropout import functional_dropout
from autodiff._functions.matmul import C_NAMES
from autodiff._functions.rearranging import repeat_interleave


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool, dropout_p: float) -> None:
    q, k, v = query._array, key._array, value._array
    if not q.dtype is k.dtype is v.dtype:
        own = [C_NAMES[dtypes.title(x.dtype)] for x in (q, k, v)]
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {own[0]} key.dtype: {own[1]} "
            f"and value.dtype: {own[2]} instead."
        )
    if min(q.ndim, k.ndim, v.ndim) < 2:
        raise RuntimeError(
            f"Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {q.ndim} key.dim: "
            f"{k.ndim} and value.dim: {v.ndim} instead."
        )
    if mask is not None:
        m = mask._array
        if m.dtype.kind != "b" and m.dtype is not q.dtype and m.dtype.char != "f":
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                f"{C_NAMES[dtypes.title(m.dtype)]} and  query.dtype: {C_NAMES[dtypes.title(q.dtype)]} instead."
            )
        if is_causal:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p:g}")
    if q.dtype.kind != "f":
        if q.dtype.kind == "c":
            raise NotImplementedError(f"\"softmax_lastdim_kernel_impl\" not implemented for '{dtypes.title(q.dtype)}'")
        raise RuntimeError(f"expected scalar type Float but found {dtypes.title(q.dtype)}")


def _shares(scores: Tensor, mask: Tensor | None, is_causal: bool) -> Tensor:
    """Their softmax by rows; whatever leaves something out is added as -inf, and a row that sees nothing gives 0."""
    shape, dtype = scores._array.shape, scores._array.dtype
    dims = (len(shape) - 1,)
    if is_causal:
        mask = wrap(np.tri(*shape[-2:], dtype=bool))
    if mask is None:
        return ops.softmax(scores, dims=dims)  # type: ignore[no-any-return]
    try:
        np.broadcast_shapes(mask._array.shape, shape)
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(mask._array.shape, shape)) from None
    if mask._array.dtype.kind == "b":
        mask = ops.where(mask, 0.0, -math.inf)
    return ops.safe_softmax(ops.add(scores, ops.to(mask, dtype=dtype)), dims=dims)  # type: ignore[no-any-return]


def _attended(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool, dropout_p: float, scale: float
) -> Tensor:
    n = key._array.ndim
    # Half of the scale each, as torch: neither is saved as it came.
    half = math.sqrt(abs(scale))
    turned = ops.mul(ops.transpose(key, dim0=n - 2, dim1=n - 1), half)
    scores = ops.matmul(ops.mul(query, math.copysign(half, scale)), turned)
    shares = _shares(scores, mask, is_causal)
    if dropout_p > 0:
        shares = functional_dropout(shares, dropout_p)
    return ops.matmul(shares, value)  # type: ignore[no-any-return]


@function("nn.functional")
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query keyᵀ · scale + mask) value, along the last two dimensions; scale is 1/√(their width) by default.

    A boolean mask says what takes part, one of floats is added; a row that sees nothing gives zeros.
    `enable_gqa`: groups of query's heads share the heads of key and value.
    """
    _check(query, key, value, attn_mask, is_causal, dropout_p)
    q, k, v = (x._array.shape for x in (query, key, value))
    dense = all(x._array.strides[-1] == x._array.itemsize for x in (query, key, value))
    if enable_gqa:
        if len(q) < 3 or not k[-3] or q[-3] % k[-3] or q[-3] % v[-3]:
            raise RuntimeError("Number of heads in key and value must divide the number of heads in query")
        key = repeat_interleave(key, q[-3] // k[-3], len(k) - 3) if q[-3] != k[-3] else key
        value = repeat_interleave(value, q[-3] // v[-3], len(v) - 3) if q[-3] != v[-3] else value
        k, v = key._array.shape, value._array.shape
    by = 1 / math.sqrt(q[-1]) if scale is None and q[-1] else 1.0 if scale is None else scale
    fused = (
        len(q) == len(k) == len(v) == 4
        and q[:2] == k[:2] == v[:2]
        and q[-1] == k[-1] == v[-1]
        and k[2] == v[2]
        and not dropout_p
        and query._array.size
        and key._array.size
        and dense
        and (attn_mask is None or attn_mask._node is None)
    )
    if fused:
        return ops.flash_attention(query, key, value, attn_mask, is_causal=is_causal, scale=by)[0]  # type: ignore[no-any-return]
    return _attended(query, key, value, attn_mask, is_causal, dropout_p, by)
