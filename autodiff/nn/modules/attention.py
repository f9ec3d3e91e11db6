"""Attention of several heads, and the transformer made of it (Vaswani et al., 2017)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from autodiff._core.registry import ops
from autodiff.nn import functional, init
from autodiff.nn.modules.container import ModuleList
from autodiff.nn.modules.dropout import Dropout
from autodiff.nn.modules.linear import Linear, optional
from autodiff.nn.modules.module import Module
from autodiff.nn.modules.normalization import LayerNorm
from autodiff.nn.parameter import Parameter


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear under the name that torch prints for the output of an attention."""


class MultiheadAttention(Module):
    """softmax(q kᵀ / √d) v for each head, between linear maps in and out; `(L, N, E)`, or batch first.

    Raises AssertionError for a width that the heads do not divide.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        super().__init__()
        of = {"device": device, "dtype": dtype}
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        apart = not self._qkv_same_embed_dim
        optional(self, "in_proj_weight", (3 * embed_dim, embed_dim), not apart, **of)
        for name, width in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            optional(self, f"{name}_proj_weight", (embed_dim, width), apart, **of)
        optional(self, "in_proj_bias", 3 * embed_dim, bias, **of)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **of)
        for name in ("bias_k", "bias_v"):
            if add_bias_kv:
                setattr(self, name, Parameter(ops.empty((1, 1, embed_dim), **of)))
            else:
                setattr(self, name, None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        names = ["in_proj_weight"] if self._qkv_same_embed_dim else [f"{n}_proj_weight" for n in "qkv"]
        for name in names:
            init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        turned = self.batch_first and query.dim() == 3
        if turned:
            query, key, value = (t.transpose(1, 0) for t in (query, key, value))
        apart: dict[str, Any] = {}
        if not self._qkv_same_embed_dim:
            names = [f"{n}_proj_weight" for n in "qkv"]
            apart = {"use_separate_proj_weight": True, **{name: getattr(self, name) for name in names}}
        out, weights = functional.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            self.training,
            key_padding_mask,
            need_weights,
            attn_mask,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
            **apart,
        )
        return (out.transpose(1, 0) if turned else out), weights


def _activation(given: Any) -> Callable[[Any], Any]:
    if callable(given):
        return given  # type: ignore[no-any-return]
    if given not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {given}")
    return getattr(functional, given)  # type: ignore[no-any-return]


class _Block(Module):
    """What encoder and decoder layers share: the feed-forward part, norms before or after."""

    def _set_up(
        self,
        d_model: int,
        feedforward: int,
        dropout: float,
        activation: Any,
        eps: float,
        norm_first: bool,
        bias: bool,
        norms: int,
        **of: Any,
    ) -> None:
        self.linear1 = Linear(d_model, feedforward, bias=bias, **of)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(feedforward, d_model, bias=bias, **of)
        self.norm_first = norm_first
        for n in range(1, norms + 1):
            setattr(self, f"norm{n}", LayerNorm(d_model, eps=eps, bias=bias, **of))
        for n in range(1, norms + 1):
            setattr(self, f"dropout{n}", Dropout(dropout))
        self.activation = _activation(activation)

    def _forward_part(self, x: Any, dropout: Any) -> Any:
        return dropout(self.linear2(self.dropout(self.activation(self.linear1(x)))))

    def _through(self, x: Any, norm: Any, part: Callable[[Any], Any]) -> Any:
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))


class TransformerEncoderLayer(_Block):
    """Attention of a sequence to itself, then a map of each place by itself, both beside a straight way."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        of = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **of)
        self._set_up(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias, 2, **of)

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        def attended(x: Any) -> Any:
            return self.dropout1(self.self_attn(x, x, x, src_key_padding_mask, False, src_mask)[0])

        x = self._through(src, self.norm1, attended)
        return self._through(x, self.norm2, lambda x: self._forward_part(x, self.dropout2))


class TransformerDecoderLayer(_Block):
    """As the encoder's, with attention to what an encoder made in between."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        of = {"device": device, "dtype": dtype}
        for name in ("self_attn", "multihead_attn"):
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **of))
        self._set_up(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias, 3, **of)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        def to_itself(x: Any) -> Any:
            return self.dropout1(self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask)[0])

        def to_memory(x: Any) -> Any:
            found = self.multihead_attn(x, memory, memory, memory_key_padding_mask, False, memory_mask)[0]
            return self.dropout2(found)

        x = self._through(tgt, self.norm1, to_itself)
        x = self._through(x, self.norm2, to_memory)
        return self._through(x, self.norm3, lambda x: self._forward_part(x, self.dropout3))


class _Stack(Module):
    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def _normed(self, x: Any) -> Any:
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """Encoder layers one after the other, copies of the one given."""

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask)
        return self._normed(src)


class TransformerDecoder(_Stack):
    """Decoder layers one after the other, copies of the one given."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(self, tgt: Any, memory: Any, *masks: Any, **named: Any) -> Any:
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, **named)
        return self._normed(tgt)


class Transformer(Module):
    """An encoder and a decoder that attends to what it made."""

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = functional.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        of = {"device": device, "dtype": dtype}
        shape = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def normed() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **of)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*shape, **of), num_encoder_layers, normed()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*shape, **of), num_decoder_layers, normed()
        )
        for p in self.parameters():
            if p.dim() > 1:
                init.xavier_uniform_(p)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
        """-inf above the diagonal, 0 elsewhere: each place sees those up to its own."""
        return ops.full((sz, sz), -math.inf, dtype=dtype, device=device).triu(diagonal=1)
