"""spectral_norm as it was first: a weight divided by its largest singular value before every forward."""

from __future__ import annotations

from typing import Any

from autodiff._core.modes import no_grad
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from autodiff.nn.parameter import Parameter

_TURNED = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)


def columns_first(module: Any) -> int:
    """The dimension of a module's weight that its outputs stand along."""
    return 1 if isinstance(module, _TURNED) else 0


def unit(vector: Tensor, eps: float) -> Tensor:
    """A vector divided by its norm, which counts as `eps` at least."""
    normalize = getattr(ops, "nn.functional.normalize")
    return normalize(vector, dim=0, eps=eps)  # type: ignore[no-any-return]


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """One row for each place along a dimension."""
    if dim != 0:
        weight = weight.permute(dim, *[d for d in range(weight.ndim) if d != dim])  # type: ignore[attr-defined]
    return weight.reshape(weight.shape[0], -1)  # type: ignore[attr-defined,no-any-return]


class SpectralNorm:
    """A pre-forward hook that sets a module's weight anew; in training it brings its singular vectors nearer first."""

    _version = 1

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.dim, self.n_power_iterations, self.eps = name, dim, n_power_iterations, eps

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Tensor:
        """The weight over its largest singular value, as the module's vectors have it."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(unit(matrix.t() @ u, self.eps))  # type: ignore[attr-defined]
                    u.copy_(unit(matrix @ v, self.eps))  # type: ignore[operator]
                u, v = u.clone(), v.clone()
        return weight / ops.dot(u, ops.mv(matrix, v))  # type: ignore[no-any-return]

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Divide a parameter by its largest singular value before every forward; the module itself.

    Raises RuntimeError if the parameter is divided already.
    """
    if _hook(module, name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    hook = SpectralNorm(name, n_power_iterations, columns_first(module) if dim is None else dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    with no_grad():
        rows, columns = as_matrix(weight, hook.dim).shape
        u = unit(weight.new_empty(rows).normal_(0, 1), eps)
        v = unit(weight.new_empty(columns).normal_(0, 1), eps)
    del module._parameters[name]
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    module._register_state_dict_hook(_versioned(name))
    return module


def _versioned(name: str) -> Any:
    def hook(module: Any, state: Any, prefix: str, metadata: Any) -> None:
        told = metadata.setdefault("spectral_norm", {})
        if name + ".version" in told:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {name}.version")
        told[name + ".version"] = SpectralNorm._version

    return hook


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """The parameter as it was divided last. Raises ValueError if it was not."""
    found = _hook(module, name)
    if found is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    key, hook = found
    with no_grad():
        weight = hook.compute_weight(module, do_power_iteration=False)
    delattr(module, name)
    del module._buffers[name + "_u"], module._buffers[name + "_v"], module._parameters[name + "_orig"]
    module.register_parameter(name, Parameter(weight.detach()))
    del module._forward_pre_hooks[key]
    return module


def _hook(module: Any, name: str) -> tuple[int, SpectralNorm] | None:
    hooks = module._forward_pre_hooks.items()
    return next(((k, h) for k, h in hooks if isinstance(h, SpectralNorm) and h.name == name), None)
