"""autodiff: PyTorch's eager autograd on NumPy, under PyTorch's names."""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

from autodiff import _functions, _primitives, autograd, version  # noqa: F401
from autodiff._core.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled  # noqa: F401
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
from autodiff.version import __version__  # noqa: F401

#: What is loaded when first asked for: public name to the module that has it, or is it.
_LATER = {
    "as_torch": "dropin", "compile": "compiler",
    **dict.fromkeys((
        "GradScaler", "autocast", "autocast_decrement_nesting", "autocast_increment_nesting", "clear_autocast_cache",
        "get_autocast_cpu_dtype", "get_autocast_dtype", "is_autocast_cache_enabled", "is_autocast_enabled",
        "set_autocast_cache_enabled", "set_autocast_dtype", "set_autocast_enabled",
    ), "amp"),
    **dict.fromkeys((
        "get_autocast_gpu_dtype", "is_autocast_cpu_enabled", "set_autocast_cpu_dtype", "set_autocast_cpu_enabled",
        "set_autocast_gpu_dtype",
    ), "amp.autocast_mode"),
    "AcceleratorError": "cuda", "OutOfMemoryError": "cuda",
    "load": "serialization", "save": "serialization", "to_dlpack": "utils.dlpack", "vmap": "func",
    **{name: name for name in (
        "accelerator", "amp", "backends", "compiler", "cpu", "cuda", "distributed", "distributions", "dropin", "fft",
        "func", "graph", "jit", "library", "linalg", "mps", "multiprocessing", "nn", "onnx", "optim", "random",
        "return_types", "serialization", "sparse", "special", "testing", "utils", "xpu",
    )},
}  # fmt: skip


def __getattr__(name: str) -> _Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _importlib.import_module(f"{__name__}.{_LATER[name]}")
    found = globals()[name] = module if name == _LATER[name] else getattr(module, name)
    return found


_methods.attach()
_operators.attach()
_attributes.attach()
globals().update(_namespaces.names("") | _namespaces.in_place())
globals().update(_constants.names())
