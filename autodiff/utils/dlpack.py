"""Memory handed to other libraries, and taken from them, by DLPack: NumPy does the handing."""

from __future__ import annotations

import enum
from typing import Any

from autodiff._core.tensor import Tensor
from autodiff._functions.values import from_dlpack

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]


class DLDeviceType(enum.IntEnum):
    """Where memory is, as DLPack numbers it."""

    kDLCPU = 1
    kDLCUDA = 2
    kDLCUDAHost = 3
    kDLOpenCL = 4
    kDLVulkan = 7
    kDLMetal = 8
    kDLVPI = 9
    kDLROCM = 10
    kDLROCMHost = 11
    kDLExtDev = 12
    kDLCUDAManaged = 13
    kDLOneAPI = 14
    kDLWebGPU = 15
    kDLHexagon = 16
    kDLMAIA = 17


def to_dlpack(tensor: Tensor) -> Any:
    """The tensor's memory as a DLPack capsule, for `from_dlpack` of any library, once; gradients are left behind."""
    return tensor.memory().__dlpack__(max_version=(1, 0))
