"""autodiff: PyTorch's eager autograd on NumPy, under PyTorch's names."""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any as _Any

from autodiff import _functions, _primitives, autograd, linalg, nn, random, special  # noqa: F401
from autodiff._core.modes import (  # noqa: F401
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from autodiff._core.tensor import Tensor  # noqa: F401
from autodiff._functions.generator import Generator, default_generator  # noqa: F401
from autodiff._surface import attributes as _attributes
from autodiff._surface import constants as _constants
from autodiff._surface import methods as _methods
from autodiff._surface import namespaces as _namespaces
from autodiff._surface import operators as _operators

__version__ = "0.1.0"

_methods.attach()
_operators.attach()
_attributes.attach()
globals().update(_namespaces.names(""))
globals().update(_constants.names())


def __getattr__(name: str) -> _Any:
    """Pictures of graphs and the tools for operators of one's own are loaded when somebody asks for them."""
    if name in ("graph", "library"):
        return _import_module(f"autodiff.{name}")
    raise AttributeError(f"module 'autodiff' has no attribute {name!r}")
