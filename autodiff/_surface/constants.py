"""What the root namespace holds besides functions: dtypes, Size, device, numbers."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core import dtypes, geometry
from autodiff._core.geometry import Size, device
from autodiff._core.limits import finfo, iinfo
from autodiff._surface import legacy, removed, sizes, sparse, switches
from autodiff._surface.printing import set_printoptions


def names() -> dict[str, Any]:
    """Name to constant, dtypes under their aliases too."""
    found: dict[str, Any] = {d.name: d for d in dtypes.DTYPES}
    found |= {d.alias: d for d in dtypes.DTYPES if d.alias}
    found["bfloat16"] = dtypes.bfloat16
    found |= {"dtype": dtypes.dtype, "Size": Size, "device": device, "finfo": finfo, "iinfo": iinfo}
    found |= {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "newaxis": None}
    found |= {name: getattr(geometry, name) for name in ("layout", "memory_format", "strided", "sparse_coo")}
    found |= {name: getattr(geometry, name) for name in ("preserve_format", "contiguous_format")}
    found |= {name: getattr(geometry, name) for name in ("channels_last", "channels_last_3d")}
    found |= legacy.types() | switches.SWITCHES | sparse.names() | sizes.SIZES | removed.REMOVED
    found |= dict.fromkeys(("has_lapack", "has_mkl", "has_openmp", "has_spectral"), True)
    found |= {"set_printoptions": set_printoptions, "set_default_tensor_type": legacy.set_default_tensor_type}
    return found
