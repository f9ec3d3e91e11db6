"""Names of torch's that have no sense on one CPU in eager mode, in groups, each with its reason; knows no engine."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Outside:
    """A group of names: its title, why they are out of scope, and what they look like, as in a shell."""

    title: str
    reason: str
    patterns: tuple[str, ...]
    #: What looks like them and is in scope.
    apart_from: tuple[str, ...] = ()

    def holds(self, name: str) -> bool:
        """Whether a name belongs to the group."""
        return any(fnmatchcase(name, p) for p in self.patterns) and name not in self.apart_from


#: A name belongs to the first group that holds it.
OUTSIDE: tuple[Outside, ...] = (
    Outside(
        "several processes",
        "a job of many processes or machines: one CPU is one process, and has no group to join",
        (
            "torch.distributed",
            "torch.distributed.*",
            "torch.nn.parallel.*",
            "torch.nn.SyncBatchNorm",
            "torch.utils.data.distributed.*",
        ),
        ("torch.distributed.is_available", "torch.distributed.is_initialized"),
    ),
    Outside(
        "programs as graphs",
        "a module traced, rewritten or exported as another program: eager mode runs the program as it is written",
        ("torch.fx", "torch.fx.*", "torch.export", "torch.export.*", "torch.jit.trace*", "torch.jit.load",
         "torch.jit.save", "torch.jit.fork", "torch.jit.wait", "torch.onnx.export", "torch.onnx.*.*", "torch._C.*",
         "torch._dynamo", "torch._dynamo.*", "torch._inductor.*", "torch.library.register_fake"),
    ),
    Outside(
        "a device that is not there",
        "work on a GPU: a CPU's torch raises there too (whether there is one, how many, and seeds are in scope)",
        ("torch.cuda.Stream", "torch.cuda.Event", "torch.cuda.stream", "torch.cuda.device", "torch.cuda.graph*",
         "torch.cuda.CUDAGraph", "torch.cuda.synchronize", "torch.cuda.set_device", "torch.cuda.current_device",
         "torch.cuda.current_stream", "torch.cuda.default_stream", "torch.cuda.get_device_*", "torch.cuda.mem_get_info",
         "torch.cuda.reset_*", "torch.cuda.nvtx*", "torch.cuda.nccl*", "torch.cuda.comm*", "torch.cuda.ipc_collect",
         "torch.cuda.get_rng_state", "torch.mps.synchronize", "torch.mps.empty_cache", "torch.mps.current_*",
         "torch.xpu.synchronize", "torch.xpu.set_device", "torch.xpu.current_device", "torch.xpu.get_device_*",
         "torch.accelerator.current_device*", "torch.accelerator.set_device*", "torch.accelerator.synchronize",
         "Tensor.cuda", "Tensor.xpu", "torch.nn.Module.cuda", "torch.nn.Module.xpu", "Tensor.pin_memory"),
    ),
    Outside(
        "kernels for GPUs",
        "compiled or written for one GPU's matrix units: on a CPU torch has no such kernel, or a slow stand-in",
        ("torch.nn.attention.flex_attention", "torch.nn.attention.flex_attention.*", "torch.nn.functional.grouped_mm",
         "torch.nn.functional.scaled_*mm", "torch.nn.functional.ScalingType", "torch.nn.functional.SwizzleType",
         "torch.backends.cuda.SDPAParams", "torch.utils.cpp_extension", "torch.utils.cpp_extension.*"),
    ),
    Outside(
        "quantized numbers",
        "integers with a scale, and tools that replace a module's layers by such ones: another number format",
        ("torch.quantization", "torch.quantization.*", "torch.ao.*", "torch.nn.quantized.*", "torch.nn.intrinsic.*",
         "torch.nn.qat.*", "torch.quint8", "torch.qint8", "torch.qint32", "torch.quantize_*", "Tensor.dequantize"),
    ),
    Outside(
        "downloads",
        "weights and code fetched from the network and run: nothing here is fetched",
        ("torch.hub", "torch.hub.*"),
    ),
    Outside(
        "not torch's",
        "a list's or a string's method whose receiver the survey could not tell; torch's own attribute of this name "
        "belongs to first-class dimensions, an experiment",
        ("Tensor.index",),
    ),
)  # fmt: skip


def outside(name: str) -> Outside | None:
    """The group that a name belongs to; None if it is in scope."""
    return next((group for group in OUTSIDE if group.holds(name)), None)
