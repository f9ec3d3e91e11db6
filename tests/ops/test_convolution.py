"""Convolutions where no program goes: refusals, complex and half numbers, channels that lie side by side."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.ops.same_as_torch import as_array, refusal

RNG = np.random.default_rng(0)

#: In either library: an input and weights by their shapes, and what else is given.
REFUSED: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "channels": ("conv2d", (1, 2, 4, 4), (3, 3, 2, 2), {}),
    "no image": ("conv2d", (4, 4), (3, 3, 2, 2), {}),
    "no signal": ("conv1d", (2, 4, 4, 4), (3, 2, 2), {}),
    "weights of a signal": ("conv2d", (1, 2, 4, 4), (3, 2, 2), {}),
    "too large a kernel": ("conv2d", (1, 2, 4, 4), (3, 2, 5, 5), {}),
    "too far a reach": ("conv1d", (1, 2, 4), (3, 2, 3), {"dilation": 2}),
    "groups of results": ("conv2d", (1, 2, 4, 4), (3, 1, 2, 2), {"groups": 2}),
    "groups of channels": ("conv2d", (1, 2, 4, 4), (4, 2, 2, 2), {"groups": 2}),
    "no groups": ("conv2d", (1, 2, 4, 4), (3, 2, 2, 2), {"groups": 0}),
    "no stride": ("conv2d", (1, 2, 4, 4), (3, 2, 2, 2), {"stride": 0}),
    "strides": ("conv2d", (1, 2, 4, 4), (3, 2, 2, 2), {"stride": (1, 1, 1)}),
    "no dilation": ("conv2d", (1, 2, 4, 4), (3, 2, 2, 2), {"dilation": 0}),
    "negative padding": ("conv2d", (1, 2, 4, 4), (3, 2, 2, 2), {"padding": -1}),
    "padding by a word": ("conv2d", (1, 2, 4, 4), (3, 2, 2, 2), {"padding": "full"}),
    "same with a stride": ("conv2d", (1, 2, 4, 4), (3, 2, 2, 2), {"padding": "same", "stride": 2}),
    "no height": ("conv2d", (1, 2, 0, 4), (3, 2, 2, 2), {"padding": 1}),
    "no results": ("conv2d", (1, 2, 4, 4), (0, 2, 2, 2), {}),
    "transposed channels": ("conv_transpose2d", (1, 2, 4, 4), (3, 3, 2, 2), {}),
    "too much output padding": ("conv_transpose2d", (1, 2, 4, 4), (2, 3, 2, 2), {"output_padding": 1}),
    "a signal's output padding": ("conv_transpose1d", (1, 2, 4), (2, 3, 2), {"output_padding": 1}),
    "nothing left": ("conv_transpose2d", (1, 2, 1, 1), (2, 3, 2, 2), {"padding": 2}),
    "nothing left of a signal": ("conv_transpose1d", (1, 2, 1), (2, 3, 2), {"padding": 2}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_torchs(name):
    function, shape, weights, given = REFUSED[name]
    said = []
    for lib in (torch, ad):
        conv = functools.partial(getattr(lib.nn.functional, function), **given)
        said.append(refusal(conv, lib.ones(shape), lib.ones(weights)))
    assert said[1] == said[0]


@pytest.mark.parametrize("dtypes", [("float32", "float64", None), ("float32", "float32", "float64"), ("bool",) * 3])
def test_refusals_of_dtypes_are_torchs(dtypes):
    said = []
    for lib in (torch, ad):
        x, w, b = (
            d and lib.ones(shape, dtype=getattr(lib, d)) for shape, d in zip(((1, 2, 3), (3, 2, 2), (3,)), dtypes)
        )
        said.append(refusal(lib.nn.functional.conv1d, x, w, b))
    assert said[1] == said[0]


def gradients(lib: Any, dtype: str, arrays: list[Any], function: str, given: dict[str, Any]) -> list[Any]:
    """The result, its gradients, and what these are led to."""
    leaves = [lib.tensor(a.tolist(), dtype=getattr(lib, dtype), requires_grad=True) for a in arrays]
    y = getattr(lib.nn.functional, function)(*leaves, **given)
    first = lib.autograd.grad(y, leaves, lib.ones_like(y), create_graph=True)
    led = sum((g * g).abs().sum() for g in first)
    return [y, *first, *lib.autograd.grad(led, leaves[:2])]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", ["complex128", "complex64", "float16"])
def test_complex_and_half_numbers(dtype, transposed):
    arrays = [RNG.integers(-2, 3, shape).astype(np.float64) for shape in ((2, 4, 5), (4, 4, 2), (4,))]
    if dtype.startswith("complex"):
        arrays = [a + 1j * RNG.integers(-2, 3, a.shape) for a in arrays]
    function, given = ("conv_transpose1d", {"padding": 1}) if transposed else ("conv1d", {"stride": 2, "padding": 1})
    theirs, ours = (gradients(lib, dtype, arrays, function, given) for lib in (torch, ad))
    for a, b in zip(theirs, ours, strict=True):
        assert as_array(a).dtype == as_array(b).dtype
        np.testing.assert_allclose(as_array(b), as_array(a), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", ["conv2d", "conv_transpose2d"])
@pytest.mark.parametrize("last", [(True, False), (False, True), (False, False)])
def test_channels_side_by_side_stay_so(function, last):
    strides = []
    for lib in (torch, ad):
        x, w = lib.ones(2, 3, 4, 4), lib.ones(3, 3, 2, 2)
        x, w = (t.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) if side else t for t, side in zip((x, w), last))
        strides.append(getattr(lib.nn.functional, function)(x, w).stride())
    assert strides[1] == strides[0]


def test_an_even_kernel_that_keeps_the_size_warns(request):
    request.addfinalizer(lambda: torch.set_warn_always(False))
    torch.set_warn_always(True)  # else once a process, in whichever test comes first
    for lib in (torch, ad):
        with pytest.warns(UserWarning, match="Using padding='same' with even kernel lengths"):
            assert lib.nn.functional.conv1d(lib.ones(1, 2, 4), lib.ones(3, 2, 2), padding="same").shape == (1, 3, 4)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            lib.nn.functional.conv1d(lib.ones(1, 2, 4), lib.ones(3, 2, 3), padding="same")


def test_large_inputs_are_multiplied_in_blocks():
    x, w, b = RNG.normal(size=(3, 8, 80, 80)), RNG.normal(size=(5, 8, 3, 3)), RNG.normal(size=5)
    theirs, ours = (gradients(lib, "float64", [x, w, b], "conv2d", {"padding": 1}) for lib in (torch, ad))
    for a, b in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(as_array(b), as_array(a), rtol=1e-9, atol=1e-7)
