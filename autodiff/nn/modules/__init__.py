"""torch.nn.modules: the classes, by family."""

from __future__ import annotations

from autodiff.nn.modules import (
    activation,
    adaptive,
    attention,
    batchnorm,  # noqa: F401
    container,
    conv,
    dropout,
    imaging,
    instancenorm,  # noqa: F401
    lazy,
    linear,
    loss,
    module,
    normalization,
    padding,
    pooling,
    rnn,
    shaping,
    utils,  # noqa: F401
)
from autodiff.nn.modules.loss import LinearCrossEntropyOptions  # noqa: F401
from autodiff.nn.modules.module import Module

_FAMILIES = (
    module,
    activation,
    adaptive,
    attention,
    container,
    conv,
    dropout,
    imaging,
    lazy,
    linear,
    loss,
    normalization,
    padding,
    pooling,
    rnn,
    shaping,
)

for _family in _FAMILIES:
    for _name, _value in vars(_family).items():
        if isinstance(_value, type) and issubclass(_value, Module) and not _name.startswith("_"):
            globals()[_name] = _value

__all__ = [name for name, value in globals().items() if isinstance(value, type) and issubclass(value, Module)]
