"""torch.autograd.function: operators of one's own; loaded when asked for."""

from __future__ import annotations

from autodiff._core.custom import Function, FunctionCtx, once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
