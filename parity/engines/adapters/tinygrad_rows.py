"""torch's operators in tinygrad's words; knows no values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_UNARY = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh erf exp exp2 floor isfinite isinf isnan log log10 log2 "
    "logical_not neg reciprocal relu round rsqrt sigmoid sign sin sinh sqrt square tan tanh trunc "
    "nn.functional.hardsigmoid nn.functional.hardswish nn.functional.logsigmoid nn.functional.mish nn.functional.relu "
    "nn.functional.relu6 nn.functional.selu selu nn.functional.sigmoid nn.functional.silu nn.functional.softsign "
    "nn.functional.tanh"
)
_BINARY = (
    "maximum minimum fmod remainder=mod copysign logaddexp matmul mm=matmul bmm=matmul mv=matmul dot=matmul isclose "
    "eq ne lt=__lt__ le=__le__ gt=__gt__ ge=__ge__"
)
_REDUCTIONS = "sum mean prod amax=max amin=min all any argmax argmin"
_SCANS = "cumsum cumprod logcumsumexp cummax cummin"


def _named(names: str) -> Iterator[tuple[str, str]]:
    for name in names.split():
        op, _, other = name.partition("=")
        yield op, other or op.rpartition(".")[2]


ROWS: Mapping[str, str] = {
    **{op: f"input: Tensor.{name}(input)" for op, name in _named(_UNARY)},
    **{op: f"input, other: Tensor.{name}(input, other)" for op, name in _named(_BINARY)},
    **{
        op: f"input, dim=None, *, keepdim=False: Tensor.{name}(input, dim, keepdim)" for op, name in _named(_REDUCTIONS)
    },
    **{op: f"input, dim: Tensor.{name}(input, dim)" for op, name in _named(_SCANS)},
    "add": "input, other: input + other",
    "sub": "input, other: input - other",
    "mul": "input, other: input * other",
    "div": "input, other: input / other",
    "pow": "input, exponent: input ** exponent",
    "lerp": "input, end, weight: Tensor.lerp(input, end, weight)",
    "where": "condition, input, other: Tensor.where(condition, input, other)",
    "clamp": "input, *, min=None, max=None: Tensor.clamp(input, min, max)",
    "masked_fill": "input, mask, value: Tensor.masked_fill(input, mask, value)",
    "nn.functional.celu": "input, alpha=1.0: Tensor.celu(input, alpha)",
    "nn.functional.elu": "input, alpha=1.0: Tensor.elu(input, alpha)",
    "nn.functional.gelu": "input, approximate: Tensor.gelu(input) if approximate == 'tanh' else NotImplemented",
    "nn.functional.leaky_relu": "input, negative_slope=0.01: Tensor.leaky_relu(input, negative_slope)",
    "nn.functional.hardtanh": "input, min_val=-1, max_val=1: Tensor.hardtanh(input, min_val, max_val)",
    "nn.functional.softplus": "input, beta=1: Tensor.softplus(input, beta)",
    "nn.functional.softmin": "input, dim: Tensor.softmin(input, dim)",
    **dict.fromkeys(("softmax", "nn.functional.softmax"), "input, dim: Tensor.softmax(input, dim)"),
    **dict.fromkeys(("log_softmax", "nn.functional.log_softmax"), "input, dim: Tensor.log_softmax(input, dim)"),
    "logsumexp": "input, dim, keepdim=False: Tensor.logsumexp(input, dim, keepdim)",
    **{
        op: f"input, dim=None, *, correction=1, keepdim=False: Tensor.{op}(input, dim, keepdim, correction)"
        for op in ("std", "var", "std_mean", "var_mean")
    },
    "reshape": "input, shape: Tensor.reshape(input, shape)",
    "view": "input, shape: Tensor.view(input, shape)",
    "permute": "input, dims: Tensor.permute(input, dims)",
    "transpose": "input, dim0, dim1: Tensor.transpose(input, dim0, dim1)",
    "flatten": "input, start_dim=0: Tensor.flatten(input, start_dim)",
    "unflatten": "input, dim, sizes: Tensor.unflatten(input, dim, sizes)",
    "squeeze": "input, dim=None: Tensor.squeeze(input, dim)",
    "unsqueeze": "input, dim: Tensor.unsqueeze(input, dim)",
    "expand": "input, size: Tensor.expand(input, size)",
    "broadcast_to": "input, size: Tensor.expand(input, size)",
    "flip": "input, dims: Tensor.flip(input, dims)",
    "roll": "input, shifts, dims: Tensor.roll(input, shifts, dims)",
    "repeat": "input, repeats: Tensor.repeat(input, repeats)",
    "repeat_interleave": "input, repeats, dim=None: Tensor.repeat_interleave(input, repeats, dim)",
    "tril": "input, diagonal=0: Tensor.tril(input, diagonal)",
    "triu": "input, diagonal=0: Tensor.triu(input, diagonal)",
    "diagonal": "input, offset=0, dim1=0, dim2=1: Tensor.diagonal(input, offset, dim1, dim2)",
    "gather": "input, dim, index: Tensor.gather(input, dim, index)",
    "getitem": "input, index: input[index]",
    "cat": "tensors, dim=0: Tensor.cat(*tensors, dim=dim)",
    "stack": "tensors, dim=0: Tensor.stack(*tensors, dim=dim)",
    "chunk": "input, chunks, dim=0: Tensor.chunk(input, chunks, dim)",
    "split": "input, split_size_or_sections, dim=0: Tensor.split(input, split_size_or_sections, dim)",
    "sort": "input, dim=-1, descending=False: Tensor.sort(input, dim, descending)",
    "topk": "input, k, dim=-1, largest=True: Tensor.topk(input, k, dim, largest)",
    "unfold": "input, dimension, size, step: Tensor.unfold(input, dimension, size, step)",
    "einsum": "equation, *operands: Tensor.einsum(equation, *operands)",
    "scatter": "input, dim, index, src: Tensor.scatter(input, dim, index, src)",
    "nn.functional.normalize": "input, p=2.0, dim=1, eps=1e-12: Tensor.normalize(input, p, dim, eps)",
}
