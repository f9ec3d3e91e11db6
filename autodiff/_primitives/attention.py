"""Attention as torch's CPU computes it: one node, which it differentiates once."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import attention


def _no_second(g: Any) -> Any:
    raise RuntimeError("derivative for aten::_scaled_dot_product_flash_attention_for_cpu_backward is not implemented")


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
general(
    "flash_attention_backward",
    attention.attention_backward,
    *[_no_second] * 6,
    inputs=("grad", "query", "key", "value", "exps", "sums"),
    outputs=("by_query", "by_key", "by_value"),
    node="torch::autograd::NotImplemented",
)
