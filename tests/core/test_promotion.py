"""Every operator of Python on every pair of dtypes, as tensors, 0-dim tensors and numbers: result, dtype or error."""

from __future__ import annotations

import itertools
import operator
import warnings

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff._core import dtypes
from autodiff._core.registry import ops

DTYPES = [d.name for d in dtypes.DTYPES]
OPERATORS = [
    "add", "sub", "mul", "truediv", "floordiv", "pow", "matmul", "eq", "ne", "lt", "le", "gt", "ge", "and_", "or_",
    "xor",
    "iadd", "isub", "imul", "itruediv", "ifloordiv", "ipow", "iand", "ior", "ixor",
]  # fmt: skip
TENSORS = [(dtype, values) for dtype in DTYPES for values in ([1, 1], 1)]
NUMBERS = [(None, value) for value in (True, 2, 1.5, 1.5 + 1j)]
PAIRS = [p for p in itertools.product(TENSORS + NUMBERS, repeat=2) if p[0][0] or p[1][0]]


def operand(lib, dtype, value):
    return value if dtype is None else lib.tensor(value).to(getattr(lib, dtype))


def outcome(lib, function, pair):
    try:
        result = function(*[operand(lib, *each) for each in pair])
    except Exception as error:
        return type(error)
    if not isinstance(result, lib.Tensor):
        return result
    digits = np.array(result.tolist(), complex).round(5) + 0
    return repr(result.dtype), tuple(result.shape), str(digits.tolist())


def has_no_dtype_here(pair):
    """torch's complex32: half precision with a complex number, or a sized one with a complex tensor of no dimension."""
    given = {(dtype or type(value).__name__, isinstance(value, list)) for dtype, value in pair}
    weak = {("complex64", False), ("complex128", False)}
    halves = {("float16", True), ("float16", False)}
    return bool(given & halves and ("complex", False) in given) or bool(("float16", True) in given and given & weak)


@pytest.mark.parametrize("name", OPERATORS)
def test_every_pair(name):
    function = getattr(operator, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrong = [
            (pair, theirs, ours)
            for pair in PAIRS
            if not has_no_dtype_here(pair)
            and (theirs := outcome(torch, function, pair)) != (ours := outcome(ad, function, pair))
        ]
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"


def test_sizes_that_do_not_go_together_are_no_missing_dtype():
    """A harness takes "not implemented" for something that an engine lacks, and not for a mistake."""
    with pytest.raises(RuntimeError, match=r"\[2, 3\], \[2, 3\] do not go together"):
        ops.mm(ad.ones(2, 3), ad.ones(2, 3))
