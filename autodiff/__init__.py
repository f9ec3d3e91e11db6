"""autodiff: PyTorch's eager autograd on NumPy, under PyTorch's names."""

from __future__ import annotations

from autodiff import _functions, _primitives, autograd, linalg, nn, special  # noqa: F401
from autodiff._core.modes import (  # noqa: F401
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from autodiff._core.tensor import Tensor  # noqa: F401
from autodiff._surface import attributes, constants, methods, namespaces, operators

methods.attach()
operators.attach()
attributes.attach()
globals().update(namespaces.names(""))
globals().update(constants.names())
