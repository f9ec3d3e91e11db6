"""autodiff: PyTorch's eager autograd on NumPy, under PyTorch's names."""

from __future__ import annotations

from autodiff import _functions, _primitives, autograd  # noqa: F401
from autodiff._core.tensor import Tensor
from autodiff._surface import methods, namespaces, operators

methods.attach()
operators.attach()
from autodiff import linalg, nn, special  # noqa: E402, F401

globals().update(namespaces.names(""))
