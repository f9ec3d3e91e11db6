"""weight_norm as it was first: a weight recomputed from its length and its direction before every forward."""

from __future__ import annotations

import warnings
from typing import Any

from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff.nn.modules.module import Module
from autodiff.nn.parameter import Parameter


def length(weight: Tensor, dim: int | None) -> Tensor:
    """The norms of the slices along a dimension, which are kept as dimensions; of all of it for None or -1."""
    if dim is None or dim == -1:
        return ops.norm(weight)  # type: ignore[no-any-return]
    others = tuple(d for d in range(weight.ndim) if d != dim % weight.ndim)
    return getattr(ops, "linalg.vector_norm")(weight, 2, others, True) if others else ops.abs(weight)  # type: ignore[no-any-return]


def recomposed(direction: Tensor, size: Tensor, dim: int | None) -> Tensor:
    """The weight of this direction and these lengths."""
    return direction * (size / length(direction, dim))  # type: ignore[operator]


class WeightNorm:
    """A pre-forward hook that sets a module's weight anew."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """The weight of the module's length and direction."""
        size, direction = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return recomposed(direction, size, self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Split a parameter in `name_g`, its lengths along `dim`, and `name_v`, its direction; the module itself.

    Deprecated, as torch's is. Raises RuntimeError if the parameter is split already.
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if _hook(module, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    del module._parameters[name]
    module.register_parameter(name + "_g", Parameter(length(weight, hook.dim).detach()))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """One parameter again. Raises ValueError if it was not split."""
    found = _hook(module, name)
    if found is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    key, hook = found
    weight = hook.compute_weight(module)
    delattr(module, name)
    del module._parameters[name + "_g"], module._parameters[name + "_v"]
    setattr(module, name, Parameter(weight.detach()))
    del module._forward_pre_hooks[key]
    return module


def _hook(module: Any, name: str) -> tuple[int, WeightNorm] | None:
    hooks = module._forward_pre_hooks.items()
    return next(((k, h) for k, h in hooks if isinstance(h, WeightNorm) and h.name == name), None)
