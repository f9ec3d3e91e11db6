"""A correct subject with other bits: torch, with many operators written as other operators.

Every formula is as stable as the one that it replaces; its derivatives are those of its own pieces.
"""

from __future__ import annotations

import math
from typing import Any

from parity.engines.decorators import Around


class Rewritten(Around):
    """torch in other words; what is not rewritten is torch's own."""

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self.name = "rewritten"
        # Other formulas lay their results out otherwise, so other reshapes copy.
        self.shares_memory = False
        self.rewrites = rewrites(engine.module)

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        rewrite = self.rewrites.get(op)
        if rewrite is None or spelling in ("inplace", "augmented", "out") or kwargs.get("dtype") is not None:
            return self.engine.call(op, args, kwargs, spelling)
        first = next((a for a in args if isinstance(a, self.engine.tensor_type)), None)
        rewritable = (self.module.float32, self.module.float64)
        if first is None or first.ndim == 0 or not first.numel() or first.dtype not in rewritable:
            return self.engine.call(op, args, kwargs, spelling)
        try:
            return rewrite(*args, **kwargs)
        except NotImplementedError:
            return self.engine.call(op, args, kwargs, spelling)


def rewrites(torch: Any) -> dict[str, Any]:
    def sigmoid(x: Any) -> Any:
        return torch.exp(-torch.nn.functional.softplus(-x, threshold=1e9))

    def sech(x: Any) -> Any:
        e = torch.exp(-torch.abs(x))
        return 2 * e / (1 + e * e)

    class Tanh(torch.autograd.Function):  # type: ignore[misc]
        """From expm1, with 1 / cosh² for its derivative: that of the formula itself cancels."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            e = torch.expm1(-2 * torch.abs(x))
            return torch.copysign(e / (e + 2), x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * sech(ctx.saved_tensors[0]) ** 2

    def div(x: Any, y: Any, rounding_mode: Any = None) -> Any:
        if rounding_mode is not None or not isinstance(y, torch.Tensor):
            raise NotImplementedError
        if y.dtype != x.dtype if isinstance(x, torch.Tensor) else True:
            raise NotImplementedError
        return x * (1 / y)

    def softmax(x: Any, dim: Any, dtype: Any = None, _stacklevel: Any = 3) -> Any:
        e = torch.exp(x - x.amax(dim, keepdim=True))
        return (e / e.sum(dim, keepdim=True)).contiguous()

    def log_softmax(x: Any, dim: Any, dtype: Any = None, _stacklevel: Any = 3) -> Any:
        shifted = x - x.amax(dim, keepdim=True).detach()
        return (shifted - torch.log(torch.exp(shifted).sum(dim, keepdim=True))).contiguous()

    def logsumexp(x: Any, dim: Any, keepdim: Any = False) -> Any:
        top = x.amax(dim, keepdim=True).detach()
        result = top + torch.log(torch.exp(x - top).sum(dim, keepdim=True))
        return result if keepdim else result.squeeze(dim)

    def mean(x: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
        if dim is None:
            return x.sum() * (1 / x.numel()) if x.numel() else x.mean()
        raise NotImplementedError

    def layer_norm(x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: Any = 1e-5) -> Any:
        dims = tuple(range(-len(shape), 0))
        centred = x - x.mean(dims, keepdim=True)
        result = centred / torch.sqrt((centred * centred).mean(dims, keepdim=True) + eps)
        result = result if weight is None else result * weight
        return (result if bias is None else result + bias).contiguous()

    def gelu(x: Any, approximate: Any = "none") -> Any:
        if approximate == "none":
            return x * torch.erfc(-x / math.sqrt(2)) / 2
        return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))

    def matmul(a: Any, b: Any, *_: Any) -> Any:
        if a.ndim != 2 or b.ndim != 2:
            raise NotImplementedError
        return (a[:, :, None] * b[None]).flip(1).sum(1)

    def mse_loss(a: Any, b: Any, reduction: Any = "mean", weight: Any = None, **_: Any) -> Any:
        if reduction != "mean" or weight is not None or a.shape != b.shape:
            raise NotImplementedError
        return (a - b).pow(2).sum() / a.numel()

    return {
        "exp": lambda x: torch.exp2(x * math.log2(math.e)),
        "log": lambda x: torch.log2(x) * math.log(2),
        "sqrt": lambda x: torch.pow(x, 0.5),
        "rsqrt": lambda x: 1 / torch.sqrt(x),
        "reciprocal": lambda x: torch.pow(x, -1.0),
        "square": lambda x: x * x,
        "sigmoid": sigmoid,
        "tanh": Tanh.apply,
        "div": div,
        "sinh": lambda x: (torch.expm1(x) - torch.expm1(-x)) / 2,
        "cosh": lambda x: (torch.exp(x) + torch.exp(-x)) / 2,
        "tan": lambda x: torch.sin(x) / torch.cos(x),
        "asin": lambda x: torch.atan2(x, torch.sqrt((1 - x) * (1 + x))),
        "acos": lambda x: torch.atan2(torch.sqrt((1 - x) * (1 + x)), x),
        "softmax": softmax,
        "nn.functional.softmax": softmax,
        "log_softmax": log_softmax,
        "nn.functional.log_softmax": log_softmax,
        "logsumexp": logsumexp,
        "mean": mean,
        "nn.functional.layer_norm": layer_norm,
        "nn.functional.gelu": gelu,
        "mm": matmul,
        "matmul": matmul,
        "nn.functional.mse_loss": mse_loss,
    }
