"""What is asked of hardware that is not there, of compilers and of amp: the answers of a CPU's torch."""

from __future__ import annotations

import contextlib
import warnings

import pytest
import torch
import torch.cuda.amp
import torch.multiprocessing
import torch.onnx

import autodiff as ad
from tests.names.alike import assert_same


@pytest.fixture(autouse=True)
def no_default_device():
    """torch keeps a mode for the default device, under which some of its functions lose arguments."""
    yield
    torch.set_default_device(None)


CUDA = """is_available() device_count() is_initialized() manual_seed(0) manual_seed_all(0) seed() seed_all()
empty_cache()
current_device() synchronize() set_device(-1) get_device_name() get_device_name(0) get_device_capability()
get_device_properties(0) is_bf16_supported() is_tf32_supported() memory_allocated() memory_reserved()
max_memory_allocated() max_memory_reserved() memory_stats() mem_get_info() current_stream() default_stream()
Stream() Event() get_rng_state() get_rng_state_all() set_rng_state(x) ipc_collect() init() get_arch_list()
initial_seed() default_generators has_magma set_per_process_memory_fraction(0.5) FloatTensor
amp.GradScaler(enabled=False).is_enabled() amp.GradScaler().is_enabled()"""
ELSEWHERE = """version.cuda version.hip version.xpu version.debug backends.cudnn.enabled backends.cudnn.is_available()
backends.cudnn.version() backends.cudnn.benchmark backends.cudnn.deterministic backends.cudnn.allow_tf32
backends.cuda.matmul.allow_tf32 backends.cuda.is_built() backends.cuda.flash_sdp_enabled()
backends.cuda.math_sdp_enabled() backends.cuda.mem_efficient_sdp_enabled() backends.cuda.cudnn_sdp_enabled()
backends.cuda.enable_flash_sdp(True) backends.cuda.matmul.fp32_precision backends.mps.is_available()
backends.mps.is_built() backends.mkldnn.enabled backends.cudnn.benchmark_limit backends.fp32_precision
mps.is_available() mps.device_count() mps.manual_seed(0) mps.empty_cache() mps.synchronize()
mps.current_allocated_memory() xpu.is_available() xpu.device_count() xpu.empty_cache() xpu.manual_seed(0)
xpu.synchronize() xpu.current_device() xpu.is_bf16_supported() xpu.set_device(0) xpu.get_device_name()
xpu.memory_allocated() accelerator.is_available() accelerator.current_accelerator() accelerator.device_count()
accelerator.synchronize() accelerator.current_device_index() accelerator.set_device_index(0)
accelerator.current_stream() accelerator.empty_cache() cpu.is_available() cpu.device_count()
cpu.current_device() cpu.synchronize() cpu.is_initialized() cpu.set_device('cpu') distributed.is_initialized()
distributed.get_rank() distributed.get_world_size() distributed.get_backend() distributed.barrier()
multiprocessing.get_sharing_strategy() multiprocessing.get_all_sharing_strategies()
multiprocessing.set_sharing_strategy('nothing') multiprocessing.get_context('spawn').get_start_method()
jit.is_scripting() jit.is_tracing() jit.annotate(int,3) jit.Final jit.isinstance(3,int)
jit.isinstance([1],list[int]) jit.isinstance([1.0],list[int]) jit.isinstance({1:'a'},dict[int,str])
jit.isinstance((1,'a'),tuple[int,str]) jit.script(x) jit.isinstance(None,int|None) jit.isinstance('a',(int,str))
isinstance(x,jit.ScriptModule) jit.ignore(3) compiler.is_compiling() compiler.is_dynamo_compiling()
compiler.is_exporting() compiler.reset() compiler.allow_in_graph(3) compile(len,mode='a',options={})
onnx.is_in_onnx_export() get_float32_matmul_precision() set_float32_matmul_precision('exact')
are_deterministic_algorithms_enabled() is_deterministic_algorithms_warn_only_enabled() is_autocast_enabled()
is_autocast_enabled('cpu') is_autocast_cache_enabled() get_autocast_dtype('cpu') get_autocast_dtype('cuda')
is_storage(x) autocast('foo') autocast() autocast(3) autocast('cpu')._enabled
autocast('cuda')._enabled autocast('cpu',dtype=lib.float32)._enabled amp.is_autocast_available('cpu')
amp.is_autocast_available('meta') amp.GradScaler().state_dict() amp.GradScaler('cpu').state_dict()
amp.GradScaler('cpu').get_scale() set_num_threads(0) amp.GradScaler('cpu',growth_factor=1.0)
amp.GradScaler('cpu',backoff_factor=1.0) amp.GradScaler('cpu').update() amp.GradScaler('cpu').scale(3)
amp.GradScaler('cpu').unscale_(None) set_default_device('cpu') get_default_device()
amp.GradScaler('cpu').load_state_dict({}) amp.GradScaler('cuda').scale(x) is_warn_always_enabled() bfloat16
bfloat16.itemsize bfloat16.is_floating_point bfloat16.is_signed bfloat16.is_complex x.dtype==lib.bfloat16"""


@pytest.mark.parametrize("call", [f"cuda.{c}" for c in CUDA.split()] + ELSEWHERE.split())
def test_the_same_answer(call: str) -> None:
    for module in ("jit", "autocast"):
        call = call.replace(f",{module}.", f",lib.{module}.")
    # Who says that what is absent: torch's own words come first.
    assert_same(call if call[:2] in ("x.", "is") and "is_" not in call else f"lib.{call}")


def _switched(lib) -> list[object]:
    """cuDNN's switches set, read, and put back."""
    cudnn = lib.backends.cudnn
    seen = [cudnn.benchmark]
    with cudnn.flags(enabled=False, benchmark=True, allow_tf32=False):
        seen += [cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32, cudnn.benchmark_limit]
    seen += [cudnn.enabled, cudnn.benchmark, cudnn.allow_tf32]
    cudnn.deterministic = True
    seen.append(cudnn.deterministic)
    cudnn.deterministic = False
    return seen


def test_switches() -> None:
    assert _switched(ad) == _switched(torch)


def _regions(lib) -> list[object]:
    """What regions of autocast tell of themselves, nested and as decorators."""
    seen = []

    @lib.autocast("cpu", dtype=lib.float16)
    def inside():
        return lib.is_autocast_enabled("cpu"), str(lib.get_autocast_dtype("cpu"))

    with lib.autocast(device_type="cpu", dtype=lib.bfloat16):
        seen += [lib.is_autocast_enabled("cpu"), str(lib.get_autocast_dtype("cpu")), lib.is_autocast_enabled()]
        with lib.amp.autocast("cpu", enabled=False):
            seen.append(lib.is_autocast_enabled("cpu"))
        seen.append(inside())
    with contextlib.suppress(ZeroDivisionError), lib.autocast("cpu"):
        raise ZeroDivisionError
    return [*seen, lib.is_autocast_enabled("cpu")]


def test_regions_of_autocast() -> None:
    assert _regions(ad) == _regions(torch)


def _scaled(lib, growth_interval: int) -> list[object]:
    """Some steps under a scaler, one with an overflow: parameters, scales and what was returned."""
    w = lib.tensor([1.0, 2.0], requires_grad=True)
    optimizer = lib.optim.SGD([w], lr=0.125)
    scaler = lib.amp.GradScaler("cpu", init_scale=4.0, growth_interval=growth_interval)
    seen = []
    for factor in (1.0, float("inf"), 0.5, 2.0, 1.0):
        optimizer.zero_grad()
        (first, [second]) = scaler.scale(((w * factor).sum(), [w.sum()]))
        (first + second).backward()
        if factor == 2.0:
            scaler.unscale_(optimizer)
            seen.append(w.grad.tolist())
            for again in (scaler.unscale_,):
                with pytest.raises(RuntimeError, match="already been called"):
                    again(optimizer)
        scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="already been called"):
            scaler.step(optimizer)
        scaler.update()
        seen += [w.tolist(), scaler.get_scale(), scaler.state_dict()]
    other = lib.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    other.scale(w)
    other.update(8.0)
    return [*seen, other.state_dict(), scaler.scale(lib.ones(1, dtype=lib.float16)).dtype.itemsize]


@pytest.mark.parametrize("growth_interval", [1, 2])
def test_scaled_steps(growth_interval: int) -> None:
    assert _scaled(ad, growth_interval) == _scaled(torch, growth_interval)


def test_marks_leave_functions_as_they_are() -> None:
    def f(x):
        return x + 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for mark in (
            ad.jit.ignore, ad.jit.ignore(drop=True), ad.jit.unused, ad.jit.export, ad.jit.script_if_tracing,
            ad.compile, ad.compile(mode="default"), ad.compiler.disable, ad.compiler.disable(recursive=False),
            ad.compiler.allow_in_graph, ad.compiler.assume_constant_result,
        ):  # fmt: skip
            assert mark(f) is f
        with ad.compiler.set_stance("force_eager"):
            pass
    with pytest.warns(DeprecationWarning, match="jit.script"):
        assert ad.jit.script(f) is f
    with pytest.raises(TypeError):
        ad.jit.ScriptModule()
