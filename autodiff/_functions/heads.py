"""Attention of several heads between linear maps, with torch's signature (Vaswani et al., 2017); knows no module."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._functions.activation import softmax_function
from autodiff._functions.attention import scaled_dot_product_attention
from autodiff._functions.dropout import functional_dropout
from autodiff._functions.joining import cat
from autodiff._functions.matmul import linear
from autodiff._functions.resampling import pad

_UNCAUSED = (
    "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
    "`generate_square_subsequent_mask` to create this mask."
)


@function("nn.functional")
def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Any, Any]:
    """softmax(q kᵀ / √d) v of each head, mapped in and out: `(L, N, E)` or `(L, E)`, and the weights or None.

    A boolean mask is true where nothing is seen. `is_causal` only says what `attn_mask` is: the mask counts where
    weights or a padding are asked for. Raises AssertionError for a width that is not `embed_dim_to_check`.
    """
    alone = _unbatched(query, key, value, key_padding_mask, attn_mask, num_heads)
    if alone:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, embed_dim = query.shape
    if is_causal and attn_mask is None:
        raise RuntimeError(_UNCAUSED)
    hinted = is_causal and key_padding_mask is None and not need_weights
    mask = None if hinted else _additive(attn_mask, query.dtype)
    padding = _additive(key_padding_mask, query.dtype)
    if embed_dim != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed_dim}")
    width = embed_dim // num_heads
    if width * num_heads != embed_dim:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        for name, weight in zip("qkv", weights):
            if weight is None:
                raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
    else:
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        weights = in_proj_weight.chunk(3)
    biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
    q, k, v = (linear(t, w, b) for t, w, b in zip((query, key, value), weights, biases))
    mask = _shaped(mask, batch * num_heads, length, key.shape[0])
    more = 0
    if bias_k is not None and bias_v is not None:
        k, v = (cat([t, b.repeat(1, batch, 1)]) for t, b in ((k, bias_k), (v, bias_v)))
        more += 1
    q, k, v = (
        _heads(t, fixed, batch * num_heads, width, name)
        for t, fixed, name in ((q, None, ""), (k, static_k, "static_k"), (v, static_v, "static_v"))
    )
    if add_zero_attn:
        zeros = k.new_zeros((batch * num_heads, 1, width))
        k, v = cat([k, zeros], dim=1), cat([v, zeros], dim=1)
        more += 1
    if more:
        mask = None if mask is None else pad(mask, (0, more))
        padding = None if padding is None else pad(padding, (0, more))
    seen = k.shape[1]
    if padding is not None:
        if padding.shape != (batch, seen):
            raise AssertionError(f"expecting key_padding_mask shape of {(batch, seen)}, but got {padding.shape}")
        spread = padding.view(batch, 1, 1, seen).expand(-1, num_heads, -1, -1).reshape(batch * num_heads, 1, seen)
        mask = spread if mask is None else mask + spread
    share = dropout_p if training else 0.0
    shown = None
    if need_weights:
        scores = (q * math.sqrt(1.0 / width)).bmm(k.transpose(-2, -1))
        shown = softmax_function(scores if mask is None else scores + mask, dim=-1)
        shown = functional_dropout(shown, share) if share else shown
        out = shown.bmm(v)
        shown = shown.view(batch, num_heads, length, seen)
        shown = shown.mean(dim=1) if average_attn_weights else shown
    else:
        if mask is not None:
            mask = mask.unsqueeze(0) if mask.shape[0] == 1 else mask.view(batch, num_heads, -1, seen)
        q, k, v = (t.view(batch, num_heads, t.shape[1], width) for t in (q, k, v))
        found = scaled_dot_product_attention(q, k, v, mask, share, hinted)
        out = ops.reshape(found, (batch * num_heads, length, width))
    out = linear(out.transpose(0, 1).reshape(length, batch, embed_dim), out_proj_weight, out_proj_bias)
    if alone:
        return out.squeeze(1), None if shown is None else shown.squeeze(0)  # type: ignore[attr-defined]
    return out, shown


def _unbatched(query: Any, key: Any, value: Any, padding: Any, mask: Any, heads: int) -> bool:
    """Whether the sequences come without a batch. Raises AssertionError for shapes that do not go together."""
    n = query.dim()
    if n not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor")
    kind = "unbatched (2-D)" if n == 2 else "batched (3-D)"
    if key.dim() != n or value.dim() != n:
        raise AssertionError(
            f"For {kind} `query`, expected `key` and `value` to be {n}-D but found {key.dim()}-D and {value.dim()}-D "
            "tensors respectively"
        )
    if padding is not None and padding.dim() != n - 1:
        raise AssertionError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {n - 1}-D but found {padding.dim()}-D "
            "tensor instead"
        )
    if mask is not None and mask.dim() not in (2, 3):
        raise AssertionError(
            f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D tensor instead"
        )
    if n == 2 and mask is not None and mask.dim() == 3:
        wanted = (heads, query.shape[0], key.shape[0])
        if mask.shape != wanted:
            raise AssertionError(f"Expected `attn_mask` shape to be {wanted} but got {mask.shape}")
    return bool(n == 2)


def _shaped(mask: Any, heads: int, length: int, seen: int) -> Any:
    """A mask of three dimensions, for every head or all alike."""
    if mask is None:
        return None
    wanted = (length, seen) if mask.dim() == 2 else (heads, length, seen)
    if mask.shape != wanted:
        n = mask.dim()
        raise RuntimeError(f"The shape of the {n}D attn_mask is {mask.shape}, but should be {wanted}.")
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


def _heads(mapped: Any, fixed: Any, count: int, width: int, name: str) -> Any:
    """A sequence apart for each head of each sample; `fixed` in its stead where it is given."""
    if fixed is None:
        return mapped.reshape(mapped.shape[0], count, width).transpose(0, 1)
    for d, wanted in ((0, count), (2, width)):
        if fixed.shape[d] != wanted:
            raise AssertionError(f"expecting {name}.size({d}) of {wanted}, but got {fixed.shape[d]}")
    return fixed


def _additive(mask: Any, dtype: Any) -> Any:
    """A mask to be added: of booleans -inf where it is true."""
    if mask is None or mask.dtype.is_floating_point:
        return mask
    if mask.dtype != dtypes.bool_:
        raise AssertionError(f"only masks of bool or floating types are supported, not {mask.dtype}")
    return mask.new_zeros(mask.shape, dtype=dtype).masked_fill_(mask, -math.inf)
