"""torch.onnx as far as programs ask whether they are being exported: never."""

from __future__ import annotations


def is_in_onnx_export() -> bool:
    """Whether the model is being exported: never."""
    return False
