"""Modules that hold others, or parameters."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, needed
from parity.configuration import Numbers, Part

_LINEAR = Part("Linear", {"in_features": 3, "out_features": 3})
_NORM = Part("BatchNorm1d", {"num_features": 3})
_DEEP = Part("Sequential", {"args": [_LINEAR, Part("Tanh", {})]})
_TABLE = {"weight": Numbers((2, 3)), "bias": Numbers((2,))}

# fmt: off
ROWS = [
    module("Sequential", "4 3", args=needed([_LINEAR], [_LINEAR, _NORM, _LINEAR], [_DEEP, _NORM], [_DEEP, _DEEP])),
    module("DataParallel", "4 3", module=needed(_LINEAR, _DEEP)),
    module("ModuleList", modules=needed([_LINEAR], [_LINEAR, _LINEAR, _LINEAR], [_DEEP, _NORM], [])),
    module("ModuleDict", modules=needed({"first": _LINEAR}, {"first": _LINEAR, "second": _NORM}, {"deep": _DEEP}, {})),
    module("ParameterList", values=needed([Numbers((2,))], [Numbers((2, 3)), Numbers((1,))], [])),
    module("ParameterDict", parameters=needed({"bias": Numbers((2,))}, _TABLE, {})),
]
