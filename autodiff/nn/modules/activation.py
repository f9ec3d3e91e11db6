"""Activations as modules."""

from __future__ import annotations

import warnings
from typing import Any

from autodiff._core.registry import ops
from autodiff.nn import functional
from autodiff.nn.modules.layer import Training, layer
from autodiff.nn.modules.module import Module
from autodiff.nn.parameter import Parameter

CELU = layer("CELU", "celu", "alpha ?inplace")
ELU = layer("ELU", "elu", "alpha ?inplace")
GELU = layer("GELU", "gelu", "approximate")
GLU = layer("GLU", "glu", "dim")
Hardshrink = layer("Hardshrink", "hardshrink", "!lambd")
Hardsigmoid = layer("Hardsigmoid", "hardsigmoid")
Hardswish = layer("Hardswish", "hardswish")
LeakyReLU = layer("LeakyReLU", "leaky_relu", "negative_slope ?inplace")
LogSigmoid = layer("LogSigmoid", "logsigmoid")
LogSoftmax = layer("LogSoftmax", "log_softmax", "dim", settings="dim")
Mish = layer("Mish", "mish", "?inplace")
ReLU = layer("ReLU", "relu", "?inplace")
RReLU = layer("RReLU", "rrelu", "lower upper ?inplace", base=Training)
SELU = layer("SELU", "selu", "?inplace")
Sigmoid = layer("Sigmoid", "sigmoid")
SiLU = layer("SiLU", "silu", "?inplace")
Softmax = layer("Softmax", "softmax", "dim", settings="dim")
Softmin = layer("Softmin", "softmin", "dim", settings="dim")
Softplus = layer("Softplus", "softplus", "beta threshold", settings="beta=1.0 threshold=20.0")
Softshrink = layer("Softshrink", "softshrink", "!lambd")
Softsign = layer("Softsign", "softsign")
Tanh = layer("Tanh", "tanh")
Tanhshrink = layer("Tanhshrink", "tanhshrink")
Threshold = layer("Threshold", "threshold", "threshold value ?inplace")


class Hardtanh(layer("Hardtanh", "hardtanh", "min_val max_val ?inplace")):  # type: ignore[misc]
    """The identity between two bounds. Raises AssertionError for bounds in the wrong order."""

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        for old, new, value in (("min_value", "min_val", min_value), ("max_value", "max_val", max_value)):
            if value is not None:
                warnings.warn(
                    f"keyword argument `{old}` is deprecated and rename to `{new}`", FutureWarning, stacklevel=2
                )
        min_val = min_val if min_value is None else min_value
        max_val = max_val if max_value is None else max_value
        super().__init__(min_val, max_val, inplace)
        if max_val <= min_val:
            raise AssertionError(f"max_val ({max_val}) must be greater than min_val ({min_val})")


class ReLU6(Hardtanh):
    """`nn.functional.relu6` as a module."""

    _shown = ("?inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Softmax2d(Module):
    """The softmax over the channels of every place of an image."""

    def forward(self, input: Any) -> Any:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return functional.softmax(input, -3)


class PReLU(Module):
    """max(0, x) + weight * min(0, x), one weight for all channels or one for each."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(ops.empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fill the weight with `init`."""
        self.weight.data.fill_(self.init)  # type: ignore[attr-defined]

    def forward(self, input: Any) -> Any:
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
