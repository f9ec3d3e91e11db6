"""What a program exercises: of each step the pairs of operator, broadcast case, strides, values, dtype and root.

Reads them off the reference's run; knows no operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, get_args

import numpy as np

from parity.engines.protocol import Array, Run, Value
from parity.program import Program, Ref, Step

Factor = Literal["op", "broadcast", "strides", "values", "dtype", "root"]
FACTORS: tuple[Factor, ...] = get_args(Factor)
#: A factor with its level, as `op:add`, `dtype:float32`; and two of them that met in one step, in FACTORS' order.
Level = str
Pair = tuple[Level, Level]

#: From plain to unusual: of several tensors the most unusual counts.
BROADCASTS = ("one", "number", "same", "scalar", "rank", "axis", "both", "none")
STRIDES = ("contiguous", "transposed", "stepped", "expanded")
VALUES = ("plain", "whole", "logical", "zero", "tiny", "huge", "inf", "nan", "empty")
#: What a backward pass starts from; followed by `twice` where the program asks for second derivatives.
ROOTS = ("none", "scalar", "tensor", "view", "part", "several")
HISTORY = "root:history"
#: Beyond this, and below its inverse, numbers are called huge and tiny.
_HUGE = 1e4


def pairs(program: Program, run: Run) -> set[Pair]:
    """Every pair of levels that meets in a step of the program, by what the reference had there.

    Of a history, which is not looked at from inside, it is the operators and acts that stand in it.
    """
    if program.history:
        return {(f"op:{step.op}", HISTORY) for step in program.steps}
    found: set[Pair] = set()
    root = _root(program, run)
    known: dict[Ref, tuple[str, str]] = {}
    inputs = len(program.inputs)
    for number, step in enumerate(program.steps):
        if inputs + number >= len(run.values):
            break  # the step raised
        refs = list(dict.fromkeys(step.refs()))
        arrays = [_part(run.values, ref) for ref in refs]
        looks = []
        for ref, array in zip(refs, arrays):
            if ref not in known:
                laid = program.inputs[ref.index].layout if ref.index < inputs else _strides(array)
                known[ref] = laid, _values(array)
            looks.append(known[ref])
        dtypes = {array.dtype.name for array in arrays}
        reached = np.any(run.requires_grad[inputs + number]) if inputs + number < len(run.requires_grad) else False
        levels = (
            f"op:{step.op}",
            f"broadcast:{_broadcast(step, arrays)}",
            f"strides:{max([laid for laid, _ in looks], key=STRIDES.index, default=STRIDES[0])}",
            f"values:{max([values for _, values in looks], key=VALUES.index, default=VALUES[0])}",
            f"dtype:{dtypes.pop() if len(dtypes) == 1 else 'mixed' if dtypes else 'none'}",
            f"root:{root if reached else 'none'}",
        )
        found.update(combinations(levels, 2))
    return found


def _part(values: Sequence[Value], ref: Ref) -> Array:
    value = values[ref.index]
    found = value[ref.item or 0] if isinstance(value, tuple) else value
    assert found is not None
    return found


def _root(program: Program, run: Run) -> str:
    if not program.cotangents or run.error is not None:
        return "none"
    ref = program.outputs[0]
    if len(program.outputs) > 1:
        kind = "several"
    elif ref.item is not None:
        kind = "part"
    elif ref.index >= len(program.inputs) and run.aliases and run.aliases[ref.index - len(program.inputs)] is not None:
        kind = "view"
    else:
        kind = "tensor" if _part(run.values, ref).ndim else "scalar"
    return f"{kind} twice" if program.second else kind


def _broadcast(step: Step, arrays: Sequence[Array]) -> str:
    """How the shapes of the step's tensors meet."""
    if len(arrays) < 2:
        if not arrays:
            return "none"
        return "number" if any(isinstance(arg, (int, float, complex)) for arg in step.args) else "one"
    shapes = {array.shape for array in arrays}
    if len(shapes) == 1:
        return "same"
    rank = max(len(shape) for shape in shapes)
    widest = [max((s[i - rank] for s in shapes if len(s) >= rank - i), default=1) for i in range(rank)]
    growing = [shape for shape in shapes if list(shape) != widest]
    if len(growing) == len(shapes):
        return "both"
    if () in shapes:
        return "scalar"
    return "rank" if any(len(shape) < rank for shape in growing) else "axis"


def _strides(array: Array) -> str:
    if array.flags.c_contiguous:
        return "contiguous"
    if any(size > 1 and stride == 0 for size, stride in zip(array.shape, array.strides)):
        return "expanded"
    return "transposed" if array.flags.f_contiguous or _dense(array) else "stepped"


def _dense(array: Array) -> bool:
    """Whether the elements lie side by side, in whatever order of the axes."""
    expected = array.itemsize
    for stride, size in sorted((abs(stride), size) for size, stride in zip(array.shape, array.strides) if size > 1):
        if stride != expected:
            return False
        expected *= size
    return True


def _values(array: Array) -> str:
    """The most unusual that is among the elements."""
    if not array.size:
        return "empty"
    kind = array.dtype.kind
    if kind == "b":
        return "logical"
    sizes = np.abs(array) if kind in "fc" else array
    low, high = sizes.min(), sizes.max()
    if kind in "ui":
        return "zero" if (sizes == 0).any() else "whole"
    if high != high:
        return "nan"
    if high == np.inf:
        return "inf"
    if high > _HUGE:
        return "huge"
    if low == 0:
        return "zero"
    if low < 1 / _HUGE:
        return "tiny"
    return "whole" if kind == "f" and (2 * array == np.rint(2 * array)).all() else "plain"
