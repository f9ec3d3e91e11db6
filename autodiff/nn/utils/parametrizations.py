"""Parametrizations that are well known: a weight by length and direction, of norm one, or orthogonal."""

from __future__ import annotations

from typing import Any

from autodiff._core.modes import no_grad
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff.nn.modules.module import Module
from autodiff.nn.utils.lengths import length, recomposed
from autodiff.nn.utils.parametrize import register_parametrization
from autodiff.nn.utils.spectra import as_matrix, columns_first, unit

_MAPS = ("matrix_exp", "cayley", "householder")


class _WeightNorm(Module):
    """A weight of its lengths along a dimension and its direction."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return recomposed(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return length(weight, self.dim), weight


def weight_norm(module: Any, name: str = "weight", dim: int = 0) -> Any:
    """Learn a weight's lengths along `dim` (`original0`) and its direction (`original1`) in its stead.

    A state_dict of `nn.utils.weight_norm` is taken too. Returns the module itself.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def renamed(state: dict[str, Any], prefix: str, *_: Any) -> None:
        old = [f"{prefix}{name}_{part}" for part in "gv"]
        if all(key in state for key in old):
            for i, key in enumerate(old):
                state[f"{prefix}parametrizations.{name}.original{i}"] = state.pop(key)

    module._register_load_state_dict_pre_hook(renamed)
    return module


class _SpectralNorm(Module):
    """A weight over its largest singular value, whose vectors, buffers, come nearer at each forward in training."""

    _u: Any
    _v: Any

    def __init__(self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            with no_grad():
                matrix = as_matrix(weight, self.dim)
                rows, columns = matrix.shape
                self.register_buffer("_u", unit(matrix.new_empty(rows).normal_(0, 1), eps))
                self.register_buffer("_v", unit(matrix.new_empty(columns).normal_(0, 1), eps))
                self._approach(matrix, 15)

    def _approach(self, matrix: Any, times: int) -> None:
        with no_grad():
            for _ in range(times):
                self._u.copy_(unit(matrix @ self._v, self.eps))
                self._v.copy_(unit(matrix.mH @ self._u, self.eps))

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return unit(weight, self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._approach(matrix, self.n_power_iterations)
        # What comes after may bring the vectors nearer before anybody goes backward.
        u, v = self._u.clone(), self._v.clone()
        return weight / ops.vdot(u, ops.mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Divide a weight by its largest singular value, found by power iteration; the module itself.

    Raises ValueError for a name that the module has no tensor of.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    dim = columns_first(module) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


class _Orthogonal(Module):
    """A matrix with orthonormal columns, or rows where it is wide, of any matrix of its shape."""

    base: Any

    def __init__(self, weight: Any, orthogonal_map: str, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Any) -> Any:
        wide = X.shape[-2] < X.shape[-1]
        x = X.mT if wide else X
        found = _reflections(x) if self.orthogonal_map == "householder" else _rotation(x, self.orthogonal_map)
        if "base" in self._buffers:
            found = self.base @ found
        return found.mT if wide else found

    def right_inverse(self, Q: Any) -> Any:
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        with no_grad():
            wide = Q.shape[-2] < Q.shape[-1]
            q = Q.mT if wide else Q
            n, k = q.shape[-2:]
            if "base" not in self._buffers:
                if self.orthogonal_map != "householder":
                    raise NotImplementedError(
                        "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                        "use_trivialization=False."
                    )
                factors, tau = ops.geqrf(q)
                diagonal = factors.diagonal(dim1=-2, dim2=-1)
                diagonal.sign_()
                diagonal[tau == 0.0] *= -1
                return factors.mT if wide else factors
            if n != k:
                noise = ops.randn(*q.shape[:-2], n, n - k, dtype=q.dtype)
                q = _orthogonalized(ops.cat(q, noise, dim=q.ndim - 1))
            else:
                q = q.clone() if _is_orthogonal(q) else _orthogonalized(q)
            self.base = q
            start = ops.zeros_like(Q)
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start


def _rotation(x: Any, kind: str) -> Any:
    """The exponential, or Cayley's map, of the part below the diagonal made skew."""
    n, k = x.shape[-2:]
    x = x.tril()
    if n != k:
        x = ops.cat(x, x.new_zeros(n, n - k).expand(*x.shape[:-2], -1, -1), dim=x.ndim - 1)
    skew = x - x.mH
    if kind == "matrix_exp":
        found = getattr(ops, "linalg.matrix_exp")(skew)
    else:
        eye = ops.eye(n, dtype=skew.dtype)
        found = getattr(ops, "linalg.solve")(eye - 0.5 * skew, eye + 0.5 * skew)
    return found if n == k else found[..., :k]


def _reflections(x: Any) -> Any:
    """The product of Householder's reflections below the diagonal, signed by the diagonal."""
    vectors = x.tril(diagonal=-1)
    tau = 2.0 / (1.0 + (vectors * vectors).sum(dim=-2))
    found = getattr(ops, "linalg.householder_product")(vectors, tau)
    return found * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)


def _orthogonalized(x: Any) -> Any:
    """Its factor Q, with the signs that make R's diagonal positive."""
    factors, tau = ops.geqrf(x)
    return getattr(ops, "linalg.householder_product")(factors, tau) * factors.diagonal(
        dim1=-2, dim2=-1
    ).sgn().unsqueeze(-2)


def _is_orthogonal(x: Any) -> bool:
    n, k = x.shape[-2:]
    eye = ops.eye(k, dtype=x.dtype)
    eps = 10.0 * n * {4: 2.0**-23, 8: 2.0**-52}[x.element_size() // (2 if x.is_complex() else 1)]
    return bool(ops.allclose(x.mH @ x, eye.expand(*x.shape[:-2], k, k), atol=eps))


def orthogonal(
    module: Any, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Any:
    """Keep a matrix orthogonal: its columns, or rows where it is wide, stay orthonormal; the module itself.

    `orthogonal_map`: "matrix_exp", "cayley" or "householder"; by default the first for square and complex matrices, the
    last for others. `use_trivialization`: learn what turns the matrix at hand, not the whole. Raises ValueError for a
    name without a tensor of two dimensions, and for another map.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]  # type: ignore[attr-defined]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"  # type: ignore[attr-defined]
    if orthogonal_map not in _MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)
