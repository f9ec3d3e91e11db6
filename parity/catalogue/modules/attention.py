"""Attention, and what Transformers are made of."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import fed, module, needed, of
from parity.configuration import Part

_LAYER: dict[str, Any] = {
    "dim_feedforward": needed(5, 8), "dropout": needed(0.0, 0.3), "activation": of("gelu", "relu"),
    "layer_norm_eps": of(1e-3), "batch_first": of(True), "norm_first": of(True), "bias": of(False),
}  # fmt: skip
_SMALL = {"d_model": 4, "nhead": 2, "dim_feedforward": 5, "dropout": 0.0}
_ENCODER, _DECODER = Part("TransformerEncoderLayer", _SMALL), Part("TransformerDecoderLayer", _SMALL)
_NORM = Part("LayerNorm", {"normalized_shape": 4})

# fmt: off
ROWS = [
    # Length and batch are of one size, so that batch_first changes no shape.
    module("MultiheadAttention", "L L embed_dim", "S L keys", "S L values",
           fed("L L: causal", "attn_mask", optional=True), fed("L S: mask", "key_padding_mask", optional=True),
           embed_dim=needed(4, 6), num_heads=needed(2, 1), dropout=of(0.3), bias=of(False), add_bias_kv=of(True),
           add_zero_attn=of(True), kdim=of(3), vdim=of(5), batch_first=of(True),
           sizes={"keys": lambda s: s.get("kdim", s["embed_dim"]), "values": lambda s: s.get("vdim", s["embed_dim"])},
           ranges={"L": (3, 3), "S": (3, 3)}),
    module("TransformerEncoderLayer", "L N d_model", fed("L L: causal", "src_mask", optional=True),
           d_model=needed(4, 6), nhead=needed(2, 1), **_LAYER, ranges={"L": (3, 3), "N": (3, 3)}),
    module("TransformerDecoderLayer", "L N d_model", "S N d_model", fed("L L: causal", "tgt_mask", optional=True),
           d_model=needed(4, 6), nhead=needed(2, 1), **_LAYER, ranges={"L": (3, 3), "S": (3, 3), "N": (3, 3)}),
    module("TransformerEncoder", "L N 4", encoder_layer=needed(_ENCODER), num_layers=needed(1, 2), norm=of(_NORM),
           enable_nested_tensor=needed(False)),
    module("TransformerDecoder", "L N 4", "S N 4", decoder_layer=needed(_DECODER), num_layers=needed(1, 2),
           norm=of(_NORM)),
    module("Transformer", "L N d_model", "S N d_model", d_model=needed(4), nhead=needed(2),
           num_encoder_layers=needed(1), num_decoder_layers=needed(1), **_LAYER,
           ranges={"L": (3, 3), "S": (3, 3), "N": (3, 3)}),
]
