"""Attention as torch's CPU computes it: one node, which it differentiates once."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general, unimplemented
from autodiff._core.registry import ops
from autodiff._kernels import attention


def _gradients(
    g: Any, query: Any, key: Any, value: Any, output: Any, exps: Any, sums: Any, scale: float
) -> tuple[Any, ...]:
    """torch saves the result, too, though nothing is made of it here."""
    return *ops.flash_attention_backward(g[0], query, key, value, exps, sums, scale=scale), None


general(
    "flash_attention",
    attention.attention,
    _gradients,
    inputs=("query", "key", "value", "attn_mask"),
    outputs=("output", "exps", "sums"),
    variadic=True,
    hooked=(3, 1),
    node="ScaledDotProductFlashAttentionForCpuBackward0",
)
unimplemented(
    "flash_attention_backward",
    attention.attention_backward,
    operator="_scaled_dot_product_flash_attention_for_cpu_backward",
    inputs="grad query key value exps sums",
    outputs="by_query by_key by_value",
)
