"""Activations as layers."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, needed, of

_PLAIN = "LogSigmoid Sigmoid Softsign Tanh Tanhshrink"
_INPLACE = "Hardswish Mish ReLU ReLU6 SELU SiLU"
_INSIDE = of(True)

# fmt: off
ROWS = [
    *(module(name, "N C H") for name in _PLAIN.split()),
    *(module(name, "N C H", inplace=_INSIDE) for name in _INPLACE.split()),
    module("Hardsigmoid", "N C H", inplace=_INSIDE,
           single={"gradient": "torch's slope is the float32 number next to 1/6"}),
    *(module(name, "N C H", alpha=of(0.5, 2.0), inplace=_INSIDE) for name in ("CELU", "ELU")),
    module("GELU", "N C", approximate=of("tanh", "none")),
    module("GLU", "2 4 6", dim=of(0, 1, -2)),
    *(module(name, "N C H", lambd=of(0.25, 1.0)) for name in ("Hardshrink", "Softshrink")),
    module("Hardtanh", "N C H", min_val=of(-0.5, -2.0), max_val=of(0.25, 1.5), inplace=_INSIDE),
    module("LeakyReLU", "N C H", negative_slope=of(0.3, -0.5), inplace=_INSIDE),
    module("RReLU", "N C H", lower=of(0.1), upper=of(0.5), inplace=_INSIDE),
    module("Softplus", "N C H", beta=of(2.0, 0.5), threshold=of(1.0)),
    module("Threshold", "N C H", threshold=needed(0.1, -0.5), value=needed(0.0, 20.0), inplace=_INSIDE),
    module("PReLU", "N num_parameters H", num_parameters=needed(1, 3), init=of(0.5)),
    *(module(name, "N C H", dim=of(1, 0, -1)) for name in ("LogSoftmax", "Softmax", "Softmin")),
    module("Softmax2d", "N? C H W"),
]
