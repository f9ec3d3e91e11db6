"""torch's names in a checkpoint: of dtypes' memories, and of the functions that put a tensor together."""

from __future__ import annotations

from autodiff._core.dtypes import DTYPES, bfloat16, dtype

_MEMORIES = {
    "float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage", "int64": "LongStorage",
    "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage", "uint8": "ByteStorage",
    "bfloat16": "BFloat16Storage", "bool": "BoolStorage", "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}  # fmt: skip
#: torch's class for the memory of each dtype, and back.
MEMORY: dict[dtype, str] = {d: _MEMORIES[d.name] for d in (*DTYPES, bfloat16)}
OF_MEMORY: dict[str, dtype] = {name: d for d, name in MEMORY.items()}
OF_NAME: dict[str, dtype] = {d.name: d for d in MEMORY}
#: Dtypes, and memories, that torch has besides.
ABSENT = frozenset(
    [
        "uint16", "uint32", "uint64", "complex32", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
        "float8_e5m2fnuz", "quint8", "qint8", "qint32", "ComplexHalfStorage", "QUInt8Storage",
        "QInt8Storage", "QInt32Storage", "UntypedStorage",
    ]
)  # fmt: skip
TENSOR = "torch._utils _rebuild_tensor_v2"
PARAMETER = "torch._utils _rebuild_parameter"
ATTRIBUTES = "torch._tensor _rebuild_from_type_v2"
