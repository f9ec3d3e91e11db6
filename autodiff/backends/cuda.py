"""torch.backends.cuda: there is no such device; its switches are kept."""

from __future__ import annotations


class _Products:
    """How matrix products would be computed there."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True
    fp32_precision = "none"


class _Attention:
    """Which kernels of attention would be chosen from there."""

    flash = mem_efficient = math = cudnn = True


matmul = _Products()
_attention = _Attention()


def is_built() -> bool:
    """Whether this was built for such a device: never."""
    return False


def _pair(kernel: str, read: str, written: str) -> None:
    def enabled() -> bool:
        return bool(getattr(_attention, kernel))

    def enable(enabled: bool) -> None:
        setattr(_attention, kernel, bool(enabled))

    enabled.__name__, enabled.__doc__ = read, f"Whether the kernel {kernel} may be chosen for attention there."
    enable.__name__, enable.__doc__ = written, f"Say whether the kernel {kernel} may be chosen for attention there."
    globals().update({read: enabled, written: enable})


_pair("flash", "flash_sdp_enabled", "enable_flash_sdp")
_pair("mem_efficient", "mem_efficient_sdp_enabled", "enable_mem_efficient_sdp")
_pair("math", "math_sdp_enabled", "enable_math_sdp")
_pair("cudnn", "cudnn_sdp_enabled", "enable_cudnn_sdp")
