"""autodiff.testing against torch.testing: the same verdicts in the same words, the same tensors of the same seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autodiff

Case = Callable[[Any, Any, Any, Any], Any]
#: assert_close with arguments that (library, close, a, b) make of [1, 2, 3] and [1, 2.5, 3].
CASES: dict[str, Case] = {
    "close": lambda lib, close, a, b: close(a, a + 1e-7),
    "not close": lambda lib, close, a, b: close(a, b),
    "not equal": lambda lib, close, a, b: close(a, b, rtol=0, atol=0),
    "of two dimensions": lambda lib, close, a, b: close(a.reshape(3, 1), b.reshape(3, 1)),
    "two wrong": lambda lib, close, a, b: close(lib.tensor([1.0, 5.0, 9.0]), lib.tensor([2.0, 7.0, 9.0])),
    "dtypes": lambda lib, close, a, b: close(a, b.double()),
    "dtypes unasked": lambda lib, close, a, b: close(a, b.double(), check_dtype=False),
    "shapes": lambda lib, close, a, b: close(a, b[:2]),
    "strides": lambda lib, close, a, b: close(lib.zeros(2, 2), lib.zeros(2, 2).t(), check_stride=True),
    "strides unasked": lambda lib, close, a, b: close(lib.zeros(2, 2), lib.zeros(2, 2).t()),
    "0-dim": lambda lib, close, a, b: close(a[1], b[1]),
    "numbers": lambda lib, close, a, b: close(1.0, 1.1),
    "equal numbers": lambda lib, close, a, b: close(1.0, 1.1, rtol=0, atol=0),
    "complex numbers": lambda lib, close, a, b: close(1 + 1j, 1 + 2j),
    "numbers of two types": lambda lib, close, a, b: close(1, 1.0),
    "infinities": lambda lib, close, a, b: close(float("inf"), float("inf")),
    "bools": lambda lib, close, a, b: close(True, False),
    "sequences": lambda lib, close, a, b: close([a, a], [a, b]),
    "nested": lambda lib, close, a, b: close([1, [2, 3.0]], [1, [2, 4.0]]),
    "a tuple and a list": lambda lib, close, a, b: close((1,), [1]),
    "lengths": lambda lib, close, a, b: close([a], [a, b]),
    "mappings": lambda lib, close, a, b: close({"x": a}, {"x": b}),
    "keys": lambda lib, close, a, b: close({"x": a}, {"y": a}),
    "a mapping and a list": lambda lib, close, a, b: close({}, []),
    "message": lambda lib, close, a, b: close(a, b, msg="hello"),
    "another message": lambda lib, close, a, b: close(a, b, msg=lambda text: "before\n" + text),
    "one tolerance": lambda lib, close, a, b: close(a, b, rtol=1e-3),
    "the other": lambda lib, close, a, b: close(a, b, atol=1.0),
    "wide": lambda lib, close, a, b: close(a, b, rtol=0.5, atol=0.0),
    "nan": lambda lib, close, a, b: close(a * float("nan"), a * float("nan")),
    "equal nan": lambda lib, close, a, b: close(a * float("nan"), a * float("nan"), equal_nan=True),
    "infinite": lambda lib, close, a, b: close(lib.zeros(2, 2), lib.tensor([[0.0, 1e-3], [float("inf"), 2]])),
    "zero": lambda lib, close, a, b: close(lib.zeros(2), lib.tensor([0.0, 1e-3])),
    "nothing": lambda lib, close, a, b: close(lib.zeros(0), lib.zeros(0)),
    "whole": lambda lib, close, a, b: close(lib.tensor([1, 2]), lib.tensor([1, 3])),
    "whole, with room": lambda lib, close, a, b: close(lib.tensor([1, 2]), lib.tensor([1, 5]), rtol=0.0, atol=1.0),
    "bool tensors": lambda lib, close, a, b: close(lib.tensor([True]), lib.tensor([False])),
    "half": lambda lib, close, a, b: close(a.half(), b.half()),
    "complex": lambda lib, close, a, b: close(a.to(lib.complex64), b.to(lib.complex64)),
    "arrays": lambda lib, close, a, b: close(a.numpy(), b.numpy()),
    "an array and a tensor": lambda lib, close, a, b: close(a, b.numpy()),
    "None": lambda lib, close, a, b: close(None, None),
    "not None": lambda lib, close, a, b: close(None, 1),
    "a tensor and a list": lambda lib, close, a, b: close(a, [1.0, 2.0, 3.0]),
    "a tensor and a number": lambda lib, close, a, b: close(a, 1.0),
    "strings": lambda lib, close, a, b: close("x", "x"),
    "parameters": lambda lib, close, a, b: close(a, lib.nn.Parameter(a)),
    "no subclasses": lambda lib, close, a, b: close(a, lib.nn.Parameter(a), allow_subclasses=False),
    "gradients": lambda lib, close, a, b: close(a.clone().requires_grad_(), b),
    "sparse": lambda lib, close, a, b: close(a.to_sparse(), b.to_sparse()),
    "layouts": lambda lib, close, a, b: close(a.to_sparse(), a),
    "layouts unasked": lambda lib, close, a, b: close(a.to_sparse(), a, check_layout=False),
    "of old": lambda lib, close, a, b: lib.testing.assert_allclose(a, b),
    "of old, close": lambda lib, close, a, b: lib.testing.assert_allclose(a, a.double() + 1e-5),
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_verdict_in_the_same_words(name: str) -> None:
    outcomes = []
    for lib in (torch, autodiff):
        a, b = lib.tensor([1.0, 2.0, 3.0]), lib.tensor([1.0, 2.5, 3.0])
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                outcomes.append(("passes", CASES[name](lib, lib.testing.assert_close, a, b)))
            except Exception as error:
                text = str(error).replace("autodiff._core.tensor", "torch").replace("autodiff.", "torch.")
                outcomes.append((type(error).__name__, text))
        outcomes[-1] = (*outcomes[-1], [w.category.__name__ for w in warned])
    assert outcomes[1] == outcomes[0]


MADE: dict[str, dict[str, Any]] = {
    "plain": {},
    "a range": {"low": 2, "high": 5},
    "an interval": {"low": -1.5, "high": 0.5},
    "every other": {"noncontiguous": True},
    "no zero": {"exclude_zero": True, "low": 0, "high": 2},
    "a gradient": {"requires_grad": True},
    "nothing between": {"low": 3, "high": 3},
    "turned": {"low": 3, "high": 1},
    "out of reach": {"low": 1e300, "high": 1e301},
    "nan": {"low": float("nan")},
    "whole dtype": {"low": -1e40, "high": 1e40},
    "format": {"memory_format": "channels_last"},
    "both": {"memory_format": "channels_last", "noncontiguous": True},
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64", "int64", "int8", "uint8", "bool"])
@pytest.mark.parametrize("name", MADE)
def test_the_same_tensor_of_the_same_seed(name: str, dtype: str) -> None:
    found = []
    for lib in (torch, autodiff):
        given = dict(MADE[name])
        if "memory_format" in given:
            given["memory_format"] = lib.channels_last
        lib.manual_seed(3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                t = lib.testing.make_tensor((2, 3, 4, 5), dtype=getattr(lib, dtype), device="cpu", **given)
            except (ValueError, RuntimeError, OverflowError) as error:
                found.append((type(error).__name__, str(error)))
                continue
        found.append((t.stride(), t.requires_grad, t.detach().numpy()))
    theirs, ours = found
    assert ours[:2] == theirs[:2]
    if len(theirs) == 3:
        np.testing.assert_array_equal(ours[2], theirs[2])
        assert ours[2].dtype == theirs[2].dtype
