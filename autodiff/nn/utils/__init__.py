"""torch.nn.utils: gradients clipped, parameters as one vector, sequences of unequal lengths; weights of another form.

What stands on modules is loaded when asked for: modules stand on this.
"""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

from autodiff.nn.utils import rnn
from autodiff.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from autodiff.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm",
    "parameters_to_vector", "rnn", "vector_to_parameters",
]  # fmt: skip

#: What is loaded when first asked for: public name to the module below this one that has it, or is it. No module bears
#: the name of a function, which it would take from it once it is imported.
_LATER = {
    **dict.fromkeys(
        ("fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"), "fusion"
    ),
    "fusion": "fusion",
    "init": "init",
    "parametrizations": "parametrizations",
    "parametrize": "parametrize",
    "prune": "prune",
    "remove_spectral_norm": "spectra",
    "remove_weight_norm": "lengths",
    "skip_init": "init",
    "spectral_norm": "spectra",
    "stateless": "stateless",
    "weight_norm": "lengths",
}


def __getattr__(name: str) -> _Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _importlib.import_module(f"{__name__}.{_LATER[name]}")
    return module if name == _LATER[name] else getattr(module, name)
