"""Names of torch's that have no sense on one CPU in eager mode, in groups, each with its reason; knows no engine."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Outside:
    """A group of names: its title, why they are out of scope, and what they look like, as in a shell.

    A star stands for a part of one name between dots; for names within, too, where it is all of the last.
    """

    title: str
    reason: str
    patterns: tuple[str, ...]
    #: What looks like them and is in scope.
    apart_from: tuple[str, ...] = ()

    def holds(self, name: str) -> bool:
        """Whether a name belongs to the group."""
        fits = any(
            fnmatchcase(name, p) and (p.endswith(".*") or p.count(".") == name.count(".")) for p in self.patterns
        )
        return fits and name not in self.apart_from


#: A name belongs to the first group that holds it.
OUTSIDE: tuple[Outside, ...] = (
    Outside(
        "several processes",
        "a job of many processes or machines: one CPU is one process, and has no group to join",
        ("torch.distributed", "torch.distributed.*", "torch.nn.parallel.*", "torch.nn.SyncBatchNorm",
         "torch.utils.data.distributed.*", "torch.thread_safe_generator", "torch.random.thread_safe_generator"),
        ("torch.distributed.is_available", "torch.distributed.is_initialized",
         "torch.utils.data.distributed.DistributedSampler"),
    ),
    Outside(
        "programs as graphs",
        "a module traced, rewritten or exported as another program: eager mode runs the program as it is written",
        ("torch.fx", "torch.fx.*", "torch.export", "torch.export.*", "torch.jit.trace*", "torch.jit.load",
         "torch.jit.save", "torch.jit.fork", "torch.jit.wait", "torch.onnx.export", "torch.onnx.*.*", "torch._C.*",
         "torch._dynamo", "torch._dynamo.*", "torch._inductor.*", "torch.library.register_fake", "torch.*Type",
         "torch.Script*", "torch.*Module", "torch.ConcreteModuleTypeBuilder", "torch.*Argument*", "torch.AliasDb",
         "torch.Benchmark*", "torch.ThroughputBenchmark", "torch.Block", "torch.BufferDict", "torch.ModuleDict",
         "torch.ParameterDict", "torch.CallStack", "torch.Capsule", "torch.Code", "torch.CompilationUnit",
         "torch.DeepCopyMemoTable", "torch.*erializationStorageContext", "torch.ErrorReport", "torch.ExecutionPlan",
         "torch.FatalError", "torch.FileCheck", "torch.FunctionSchema", "torch.Future", "torch.Gradient",
         "torch.Graph", "torch.GraphExecutorState", "torch.IODescriptor", "torch.JITException", "torch.*Logger",
         "torch.Node", "torch.OperatorInfo", "torch.PyTorchFile*", "torch.Sym*", "torch.Tag", "torch.TracingState",
         "torch.Type", "torch.Use", "torch.Value", "torch.cond", "torch.while_loop", "torch.fork", "torch.wait",
         "torch.import_ir*", "torch.merge_type_from_type_comment", "torch.parse_*", "torch.unify_type_list",
         "torch.sym_constrain_range*", "torch.sym_fresh_size"),
        ("torch.is_tensor",),
    ),
    Outside(
        "torch's dispatcher",
        "which of torch's kernels an operator goes to, and classes that stand in for tensors there: there is one "
        "kernel",
        ("torch.DispatchKey*", "torch.ExcludeDispatchKeyGuard", "torch.DisableTorchFunction*", "torch.classproperty",
         "torch.nn.functional.*has_torch_function*", "torch.nn.functional.handle_torch_function",
         "torch.nn.functional.boolean_dispatch", "torch.nn.functional.assert_int_or_pair", "torch.nn.functional.DType",
         "torch.autograd.enforce_grad_layout_policy", "torch.autograd.NestedIOFunction", "torch.func.debug_unwrap",
         "torch.return_types.pytree_register_structseq", "torch.nn.factory_kwargs", "Tensor.module_load",
         "torch.nn.parameter.UninitializedTensorMixin", "torch.optim.swap_in_optimizer_params_and_state",
         "torch.utils.checkpoint.CheckpointPolicy", "torch.utils.checkpoint.GraphExecGroup",
         "torch.utils.checkpoint.*elective*", "Tensor.const_data_ptr", "Tensor.grad_dtype", "Tensor.slice_inverse",
         "torch.slice_inverse"),
    ),
    Outside(
        "kernels by their own names",
        "what nn.functional's functions call in one library or another, with all that its kernel keeps: the "
        "functions themselves are there",
        ("torch.cudnn_*", "torch.miopen_*", "torch.mkldnn_*", "torch.fbgemm_*", "torch.batch_norm_*",
         "torch.native_*norm", "torch.grid_sampler_?d", "torch.embedding_bag", "torch.hash_tensor",
         "Tensor.hash_tensor", "Tensor.to_mkldnn", "torch.init_num_threads", "torch.from_file",
         "torch.nn.attention.*flash_attention_impl*"),
    ),
    Outside(
        "rows of sparse tensors compressed",
        "other layouts of sparse tensors than coordinates: whoever gives the places of each element has the same "
        "tensor",
        ("torch.sparse_bs?_tensor", "torch.sparse_cs?_tensor", "torch.sparse_compressed_tensor",
         "torch.*_indices_copy", "torch.indices_copy", "torch.values_copy", "torch.resize_as_sparse_",
         "Tensor.c*_indices", "Tensor.row_indices", "Tensor.to_sparse_bs?", "Tensor.to_sparse_cs?",
         "Tensor.resize_as_sparse_", "Tensor.sparse_resize*", "torch.sparse.sampled_addmm", "torch.sparse.spsolve",
         "torch.sparse.*SemiStructured*", "torch.sparse.to_sparse_semi_structured",
         "torch.sparse.check_sparse_tensor_invariants", "torch.sparse.as_sparse_gradcheck"),
    ),
    Outside(
        "tensors of unequal rows",
        "tensors of tensors of several lengths, a prototype of torch's: packed sequences and padding are there",
        ("torch.nested", "torch.nested.*", "torch.jagged", "Tensor.to_padded_tensor", "torch.func.rearrange"),
    ),
    Outside(
        "where numbers lie",
        "modules' weights in an order that suits some kernels (`Module.to(memory_format=)` is there), and memory apart "
        "from its tensor",
        ("torch.legacy_contiguous_format",
         "torch.nn.utils.convert_conv?d_weight_memory_format", "torch.*Storage", "Tensor.storage_type"),
    ),
    Outside(
        "number formats that NumPy has not",
        "floats of one byte and less, whole numbers of some bits, complex numbers of two bytes a part; torch "
        "itself computes little in them",
        ("torch.float8_*", "torch.float4_*", "torch.int1", "torch.int2", "torch.int3", "torch.int4", "torch.int5",
         "torch.int6", "torch.int7", "torch.uint1", "torch.uint2", "torch.uint3", "torch.uint4", "torch.uint5",
         "torch.uint6", "torch.uint7", "torch.uint16", "torch.uint32", "torch.uint64", "torch.bit", "torch.bits*",
         "torch.complex32", "torch.chalf", "Tensor.chalf"),
    ),
    Outside(
        "datapipes",
        "torch's prototype of data sets in pieces, which its own documentation has given up",
        ("torch.utils.data.*DataPipe", "torch.utils.data.DataChunk", "torch.utils.data.argument_validation",
         "torch.utils.data.functional_datapipe", "torch.utils.data.*deterministic*",
         "torch.utils.data.guaranteed_datapipes_determinism", "torch.utils.data.runtime_validation*"),
    ),
    Outside(
        "names of old",
        "what torch keeps for programs of its first years, and names in no documentation",
        ("torch.nn.Container", "torch.nn.CrossMapLRN2d", "Tensor.volatile", "Tensor.reinforce"),
    ),
    Outside(
        "a device that is not there",
        "work on a GPU: a CPU's torch raises there too (whether there is one, how many, and seeds are in scope)",
        ("torch.cuda.Stream", "torch.cuda.Event", "torch.cuda.stream", "torch.cuda.device", "torch.cuda.graph*",
         "torch.cuda.graphs.*", "torch.cuda.CUDAGraph", "torch.cuda.synchronize", "torch.cuda.set_device",
         "torch.cuda.current_device", "torch.cuda.current_stream", "torch.cuda.default_stream",
         "torch.cuda.get_device_*", "torch.cuda.mem_get_info", "torch.cuda.reset_*", "torch.cuda.nvtx*",
         "torch.cuda.nvtx.*", "torch.cuda.nccl*", "torch.cuda.nccl.*", "torch.cuda.comm*", "torch.cuda.comm.*",
         "torch.cuda.ipc_collect", "torch.cuda.get_rng_state", "torch.mps.synchronize", "torch.mps.empty_cache",
         "torch.mps.current_*", "torch.xpu.synchronize", "torch.xpu.set_device", "torch.xpu.current_device",
         "torch.xpu.get_device_*", "torch.accelerator.current_device*", "torch.accelerator.set_device*",
         "torch.accelerator.synchronize", "Tensor.cuda", "Tensor.xpu", "torch.nn.Module.cuda", "torch.nn.Module.xpu",
         "Tensor.pin_memory", "torch.Stream", "torch.Event", "torch.get_device_module", "torch.is_vulkan_available",
         "torch.*autocast_ipu_*", "torch.*autocast_xla_*", "Tensor.ipu", "Tensor.mtia", "Tensor.record_stream",
         "torch.autograd.graph.set_override_stale_capture_stream",
         "torch.autograd.graph.region_activation_memory_budget", "torch.utils.checkpoint.*device_states",
         "torch.utils.checkpoint.DefaultDeviceType"),
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
         "torch.nn.qat.*", "torch.quint8", "torch.qint8", "torch.qint32", "torch.quantize_*", "Tensor.dequantize",
         "torch.dequantize", "torch.empty_quantized", "torch.fake_quantize_*", "torch.fused_moving_avg_obs_fake_quant",
         "torch.choose_qparams_optimized", "torch.int_repr", "torch.q_*", "torch.qscheme", "torch.quantized_*",
         "torch.quint*", "Tensor.int_repr", "Tensor.q_*", "Tensor.qscheme"),
    ),
    Outside(
        "downloads",
        "weights and code fetched from the network and run: nothing here is fetched",
        ("torch.hub", "torch.hub.*"),
    ),
    Outside(
        "not torch's",
        "a list's or a string's method whose receiver the survey could not tell; torch's own attribute of this "
        "name belongs to first-class dimensions, an experiment",
        ("Tensor.index",),
    ),
)  # fmt: skip


def outside(name: str) -> Outside | None:
    """The group that a name belongs to; None if it is in scope."""
    return next((group for group in OUTSIDE if group.holds(name)), None)
